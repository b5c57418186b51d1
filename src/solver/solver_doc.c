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
    { "type", "SGD, Nesterov, AdaGrad, RMSProp, AdaDelta or Adam; AdamW and "
              "SGDW are Adam and SGD with weights shrunk by rate weight_decay "
              "in each iteration, instead of decay in the gradient" },
    { "solver_type", "old way of type" },
    { "base_lr", "the learning rate to begin with" },
    { "lr_policy",
      "how the rate changes; i is the iteration. fixed: base_lr. step: base_lr "
      "gamma^floor(i / stepsize). multistep: base_lr gamma^(stepvalues "
      "passed). exp: base_lr gamma^i. inv: base_lr (1 + gamma i)^-power. poly: "
      "min_lr + (base_lr - min_lr) (1 - i / max_iter)^power. sigmoid: base_lr "
      "/ (1 + e^(-gamma (i - stepsize))). cosine: half a wave from base_lr, at "
      "the end of warm-up, to min_lr at max_iter. sgdr: such waves of period "
      "iterations, again and again. multifixed: stagelr. plateau: base_lr "
      "gamma^k, k grows when nothing improves" },
    { "min_lr", "the rate is never less; where poly, cosine and sgdr lead" },
    { "warmup_iter", "iterations in which the rate grows from "
                     "warmup_start_lr to base_lr, linearly" },
    { "warmup_start_lr", "see warmup_iter" },
    { "rampup_interval", "NVIDIA's way of warming up: from rampup_lr to "
                         "base_lr, with the square of the iteration" },
    { "rampup_lr", "see rampup_interval" },
    { "period",
      "of sgdr: iterations of the first wave; max_iter if not given" },
    { "p_mult", "of sgdr: how much longer each wave is than the one before" },
    { "lr_mult", "of sgdr: a wave begins at so much of the rate at which the "
                 "one before began" },
    { "stagelr", "of multifixed: the rates" },
    { "stageiter", "of multifixed: up to and with which iteration each holds; "
                   "the last one holds on" },
    { "plateau_winsize",
      "of plateau: after so many iterations without a smaller loss, the mean "
      "of the last average_loss, the rate falls; one number for each fall" },
    { "plateau_output", "of plateau: this output of a test is watched instead; "
                        "of losses less is better, of others more" },
    { "gamma", "see lr_policy" },
    { "power", "see lr_policy" },
    { "stepsize", "iterations; see lr_policy" },
    { "stepvalue", "of multistep: after so many iterations, rising" },
    { "max_iter", "iterations to train; an iteration is iter_size batches" },
    { "max_epoch", "passes over the training data, where its size is known; "
                   "with max_iter, too, the smaller counts" },
    { "iter_size", "batches whose gradients are summed and divided by it: a "
                   "larger batch without more memory" },
    { "momentum", "of the last update, kept in the next; AdaDelta's decay, "
                  "Adam's first beta; AdaGrad and RMSProp take none" },
    { "momentum_policy",
      "of SGD and Nesterov; fixed: momentum. poly: from momentum to "
      "max_momentum, with (i / max_iter)^momentum_power. opt: (1 - sqrt(rate) "
      "/ 2)^2" },
    { "max_momentum", "see momentum_policy; for opt, the largest" },
    { "momentum_power", "see momentum_policy" },
    { "weight_decay_policy",
      "fixed: weight_decay. poly: from weight_decay to max_weight_decay, with "
      "(i / max_iter)^weight_decay_power" },
    { "max_weight_decay", "see weight_decay_policy" },
    { "weight_decay_power", "see weight_decay_policy" },
    { "larc",
      "each weight W has a rate of its own, r = (1 - momentum) larc_eta |W| / "
      "|dW|, dW as clipped and before decay; lr_mult only says whether it "
      "learns" },
    { "larc_policy", "scale: r times the rate; clip: the smaller of the two" },
    { "larc_eta", "see larc" },
    { "larc_turbo", "r is lowered where gradients keep their direction" },
    { "local_lr_auto",
      "likewise, r = local_gw_ratio |W| / (|dW| + weight_decay |W|), times the "
      "rate" },
    { "local_gw_ratio", "see local_lr_auto" },
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
    { "test_iter", "batches of a test, one for each test net; left out: all "
                   "test data, once" },
    { "test_initialization", "a test before the first iteration" },
    { "test_compute_loss", "the test's loss, too" },
    { "snapshot", "iterations between two snapshots; 0: only at the end" },
    { "snapshot_keep", "so many of the newest snapshots stay, older ones that "
                       "this run wrote are removed; 0: all stay" },
    { "snapshot_best",
      "an output of a test: when it is better than ever before (of losses "
      "less, of others more) weights go to PREFIX_best.caffemodel" },
    { "early_stop", "training ends after so many tests in a row without a "
                    "better snapshot_best; 0: it does not" },
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
    { "debug_info", "the log shows how large values, gradients and changes of "
                    "weights are, layer by layer; slow" },
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
