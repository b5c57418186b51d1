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

static const struct crema_param_doc swish_param = {
    .message = "swish_param",
    .fields =
        (const struct crema_field_doc[]){
            { "beta",
              "how steep the sigmoid is; with a large beta, y is nearly ReLU" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "x times its sigmoid",
    .text = "  y = x / (1 + e^(-beta x))",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &swish_param },
};

const struct crema_layer_type crema_layer_Swish = {
    .name = "Swish",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
