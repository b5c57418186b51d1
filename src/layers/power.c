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

static const struct crema_param_doc power_param = {
    .message = "power_param",
    .fields =
        (const struct crema_field_doc[]){
            { "power", "the exponent" },
            { "scale", "what x is multiplied by" },
            { "shift", "what is added to scale x" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "affine function and a power of it",
    .text = "  y = (scale x + shift)^power\n\n"
            "With power: 1 this is a multiplication and an addition of fixed "
            "numbers.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &power_param },
    .quirks = "In place, and at x = 0, Caffe's gradient is not always the "
              "derivative; here it is.",
    .example = "power_param { scale: 0.00390625 }",
};

const struct crema_layer_type crema_layer_Power = {
    .name = "Power",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
