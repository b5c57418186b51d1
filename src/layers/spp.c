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

static const struct crema_param_doc spp_param = {
    .message = "spp_param",
    .fields =
        (const struct crema_field_doc[]){
            { "pyramid_height", "number of levels, 1 to 16; must be given" },
            { "pool", "MAX or AVE; STOCHASTIC is not supported" },
            { 0 },
        },
    .ignored = "engine",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "spatial pyramid pooling: a fixed size from any image",
    .text = "Level i = 0 .. pyramid_height - 1 divides the image into 2^i x "
            "2^i windows and pools each. All levels side by side are C "
            "(4^pyramid_height - 1) / 3 numbers, whatever H and W are. A "
            "single level keeps four axes, N x C x 1 x 1.",
    .bottoms = { { "x", "N x C x H x W" } },
    .tops = { { "y", "N x C (1 + 4 + 16 ..)" } },
    .params = { &spp_param },
    .quirks = "Some sizes cannot be divided, as in Caffe: a padding as large "
              "as its window is refused.",
    .example = "spp_param { pyramid_height: 3 }",
};

const struct crema_layer_type crema_layer_SPP = {
    .name = "SPP",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
