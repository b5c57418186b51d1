/* batch_norm.c - each channel to mean 0 and variance 1.
 *
 * The blobs are running sums: mean [C], variance [C] and the factor [1] that
 * both are to be divided by.  With use_global_stats (by default in TEST) they
 * are used as they are; else the batch's own statistics are, and are added.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__BatchNormParameter, CREMA__BATCH_NORM_PARAMETER__INIT,
                  batch_norm_param)

static enum crema_status setup(struct crema_layer *l)
{
    return crema_layer_forks(l, param(l), 3, "engine");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__BatchNormParameter *p = param(l);
    bool global = p->has_use_global_stats ? p->use_global_stats : !l->train;
    const struct crema_shape *shape = &l->bottom[0]->shape;
    /* A blob of one axis is one channel. */
    struct crema_shape flat = CREMA_SHAPE(crema_shape_count(shape), 1);
    const struct crema_shape *in = shape->ndims < 2 ? &flat : shape;
    struct crema_shape per_channel = CREMA_SHAPE(in->dim[1]);
    struct crema_tensor *x = crema_view(l->program, in, l->bottom[0]);
    struct crema_tensor *sum[3], *mean, *var, *y;

    for (int i = 0; i < 3; i++)
        sum[i] =
            crema_layer_statistic(l, i, i < 2 ? &per_channel : &CREMA_SHAPE(1));
    if (global) {
        y = crema_batch_norm_global(l->program, p->eps, x, sum[0], sum[1],
                                    sum[2]);
    } else {
        int64_t m = in->dim[1] ? crema_shape_count(in) / in->dim[1] : 0;

        y = crema_batch_norm(l->program, p->eps, x, &mean, &var);
        crema_batch_norm_update(l->program, p->moving_average_fraction, m, mean,
                                var, sum[0], sum[1], sum[2]);
    }
    l->top[0] = crema_view(l->program, shape, y);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_BatchNorm = {
    .name = "BatchNorm",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
};
