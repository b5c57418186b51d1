/* relu.c - Y = max(X, 0) + negative_slope min(X, 0). */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ReLUParameter, CREMA__RE_LUPARAMETER__INIT, relu_param)

static enum crema_status record(struct crema_layer *l)
{
    const float slope[CREMA_FORMULA_NUMBERS] = { param(l)->negative_slope };

    l->top[0] = crema_unary(
        l->program, slope[0] < 0 ? CREMA_UNARY_leaky_relu : CREMA_UNARY_relu,
        slope, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc relu_param = {
    .message = "relu_param",
    .fields =
        (const struct crema_field_doc[]){
            { "negative_slope", "what an element below 0 is multiplied by" },
            { 0 },
        },
    .ignored = "engine fuse",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "elements below 0 become 0, or a fraction of themselves",
    .text = "  y = max(x, 0) + negative_slope min(x, 0)\n\n"
            "At 0 the gradient is negative_slope.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &relu_param },
};

const struct crema_layer_type crema_layer_ReLU = {
    .name = "ReLU",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
