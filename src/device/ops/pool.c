/* pool.c - maximum, average, or an element drawn, over windows of a plane.
 *
 *   MAX  Y[p,q] = max of X over the window; of equal ones the first in rows
 *   AVE  Y[p,q] = sum of X over the window / its size, padding counted
 *
 * ws holds, for MAX, the index in the H x W plane of each maximum, -1 for a
 * window without any element; likewise of each element drawn, whose gradient is
 * that of MAX.
 */
#include "device/formula/pool.h"
#include "device/ops/params.h"

#include <stdlib.h>
#include <string.h>

/* Positions along one axis: 0 or less when not even one window fits.  The last
 * one must start inside the input or its leading pad, if there is any pad. */
static int64_t positions(const struct crema_pool *pool, int axis, int64_t size)
{
    int64_t room = size + 2 * pool->pad[axis] - pool->kernel[axis];
    int64_t stride = pool->stride[axis];
    int64_t n = room >= 0 ? room / stride : -((stride - 1 - room) / stride);

    if (pool->round_up && n * stride < room) n++;
    n++;
    if ((pool->pad[0] || pool->pad[1]) &&
        (n - 1) * stride >= size + pool->pad[axis])
        n--;
    return n;
}

/* x's shape pooled; false, and the program failed, where that cannot be. */
static bool find_shape(struct crema_program *p, const struct crema_pool *pool,
                       const struct crema_tensor *x, struct crema_shape *y)
{
    char text[CREMA_SHAPE_TEXT];

    if (x->shape.ndims != 4) {
        crema_op_refuse(p,
                        "pooling cannot read a blob of %s; it wants "
                        "N x C x H x W",
                        crema_shape_text(&x->shape, text));
        return false;
    }
    *y = x->shape;
    for (int i = 0; i < 2; i++) {
        if (pool->kernel[i] > INT32_MAX) { /* a window's size fits an int64 */
            crema_op_refuse(p, "a kernel of %lld is not possible",
                            (long long)pool->kernel[i]);
            return false;
        }
        y->dim[2 + i] = positions(pool, i, x->shape.dim[2 + i]);
        if (y->dim[2 + i] > 0) continue;
        crema_op_refuse(
            p, "kernel %lld is larger than the padded input, %lld + 2*%lld",
            (long long)pool->kernel[i], (long long)x->shape.dim[2 + i],
            (long long)pool->pad[i]);
        return false;
    }
    return true;
}

struct crema_tensor *crema_pooling(struct crema_program *p,
                                   const struct crema_pool *pool,
                                   struct crema_tensor *x,
                                   struct crema_tensor **mask)
{
    struct crema_pool_params params;
    struct crema_shape y[2];
    struct crema_op *op;

    if (!x || !find_shape(p, pool, x, y)) return NULL;
    y[1] = pool->method == CREMA_POOL_MAX ? y[0] : CREMA_SHAPE(0);
    memset(&params, 0, sizeof params);
    params.pool = *pool;
    params.mask = mask != NULL;
    op = crema_op_record(p, &crema_op_pool, &params, 1, &x, 2, y);
    if (!op) return NULL;
    op->out[1]->needs_grad = false;
    if (mask) *mask = op->out[1];
    return op->out[0];
}

struct crema_tensor *crema_pooling_draw(struct crema_program *p,
                                        const struct crema_pool *pool,
                                        uint32_t seed, uint32_t stream,
                                        struct crema_tensor *x)
{
    struct crema_tensor *in[2] = { x, p->step };
    struct crema_pool_params params;
    struct crema_shape y[2];
    struct crema_op *op;

    if (!x || !find_shape(p, pool, x, y)) return NULL;
    y[1] = y[0];
    memset(&params, 0, sizeof params);
    params.pool = *pool;
    params.pool.method = CREMA_POOL_MAX;
    params.seed = seed;
    params.stream = stream;
    op = crema_op_record(p, &crema_op_pool_draw, &params, 2, in, 2, y);
    if (!op) return NULL;
    op->out[1]->needs_grad = false;
    return op->out[0];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[3] = { op->out[0]->grad, op->out[1], NULL };
    struct crema_tensor *out[2] = { in[0] ? crema_grad_part(p, op->in[0])
                                          : NULL,
                                    NULL };

