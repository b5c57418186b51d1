/* elu.c - Y = X where it is positive, alpha (e^X - 1) elsewhere; all of it
 * times lambda, in NVIDIA's fork. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ELUParameter, CREMA__ELUPARAMETER__INIT, elu_param)

static enum crema_status record(struct crema_layer *l)
{
    const float alpha[CREMA_FORMULA_NUMBERS] = { param(l)->alpha };
    struct crema_tensor *y =
        crema_unary(l->program, CREMA_UNARY_elu, alpha, l->bottom[0]);

    if (param(l)->lambda != 1)
        y = crema_sum(l->program, 1, &y, &param(l)->lambda);
    l->top[0] = y;
    return CREMA_OK;
}

static const struct crema_param_doc elu_param = {
    .message = "elu_param",
    .fields =
        (const struct crema_field_doc[]){
            { "alpha", "-alpha is what y goes to for very negative x" },
            { "lambda", "NVIDIA's: what all is multiplied by" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "exponential linear unit",
    .text = "  y = x                 where x > 0\n"
            "  y = alpha (e^x - 1)   elsewhere",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &elu_param },
};

const struct crema_layer_type crema_layer_ELU = {
    .name = "ELU",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
