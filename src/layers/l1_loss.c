/* l1_loss.c - loss = sum of |A - B| / N. */
#include "layers/loss.h"

static enum crema_status record(struct crema_layer *l)
{
    static const float coeff[2] = { 1, -1 };
    const struct crema_shape *a = &l->bottom[0]->shape;
    struct crema_tensor *pair[2] = { l->bottom[0] };

    CREMA_TRY(crema_loss_same_size(l, 1));
    pair[1] = crema_view(l->program, a, l->bottom[1]);
    l->top[0] =
        crema_reduce(l->program, CREMA_REDUCE_ABS, 1.0f / (float)a->dim[0], 0,
                     a->ndims, crema_sum(l->program, 2, pair, coeff));
    return CREMA_OK;
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
