/* pooling.c - maximum, average or expectation over windows; top 1, if there is
 * one: where in its plane each maximum was. */
#include "base/philox.h"
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__PoolingParameter, CREMA__POOLING_PARAMETER__INIT,
                  pooling_param)

#define METHOD(name) CREMA__POOLING_PARAMETER__POOL_METHOD__##name

/* One number for both axes, or one for each. */
struct pair {
    const char *name;
    bool has, has_h, has_w;
    const uint32_t *both, *h, *w;
};

static enum crema_status read_pair(const struct crema_layer *l,
                                   const struct pair *p, int64_t out[2])
{
    if (p->has && (p->has_h || p->has_w))
        return crema_layer_fail(
            l, p->both, "%s is given, and its _h or _w as well", p->name);
    if (p->has_h != p->has_w)
        return crema_layer_fail(l, p->has_h ? p->h : p->w,
                                "%s needs both _h and _w", p->name);
    out[0] = p->has_h ? *p->h : *p->both;
    out[1] = p->has_w ? *p->w : *p->both;
    return CREMA_OK;
}

static enum crema_status read_kernel(const struct crema_layer *l,
                                     struct crema_pool *pool)
{
    const Crema__PoolingParameter *p = param(l);
    const struct pair kernel = { "kernel_size",   p->has_kernel_size,
                                 p->has_kernel_h, p->has_kernel_w,
                                 &p->kernel_size, &p->kernel_h,
                                 &p->kernel_w };

    if (p->global_pooling) {
        if (kernel.has || kernel.has_h || kernel.has_w)
            return crema_layer_fail(l, &p->global_pooling,
                                    "global_pooling has the size of its bottom "
                                    "for a kernel: leave the kernel out");
        return CREMA_OK;
    }
    CREMA_TRY(read_pair(l, &kernel, pool->kernel));
    for (int i = 0; i < 2; i++) {
        const uint32_t *field = !kernel.has_h ? kernel.both
                                : i           ? kernel.w
                                              : kernel.h;

        if (pool->kernel[i] < 1)
            return crema_layer_fail(l, field,
                                    "the kernel must be positive: give "
                                    "kernel_size, or kernel_h and kernel_w");
        if (pool->pad[i] >= pool->kernel[i])
            return crema_layer_fail(l,
                                    p->has_pad ? &p->pad
                                    : i        ? &p->pad_w
                                               : &p->pad_h,
                                    "pad %lld must be smaller than kernel %lld",
                                    (long long)pool->pad[i],
                                    (long long)pool->kernel[i]);
    }
    return CREMA_OK;
}

static enum crema_status check_method(const struct crema_layer *l)
{
    const Crema__PoolingParameter *p = param(l);

    if (p->pool <= METHOD(STOCHASTIC)) return CREMA_OK;
    (void)!crema_layer_fail(l, &p->pool,
                            "pool must be MAX, AVE or STOCHASTIC; methods of "
                            "forks are not supported");
    return l->ctx->status = CREMA_EUNSUPPORTED;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__PoolingParameter *p = param(l);
    struct crema_pool *pool = l->state;
    const struct pair stride = { "stride",        p->has_stride,
                                 p->has_stride_h, p->has_stride_w,
                                 &p->stride,      &p->stride_h,
                                 &p->stride_w };
    const struct pair pad = { "pad",   p->has_pad, p->has_pad_h, p->has_pad_w,
                              &p->pad, &p->pad_h,  &p->pad_w };

    CREMA_TRY(check_method(l));
    pool->method = p->pool == METHOD(MAX) ? CREMA_POOL_MAX : CREMA_POOL_AVE;
    if (l->ntops > 1 && pool->method != CREMA_POOL_MAX)
        return crema_layer_fail(l, &l->param->top[1],
                                "only MAX pooling has a second top, the mask");
    pool->round_up =
        p->round_mode == CREMA__POOLING_PARAMETER__ROUND_MODE__CEIL &&
        p->ceil_mode && !p->torch_pooling;
    CREMA_TRY(read_pair(l, &stride, pool->stride));
    if (pool->stride[0] < 1 || pool->stride[1] < 1)
        return crema_layer_fail(l, p->has_stride_h ? &p->stride_h : &p->stride,
                                "stride must be positive");
    CREMA_TRY(read_pair(l, &pad, pool->pad));
    if (p->global_pooling && (pool->pad[0] || pool->pad[1] ||
                              pool->stride[0] != 1 || pool->stride[1] != 1))
        return crema_layer_fail(l, &p->global_pooling,
                                "global_pooling takes pad 0 and stride 1 only");
    if (p->pool == METHOD(STOCHASTIC) && (pool->pad[0] || pool->pad[1]))
        return crema_layer_fail(l, p->has_pad ? &p->pad : &p->pad_h,
                                "STOCHASTIC pooling takes pad 0 only");
    CREMA_TRY(read_kernel(l, pool));
    return CREMA_OK;
}

