/* selu.c - Y = lambda X where X is positive, lambda alpha (e^X - 1) elsewhere.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__SeLuParameter, CREMA__SE_LU_PARAMETER__INIT,
                  selu_param)

static enum crema_status record(struct crema_layer *l)
{
    const float alpha[CREMA_FORMULA_NUMBERS] = { param(l)->alpha };
    struct crema_tensor *y =
        crema_unary(l->program, CREMA_UNARY_elu, alpha, l->bottom[0]);

    l->top[0] = crema_sum(l->program, 1, &y, &param(l)->lambda);
    return CREMA_OK;
}

static const struct crema_param_doc selu_param = {
    .message = "selu_param",
    .fields =
        (const struct crema_field_doc[]){
            { "lambda", "what all is multiplied by" },
            { "alpha", "-lambda alpha is what y goes to for very negative x" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "scaled exponential linear unit",
    .text = "  y = lambda x                 where x > 0\n"
            "  y = lambda alpha (e^x - 1)   elsewhere",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &selu_param },
    .quirks = "Of jolibrain's fork.",
};

const struct crema_layer_type crema_layer_SeLu = {
    .name = "SeLu",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