    if (out[0])
        crema_op_record_into(p, &crema_op_pool_bwd, op->params, 3, in, 2, out,
                             op);
}

/* ---- the definition --------------------------------------------------- */

struct patch {
    struct crema_window h, w;
};

static struct patch patch_of(const struct crema_pool *pool,
                             const struct crema_shape *x, int64_t ph,
                             int64_t pw)
{
    return (struct patch){
        crema_pool_window(ph, pool->kernel[0], pool->stride[0], pool->pad[0],
                          x->dim[2]),
        crema_pool_window(pw, pool->kernel[1], pool->stride[1], pool->pad[1],
                          x->dim[3]),
    };
}

/* Index of the maximum in the plane x, -1 in an empty window. */
static int64_t maximum(const float *x, int64_t width, const struct patch *p)
{
    int64_t best = -1;

    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++)
            if (best < 0 || x[h * width + w] > x[best]) best = h * width + w;
    return best;
}

static float average(const float *x, int64_t width, const struct patch *p)
{
    double sum = 0;

    if (p->h.from >= p->h.to || p->w.from >= p->w.to) return 0;
    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++) sum += x[h * width + w];
    return (float)(sum / (double)(p->h.width * p->w.width));
}

/* x: what is pooled */
static void pool_planes(const struct crema_op *op, const float *x)
{
    const struct crema_pool_params *params = op->params;
    const struct crema_shape *xs = &op->in[0]->shape, *ys = &op->out[0]->shape;
    int64_t P = ys->dim[2], Q = ys->dim[3], W = xs->dim[3];
    float *y = crema_out(op, 0), *ws = crema_out(op, 1);

    for (int64_t i = 0; i < crema_shape_count(ys); i++) {
        const float *plane = x + i / (P * Q) * (xs->dim[2] * W);
        struct patch p = patch_of(&params->pool, xs, i / Q % P, i % Q);

        if (params->pool.method == CREMA_POOL_AVE) {
            y[i] = average(plane, W, &p);
        } else {
            int64_t best = maximum(plane, W, &p);

            y[i] = best < 0 ? 0 : plane[best];
            ws[i] = (float)best;
        }
    }
}

/* What the LRN in front of the pooling makes of x. */
static enum crema_status after_lrn(struct crema_ctx *ctx,
                                   const struct crema_op *op)
{
    const struct crema_pool_params *params = op->params;
    struct crema_tensor normed = *op->in[0];
    struct crema_tensor *out[2] = { &normed, NULL };
    const struct crema_op lrn = { .type = &crema_op_lrn,
                                  .params = &params->lrn,
                                  .nin = 1,
                                  .nout = 2,
                                  .in = op->in,
                                  .out = out };
    enum crema_status status;

    normed.data =
        malloc(sizeof(float) * (size_t)crema_shape_count(&normed.shape) + 1);
    if (!normed.data) return crema_no_memory(ctx, "a blob");
    status = lrn.type->ref(ctx, &lrn);
    if (status == CREMA_OK) pool_planes(op, normed.data);
    free(normed.data);
    return status;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_pool_params *params = op->params;

    if (params->lrn.size > 0) return after_lrn(ctx, op);
    pool_planes(op, crema_in(op, 0));
    return CREMA_OK;
}

/* Index of the element drawn in the plane x, -1 in an empty window. */
static int64_t drawn(const float *x, int64_t width, const struct patch *p,
                     float part)
{
    float sum = 0, so_far = 0;

    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++)
            sum += crema_pool_share(x[h * width + w]);
    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++) {
            so_far += crema_pool_share(x[h * width + w]);
            if (so_far >= sum * part) return h * width + w;
        }
    return -1;
}

