/* spp.c - spatial pyramid pooling: level i divides the image into 2^i x 2^i
 * windows; the tops of all levels side by side, whatever the image's size. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__SPPParameter, CREMA__SPPPARAMETER__INIT, spp_param)

enum { MOST_LEVELS = 16 };

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__SPPParameter *p = param(l);

    if (p->pyramid_height < 1 || p->pyramid_height > MOST_LEVELS)
        return crema_layer_fail(l, &p->pyramid_height,
                                "pyramid_height must be 1 to %d", MOST_LEVELS);
    if (p->pool > CREMA__SPPPARAMETER__POOL_METHOD__AVE)
        return crema_layer_fail(l, &p->pool, "pool must be MAX or AVE");
    return CREMA_OK;
}

/* Windows that cover `size` with equal margins on both sides. */
static enum crema_status divide(const struct crema_layer *l, int64_t size,
                                int64_t bins, int64_t *kernel, int64_t *pad)
{
    *kernel = (size + bins - 1) / bins;
    *pad = (*kernel * bins - size + 1) / 2;
    if (*pad < *kernel) return CREMA_OK;
    return crema_layer_fail(l, &param(l)->pyramid_height,
                            "a side of %lld cannot be divided into %lld "
                            "windows; lower pyramid_height",
                            (long long)size, (long long)bins);
}

static enum crema_status level(struct crema_layer *l, int i,
                               struct crema_tensor **out)
{
    const struct crema_shape *x = &l->bottom[0]->shape;
    bool max = param(l)->pool == CREMA__SPPPARAMETER__POOL_METHOD__MAX;
    struct crema_pool pool = { .method = max ? CREMA_POOL_MAX : CREMA_POOL_AVE,
                               .round_up = true };
    int64_t bins = (int64_t)1 << i;
    struct crema_tensor *y;
    struct crema_shape flat;

    for (int k = 0; k < 2; k++) {
        CREMA_TRY(
            divide(l, x->dim[2 + k], bins, &pool.kernel[k], &pool.pad[k]));
        pool.stride[k] = pool.kernel[k];
    }
    y = crema_pooling(l->program, &pool, l->bottom[0], NULL);
    if (!y) return CREMA_OK; /* the net asks */
    flat = CREMA_SHAPE(x->dim[0],
                       crema_shape_product(&y->shape, 1, y->shape.ndims));
    *out = crema_view(l->program, &flat, y);
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    struct crema_tensor *levels[MOST_LEVELS] = { NULL };
    const struct crema_shape *x = &l->bottom[0]->shape;
    int n = (int)param(l)->pyramid_height;
    struct crema_shape single;

    if (x->ndims != 4)
        return crema_layer_fail(l, NULL, "reads blobs of 4 axes, not %d",
                                x->ndims);
    for (int i = 0; i < n; i++) CREMA_TRY(level(l, i, &levels[i]));
    /* A single level keeps the image's axes, as in Caffe. */
    single = CREMA_SHAPE(x->dim[0], x->dim[1], 1, 1);
    l->top[0] = n == 1 ? crema_view(l->program, &single, levels[0])
                       : crema_concat(l->program, 1, n, levels);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_SPP = {
    .name = "SPP",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
};
