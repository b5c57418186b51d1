/* exp.c - Y = base^(scale X + shift); base -1 stands for e. */
#include "layers/layer.h"

#include <math.h>

CREMA_LAYER_PARAM(Crema__ExpParameter, CREMA__EXP_PARAMETER__INIT, exp_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ExpParameter *p = param(l);

    if (p->base_ != -1 && !(p->base_ > 0))
        return crema_layer_fail(l, &p->base_,
                                "base must be positive, or -1 for e; got %g",
                                (double)p->base_);
    return CREMA_OK;
}

/* y = factor e^(rate x) */
static enum crema_status record(struct crema_layer *l)
{
    const Crema__ExpParameter *p = param(l);
    float log_base = p->base_ == -1 ? 1 : logf(p->base_);
    const float numbers[CREMA_FORMULA_NUMBERS] = {
        log_base * p->scale,
        p->shift == 0    ? 1
        : p->base_ == -1 ? expf(p->shift)
                         : powf(p->base_, p->shift),
    };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_exp, numbers, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc exp_param = {
    .message = "exp_param",
    .fields =
        (const struct crema_field_doc[]){
            { "base", "positive, or -1 for e" },
            { "scale", "what x is multiplied by" },
            { "shift", "what is added to scale x" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "exponential function",
    .text = "  y = base^(scale x + shift)",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &exp_param },
    .example = "exp_param { base: 2 }",
};

const struct crema_layer_type crema_layer_Exp = {
    .name = "Exp",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