static enum crema_status ref_draw(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    const struct crema_pool_params *params = op->params;
    const struct crema_shape *xs = &op->in[0]->shape, *ys = &op->out[0]->shape;
    int64_t P = ys->dim[2], Q = ys->dim[3], W = xs->dim[3];
    uint32_t step = *(const uint32_t *)op->in[1]->data;
    const float *x = crema_in(op, 0);
    float *y = crema_out(op, 0), *ws = crema_out(op, 1);

    (void)ctx;
    for (int64_t i = 0; i < crema_shape_count(ys); i++) {
        const float *plane = x + i / (P * Q) * (xs->dim[2] * W);
        struct patch p = patch_of(&params->pool, xs, i / Q % P, i % Q);
        int64_t at =
            drawn(plane, W, &p,
                  crema_pool_draw(params->seed, params->stream, step, i));

        y[i] = at < 0 ? 0 : plane[at];
        ws[i] = (float)at;
    }
    return CREMA_OK;
}

static void spread(float *dx, int64_t width, const struct patch *p, float dy)
{
    float each = dy / (float)(p->h.width * p->w.width);

    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++) dx[h * width + w] += each;
}

/* dx of the pooling becomes that of the LRN, and of the ReLU, in front of it.
 */
static enum crema_status through_lrn(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    const struct crema_pool_params *params = op->params;
    int64_t n = crema_shape_count(&op->out[0]->shape);
    struct crema_tensor dy = *op->out[0];
    struct crema_tensor *in[3] = { op->in[2], &dy, NULL };
    const struct crema_op lrn = { .type = &crema_op_lrn_bwd,
                                  .params = &params->lrn,
                                  .nin = 3,
                                  .nout = 1,
                                  .in = in,
                                  .out = op->out };
    const float *x = crema_in(op, 2);
    float *dx = crema_out(op, 0);
    enum crema_status status;

    dy.data = malloc(sizeof *dx * (size_t)n + 1);
    if (!dy.data) return crema_no_memory(ctx, "a gradient");
    memcpy(dy.data, dx, sizeof *dx * (size_t)n);
    status = lrn.type->ref(ctx, &lrn);
    free(dy.data);
    for (int64_t i = 0; i < n && params->passes; i++)
        if (!(x[i] > 0)) dx[i] = 0;
    return status;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_pool_params *params = op->params;
    const struct crema_shape *xs = &op->out[0]->shape, *ys = &op->in[0]->shape;
    int64_t P = ys->dim[2], Q = ys->dim[3], W = xs->dim[3];
    const float *dy = crema_in(op, 0), *ws = crema_in(op, 1);
    float *dx = crema_out(op, 0), *db = crema_out(op, 1);

    memset(dx, 0, sizeof(float) * (size_t)crema_shape_count(xs));
    for (int64_t i = 0; i < crema_shape_count(ys); i++) {
        float *plane = dx + i / (P * Q) * (xs->dim[2] * W);
        struct patch p = patch_of(&params->pool, xs, i / Q % P, i % Q);

        if (params->pool.method == CREMA_POOL_AVE)
            spread(plane, W, &p, dy[i]);
        else if (ws[i] >= 0)
            plane[(int64_t)ws[i]] += dy[i];
    }
    if (params->lrn.size > 0) CREMA_TRY(through_lrn(ctx, op));
    if (db) crema_sum_channels(xs, dx, db);
    return CREMA_OK;
}

/* x -> y ws; ws has y's shape for MAX and {0} for AVE.  An LRN in front of it
 * may be in it, whose x it then reads (program/chain.c). */
const struct crema_op_type crema_op_pool = {
    .name = "pool",
    .params_size = sizeof(struct crema_pool_params),
    .workspace = 1,
    .gradient = gradient,
    .ref = ref,
};

/* x step -> y ws; ws has y's shape */
const struct crema_op_type crema_op_pool_draw = {
    .name = "pool_draw",
    .params_size = sizeof(struct crema_pool_params),
    .workspace = 1,
    .gradient = gradient,
    .ref = ref_draw,
};

/* dy ws [x] -> dx [db]: x is what an LRN in front of the pooling read, whose
 * gradient dx then is; db are dx's sums over all but its channels, for a bias
 * (program/chain.c) */
const struct crema_op_type crema_op_pool_bwd = {
    .name = "pool_bwd",
    .params_size = sizeof(struct crema_pool_params),
    .ref = ref_bwd,
};
