/* absval.c - Y = |X|. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    l->top[0] = crema_unary(l->program, CREMA_UNARY_abs, NULL, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "the absolute value",
    .text = "  y = |x|\n\n"
            "At 0 the gradient is 0.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .quirks = "Caffe refuses to compute it in place; here it may be.",
};

const struct crema_layer_type crema_layer_AbsVal = {
    .name = "AbsVal",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
