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

const struct crema_layer_type crema_layer_ReLU = {
    .name = "ReLU",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
