/* swish.c - Y = X sigmoid(beta X). */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__SwishParameter, CREMA__SWISH_PARAMETER__INIT,
                  swish_param)

static enum crema_status record(struct crema_layer *l)
{
    const float beta[CREMA_FORMULA_NUMBERS] = { param(l)->beta };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_swish, beta, l->bottom[0]);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Swish = {
    .name = "Swish",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
