/* prelu.c - Y = X where it is positive, a X elsewhere; a is learned, for each
 * channel or one for all. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__PReLUParameter, CREMA__PRE_LUPARAMETER__INIT,
                  prelu_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__PReLUParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    Crema__FillerParameter quarter = CREMA__FILLER_PARAMETER__INIT;
    struct crema_shape shape = { 0 };

    if (x->ndims < 2)
        return crema_layer_fail(l, NULL, "wants a bottom of at least 2 axes");
    if (!p->channel_shared) shape = CREMA_SHAPE(x->dim[1]);
    quarter.value = 0.25f;
    l->top[0] = crema_prelu(
        l->program, l->bottom[0],
        crema_layer_weight(l, 0, &shape, p->filler ? p->filler : &quarter));
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_PReLU = {
    .name = "PReLU",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
