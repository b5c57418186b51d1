/* log.c - Y = log(scale X + shift) to `base`; base -1 stands for e. */
#include "layers/layer.h"

#include <math.h>

CREMA_LAYER_PARAM(Crema__LogParameter, CREMA__LOG_PARAMETER__INIT, log_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__LogParameter *p = param(l);

    if (p->base_ != -1 && (!(p->base_ > 0) || p->base_ == 1))
        return crema_layer_fail(l, &p->base_,
                                "base must be positive and not 1, or -1 for "
                                "e; got %g",
                                (double)p->base_);
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__LogParameter *p = param(l);
    const float numbers[CREMA_FORMULA_NUMBERS] = {
        p->base_ == -1 ? 1 : 1 / logf(p->base_), p->scale, p->shift
    };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_log, numbers, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc log_param = {
    .message = "log_param",
    .fields =
        (const struct crema_field_doc[]){
            { "base", "positive and not 1, or -1 for e" },
            { "scale", "what x is multiplied by" },
            { "shift", "what is added to scale x" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "logarithm",
    .text = "  y = log(scale x + shift), to the base",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &log_param },
    .example = "log_param { shift: 1 }",
};

const struct crema_layer_type crema_layer_Log = {
    .name = "Log",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
