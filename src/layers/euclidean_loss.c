/* euclidean_loss.c - loss = sum of (A - B)^2 / (2 N). */
#include "layers/loss.h"

static enum crema_status record(struct crema_layer *l)
{
    return crema_loss_difference(l, CREMA_REDUCE_SQUARES, 0.5f);
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "half the mean square of differences",
    .text = "  loss = sum of (a - b)^2 / (2 N)\n\n"
            "N is the first axis; the sum is over all elements.",
    .bottoms = { { "a", "N x any axes" },
                 { "b", "of the same number of elements" } },
    .tops = { { "loss", "a single number" } },
    .quirks = "Both bottoms may get gradients.",
};

const struct crema_layer_type crema_layer_EuclideanLoss = {
    .name = "EuclideanLoss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .loss = true,
    .record = record,
    .doc = &doc,
};
