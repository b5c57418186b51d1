/* sigmoid.c - Y = 1 / (1 + exp(-X)). */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    l->top[0] =
        crema_unary(l->program, CREMA_UNARY_sigmoid, NULL, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc sigmoid_param = {
    .message = "sigmoid_param",
    .ignored = "engine",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "logistic function",
    .text = "  y = 1 / (1 + e^-x)",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &sigmoid_param },
};

const struct crema_layer_type crema_layer_Sigmoid = {
    .name = "Sigmoid",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
