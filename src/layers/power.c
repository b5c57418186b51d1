/* power.c - Y = (scale X + shift)^power. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__PowerParameter, CREMA__POWER_PARAMETER__INIT,
                  power_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__PowerParameter *p = param(l);
    const float numbers[CREMA_FORMULA_NUMBERS] = { p->power, p->scale,
                                                   p->shift };

    l->top[0] =
        crema_unary(l->program, CREMA_UNARY_power, numbers, l->bottom[0]);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Power = {
    .name = "Power",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
