/* solver_doc.c - a solver's fields, for `crema describe solver`. */
#include "solver/solver.h"

static const struct crema_field_doc fields[] = {
    { "net", "prototxt of the net to train and to test" },
    { "net_param", "the same within the solver's file" },
    { "train_net", "prototxt of the training net, instead of net" },
    { "train_net_param", "the same within the solver's file" },
    { "test_net", "prototxt of a test net; several are possible" },
    { "test_net_param", "the same within the solver's file" },
    { "train_state", "level and stages of the training net" },
    { "test_state", "likewise, one for each test net" },
    { "weights", ".caffemodel files to start from, by layers' names; commas "
                 "between files of one entry" },
    { "type", "SGD, Nesterov, AdaGrad, RMSProp, AdaDelta or Adam" },
    { "solver_type", "old way of type" },
    { "base_lr", "the learning rate to begin with" },
    { "lr_policy",
      "how the rate changes; i is the iteration. fixed: base_lr. step: base_lr "
      "gamma^floor(i / stepsize). multistep: base_lr gamma^(stepvalues "
      "passed). exp: base_lr gamma^i. inv: base_lr (1 + gamma i)^-power. poly: "
      "base_lr (1 - i / max_iter)^power. sigmoid: base_lr / (1 + e^(-gamma (i "
      "- stepsize)))" },
    { "gamma", "see lr_policy" },
    { "power", "see lr_policy" },
    { "stepsize", "iterations; see lr_policy" },
    { "stepvalue", "of multistep: after so many iterations, rising" },
    { "max_iter", "iterations to train; an iteration is iter_size batches" },
    { "iter_size", "batches whose gradients are summed and divided by it: a "
                   "larger batch without more memory" },
    { "momentum", "of the last update, kept in the next; AdaDelta's decay, "
                  "Adam's first beta; AdaGrad and RMSProp take none" },
    { "momentum2", "of Adam: the second beta, of squares" },
    { "rms_decay", "of RMSProp: of squares" },
    { "delta", "of AdaGrad, RMSProp, AdaDelta and Adam: added to the root, or "
               "to what it is taken of" },
    { "weight_decay",
      "times a weight, or its sign with L1, is added to its gradient" },
    { "regularization_type", "L2 or L1" },
    { "clip_gradients",
      "largest L2 norm of all gradients together, summed over iter_size; "
      "larger ones are scaled down; -1: any" },
    { "display", "iterations between two lines of the log; 0: none" },
    { "average_loss", "the loss in the log is the mean of so many" },
    { "test_interval", "iterations between two tests; 0: none" },
    { "test_iter", "batches of a test, one for each test net" },
    { "test_initialization", "a test before the first iteration" },
    { "test_compute_loss", "the test's loss, too" },
    { "snapshot", "iterations between two snapshots; 0: only at the end" },
    { "snapshot_prefix",
      "of the files' names; PREFIX_iter_N.caffemodel and .solverstate" },
    { "snapshot_after_train", "one at the end" },
    { "snapshot_format", "BINARYPROTO" },
    { "random_seed", "of fillers, dropout and crops: the same seed, the same "
                     "run; below 0: drawn, and written to the log" },
    { "solver_mode",
      "CPU computes on the processor where --device does not say otherwise" },
    { "snapshot_diff",
      "gradients in snapshots: without effect, and warned of" },
    { "debug_info", "likewise" },
    { "device_id", "without effect: say --device cuda:N" },
    { "layer_wise_reduce", "without effect" },
    { 0 },
};

static const struct crema_page_part parts[] = {
    { &crema__solver_parameter__descriptor, "solver.prototxt", NULL, fields,
      "Of forks; crema check says which of those in a file have no effect" },
    { 0 },
};

const struct crema_page_doc crema_solver_page = {
    .name = "solver",
    .line = "how a net is trained",
    .text = "A training run, as crema train --solver FILE reads it. In an "
            "iteration gradients are summed over iter_size batches, clipped, "
            "divided, weight decay is added, and the update rule changes the "
            "weights.",
    .parts = parts,
};
