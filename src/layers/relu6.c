/* relu6.c - Y = min(max(X, 0), 6), of the MobileNet forks. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    const float limits[CREMA_FORMULA_NUMBERS] = { 0, 6 };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_clip, limits, l->bottom[0]);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_ReLU6 = {
    .name = "ReLU6",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
