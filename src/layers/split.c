/* split.c - the same blob under several names. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    for (int i = 0; i < l->ntops; i++)
        l->top[i] = crema_alias(l->program, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc split_param = {
    .message = "split_param",
    .ignored = "engine",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "the same blob under several names",
    .text = "Each top is x; gradients of all are added. Nothing is copied. "
            "Nets need not say it: a blob may be read by any number of layers.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; more may follow" } },
    .params = { &split_param },
};

const struct crema_layer_type crema_layer_Split = {
    .name = "Split",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = -1,
    .record = record,
    .doc = &doc,
};
