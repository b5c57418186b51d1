/* test_gradients_losses.c - losses beside SoftmaxWithLoss. */
#include "support/layer_cases.h"

#define LOSS(type, bottoms, rest)                                              \
    "layer { name: 'l' type: '" type "' " bottoms " top: 'loss' " rest " }"
#define LABELLED "bottom: 'x' bottom: 'label'"
#define PAIR     "bottom: 'x' bottom: 'z'"

static const struct layer_case cases[] = {
    { "l1", "x:3,4 z:3,2,2", TWO("L1Loss", "") },
    { "euclidean", "x:3,4 z:3,2,2", LOSS("EuclideanLoss", PAIR, "") },
    { "euclidean, weight", "x:3,4 z:3,4",
      LOSS("EuclideanLoss", PAIR, "loss_weight: 0.3") },
    { "hinge", "x:4,5 label:4", LOSS("HingeLoss", LABELLED, "") },
    { "hinge, l2", "x:4,5 label:4",
      LOSS("HingeLoss", LABELLED, "hinge_loss_param { norm: L2 }") },
    { "multinomial", "positive:4,5 label:4",
      LOSS("MultinomialLogisticLoss", "bottom: 'positive' bottom: 'label'",
           "loss_weight: 2") },
    { "sigmoid cross entropy", "x:3,4 label:3,4",
      LOSS("SigmoidCrossEntropyLoss", LABELLED, "") },
    { "sigmoid cross entropy, valid", "x:3,4 label:3,4",
      LOSS("SigmoidCrossEntropyLoss", LABELLED,
           "loss_param { ignore_label: 1 normalization: VALID }") },
    { "sigmoid cross entropy, full", "x:3,2,2 label:3,4",
      LOSS("SigmoidCrossEntropyLoss", LABELLED,
           "loss_param { ignore_label: 0 normalization: FULL }") },
    { "sigmoid cross entropy, positive weight", "x:3,4 label:3,4",
      LOSS("SigmoidCrossEntropyLoss", LABELLED,
           "loss_param { pos_weight: 3 }") },
    { "sigmoid cross entropy, positive weights", "x:3,4 label:3,4",
      LOSS(
          "SigmoidCrossEntropyLoss", LABELLED,
          "loss_param { pos_weight: 3 pos_weight: 0.5 pos_weight: 1 "
          "pos_weight: 0 normalization: PRE_FIXED pre_fixed_normalizer: 5 }") },
    { "softmax, smoothed", "x:4,5,2 label:4,2",
      LOSS("SoftmaxWithLoss", LABELLED,
           "loss_param { label_smoothing: 0.2 ignore_label: 1 }") },
    { "softmax, weighted", "x:4,3 label:4",
      LOSS("SoftmaxWithLoss", LABELLED,
           "loss_param { class_weighting: 0.5 class_weighting: 2 "
           "class_weighting: 1.5 label_smoothing: 0.1 }") },
    { "softmax, weights without effect", "x:4,3 label:4",
      LOSS("SoftmaxWithLoss", LABELLED,
           "loss_param { class_weighting: 0.5 weight_by_label_freqs: false "
           "normalization: PRE_FIXED pre_fixed_normalizer: 7 }") },
    { "infogain", "x:4,3 label:4 labelh:3,3",
      LOSS("InfogainLoss", LABELLED " bottom: 'labelh'", "") },
    { "infogain, axis, full", "x:2,2,3 label:2,2 labelh:3,3",
      LOSS("InfogainLoss", LABELLED " bottom: 'labelh'",
           "infogain_loss_param { axis: -1 } "
           "loss_param { ignore_label: 1 normalization: FULL }") },
    { "smooth l1", "x:3,4 z:3,4", LOSS("SmoothL1Loss", PAIR, "") },
    { "smooth l1, weights and sigma", "x:3,4 z:3,4 labelu:3,4 labelv:3,4",
      LOSS("SmoothL1Loss", PAIR " bottom: 'labelu' bottom: 'labelv'",
           "smooth_l1_loss_param { sigma: 1.5 }") },
    { "contrastive", "x:6,3 z:6,3 labels:6",
      LOSS("ContrastiveLoss", PAIR " bottom: 'labels'",
           "contrastive_loss_param { margin: 1.7 }") },
    { "contrastive, legacy", "x:6,3 z:6,3 labels:6",
      LOSS("ContrastiveLoss", PAIR " bottom: 'labels'",
           "contrastive_loss_param { margin: 2 legacy_version: true }") },
};

int main(void)
{
    return run_layer_cases("gradients of losses", cases,
                           sizeof cases / sizeof *cases);
}
