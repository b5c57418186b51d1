/* bnll.c - Y = log(1 + e^X), the binomial normal log likelihood. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    l->top[0] = crema_unary(l->program, CREMA_UNARY_bnll, NULL, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "softplus: log(1 + e^x)",
    .text = "  y = log(1 + e^x)\n\n"
            "The binomial normal log likelihood, a smooth form of ReLU. It "
            "does not overflow for large x.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .quirks = "In place Caffe takes the gradient from values that are "
              "overwritten by then; here it is the derivative.",
};

const struct crema_layer_type crema_layer_BNLL = {
    .name = "BNLL",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