/* What drawing an element with a probability in proportion to it comes to: the
 * sum of squares over the sum, both as averages; 0 for a window of zeros. */
static struct crema_tensor *expected(struct crema_program *p,
                                     const struct crema_pool *average,
                                     struct crema_tensor *x)
{
    static const float square[CREMA_FORMULA_NUMBERS] = { 2, 1, 0 };
    static const float inverse[CREMA_FORMULA_NUMBERS] = { -1, 1, 1e-18f };
    struct crema_tensor *of[2] = {
        crema_pooling(p, average, crema_unary(p, CREMA_UNARY_power, square, x),
                      NULL),
        crema_unary(p, CREMA_UNARY_power, inverse,
                    crema_pooling(p, average, x, NULL)),
    };

    return crema_product(p, 2, of, true);
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__PoolingParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_pool pool = *(struct crema_pool *)l->state;

    if (x->ndims != 4)
        return crema_layer_fail(
            l, NULL, "Pooling reads blobs of 4 axes, not %d", x->ndims);
    for (int i = 0; i < 2; i++) {
        int64_t over;

        if (p->global_pooling) pool.kernel[i] = x->dim[2 + i];
        over = pool.kernel[i] - x->dim[2 + i] - 2 * pool.pad[i];
        /* Rounded up, a window that is too large by less than a stride is
         * one that ends with the input. */
        if (over > 0 && (!pool.round_up || over >= pool.stride[i]))
            return crema_layer_fail(
                l, p->has_kernel_h ? &p->kernel_h : &p->kernel_size,
                "kernel %lld is larger than the padded input, %lld + 2*%lld",
                (long long)pool.kernel[i], (long long)x->dim[2 + i],
                (long long)pool.pad[i]);
    }
    if (p->pool == METHOD(STOCHASTIC) && l->train)
        l->top[0] = crema_pooling_draw(
            l->program, &pool, l->lender->seed,
            crema_hash(l->param->name ? l->param->name : ""), l->bottom[0]);
    else if (p->pool == METHOD(STOCHASTIC))
        l->top[0] = expected(l->program, &pool, l->bottom[0]);
    else
        l->top[0] = crema_pooling(l->program, &pool, l->bottom[0],
                                  l->ntops > 1 ? &l->top[1] : NULL);
    return CREMA_OK;
}

static const struct crema_param_doc pooling_param = {
    .message = "pooling_param",
    .fields =
        (const struct crema_field_doc[]){
            { "pool", "MAX, AVE or STOCHASTIC" },
            { "kernel_size", "size of a window; this or kernel_h and kernel_w, "
                             "unless global_pooling" },
            { "kernel_h", "with kernel_w, instead of kernel_size" },
            { "kernel_w", "likewise" },
            { "stride", "step from window to window" },
            { "stride_h", "with stride_w, instead of stride" },
            { "stride_w", "likewise" },
            { "pad", "on both sides of both axes; smaller than the kernel" },
            { "pad_h", "with pad_w, instead of pad" },
            { "pad_w", "likewise" },
            { "global_pooling", "the window is the whole plane; takes no "
                                "kernel, no pad and stride 1" },
            { "round_mode", "CEIL or FLOOR, of the size of y" },
            { "ceil_mode", "of forks: false is round_mode FLOOR" },
            { "torch_pooling", "of NVIDIA's fork: true is round_mode FLOOR" },
            { 0 },
        },
    .ignored = "engine blobs_lr blobs_a_min",
    .refused = "pad_3d kernel_size_3d stride_3d avg_include_pad axis",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "maximum, average or a draw over windows",
    .text =
        "Along an axis of length H, y has ceil((H + 2 pad - kernel) / "
        "stride) + 1 elements; with round_mode FLOOR the quotient is "
        "rounded down. With padding, a last window that would begin behind "
        "the input is dropped.\n\n"
        "MAX never takes the padding; of equals the first counts. AVE "
        "divides by the window's size, padding counted, but not by what "
        "lies beyond it. STOCHASTIC is for elements of at least 0: in TRAIN "
        "one is drawn with a probability in proportion to its value, and "
        "gets the gradient; in TEST y is the sum of squares over the sum. "
        "What is drawn depends on the seed, the layer's name, the pass and "
        "the element.",
    .bottoms = { { "x", "N x C x H x W" } },
    .tops = { { "y", "N x C x P x Q" },
              { "mask", "optional, with MAX only: where in its H x W plane "
                        "each maximum was" } },
    .params = { &pooling_param },
    .quirks = "A window without any element, which stride > kernel makes "
              "possible, gives 0 and no gradient; Caffe writes outside its "
              "memory then.",
    .example = "pooling_param { pool: MAX kernel_size: 3 stride: 2 }",
};

const struct crema_layer_type crema_layer_Pooling = {
    .name = "Pooling",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct crema_pool),
    .setup = setup,
    .record = record,
    .doc = &doc,
};
