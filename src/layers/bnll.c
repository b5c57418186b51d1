/* bnll.c - Y = log(1 + e^X), the binomial normal log likelihood. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    l->top[0] = crema_unary(l->program, CREMA_UNARY_bnll, NULL, l->bottom[0]);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_BNLL = {
    .name = "BNLL",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
