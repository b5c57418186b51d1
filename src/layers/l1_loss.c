/* l1_loss.c - loss = sum of |A - B| / N. */
#include "layers/loss.h"

static enum crema_status record(struct crema_layer *l)
{
    return crema_loss_difference(l, CREMA_REDUCE_ABS, 1.0f);
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "mean of absolute differences",
    .text = "  loss = sum of |a - b| / N\n\n"
            "N is the first axis; the sum is over all elements.",
    .bottoms = { { "a", "N x any axes" },
                 { "b", "of the same number of elements" } },
    .tops = { { "loss", "a single number" } },
    .quirks = "Of NVIDIA's fork. Both bottoms may get gradients.",
};

const struct crema_layer_type crema_layer_L1Loss = {
    .name = "L1Loss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .loss = true,
    .record = record,
    .doc = &doc,
};
