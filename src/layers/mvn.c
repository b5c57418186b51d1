/* mvn.c - Y = (X - mean) / (deviation + eps), by image and channel or, with
 * across_channels, by image. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__MVNParameter, CREMA__MVNPARAMETER__INIT, mvn_param)

static enum crema_status setup(struct crema_layer *l)
{
    return crema_layer_forks(l, param(l), 3, "");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__MVNParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int axis = p->across_channels ? 1 : 2;
    struct crema_tensor *mean;

    if (x->ndims < axis)
        return crema_layer_fail(l, NULL, "wants a bottom of at least %d axes",
                                axis);
    if (p->normalize_variance) {
        l->top[0] = crema_standardize(l->program, p->eps, axis, l->bottom[0]);
        return CREMA_OK;
    }
    mean = crema_reduce(l->program, CREMA_REDUCE_SUM,
                        -1 / (float)crema_shape_product(x, axis, x->ndims),
                        axis, x->ndims, l->bottom[0]);
    l->top[0] = crema_scale(l->program, 0, l->bottom[0], NULL, mean);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_MVN = {
    .name = "MVN",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
};
