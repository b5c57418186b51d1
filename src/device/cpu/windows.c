/* windows.c - pooling by loops of our own, for what oneDNN does otherwise or
 * not at all.
 *
 * X lies in a layout that our loops know; a step of the work is one block of
 * channels of one image.  The workspace holds, as floats and like Y, the place
 * of each maximum, or element drawn, in the plane; -1 where a window has no
 * element.
 */
#include "device/cpu/own.h"
#include "device/formula/pool.h"
#include "device/ops/params.h"

#include <string.h>

enum { W = 16 };

struct windows {
    const struct crema_pool_params *params;
    const struct crema_pool *pool; /* of params */
    struct crema_cpu_view x, y;
    int64_t h, w, p, q;     /* of X's plane and of Y's */
    const float *in, *mask; /* forward X; backward dY and ws */
    float *out, *ws;        /* forward Y and ws; backward dX */
    uint32_t step;          /* of the draws */
};

struct patch {
    struct crema_window h, w;
};

static struct patch patch_of(const struct windows *j, int64_t p, int64_t q)
{
    const struct crema_pool *pool = j->pool;

    return (struct patch){
        crema_pool_window(p, pool->kernel[0], pool->stride[0], pool->pad[0],
                          j->h),
        crema_pool_window(q, pool->kernel[1], pool->stride[1], pool->pad[1],
                          j->w),
    };
}

static bool is_empty(const struct patch *p)
{
    return p->h.from >= p->h.to || p->w.from >= p->w.to;
}

/* lanes <= W channels of one window */
CREMA_CPU_CLONES
static void maximum(const struct patch *p, int64_t width, int64_t step,
                    int64_t lanes, const float *x, float *y, float *ws)
{
    float best[W] = { 0 }, place[W];

    for (int l = 0; l < W; l++) place[l] = -1;
    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++) {
            const float *at = x + (h * width + w) * step;
            float here = (float)(h * width + w);

            for (int64_t l = 0; l < lanes; l++) {
                bool wins = place[l] < 0 || at[l] > best[l];

                best[l] = wins ? at[l] : best[l];
                place[l] = wins ? here : place[l];
            }
        }
    for (int64_t l = 0; l < lanes; l++) y[l] = best[l];
    for (int64_t l = 0; l < lanes && ws; l++) ws[l] = place[l];
}

CREMA_CPU_CLONES
static void average(const struct patch *p, int64_t width, int64_t step,
                    int64_t lanes, const float *x, float *y)
{
    float area = (float)(p->h.width * p->w.width), sum[W] = { 0 };

    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++)
            for (int64_t l = 0; l < lanes; l++)
                sum[l] += x[(h * width + w) * step + l];
    for (int64_t l = 0; l < lanes; l++) y[l] = is_empty(p) ? 0 : sum[l] / area;
}

/* part: of each lane, what crema_pool_draw gave */
CREMA_CPU_CLONES
static void draw(const struct patch *p, int64_t width, int64_t step,
                 int64_t lanes, const float *part, const float *x, float *y,
                 float *ws)
{
    float sum[W] = { 0 }, so_far[W] = { 0 }, value[W] = { 0 }, place[W];

    for (int l = 0; l < W; l++) place[l] = -1;
    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++)
            for (int64_t l = 0; l < lanes; l++)
                sum[l] += crema_pool_share(x[(h * width + w) * step + l]);
    for (int64_t l = 0; l < lanes; l++) sum[l] *= part[l];
    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++) {
            const float *at = x + (h * width + w) * step;
            float here = (float)(h * width + w);

            for (int64_t l = 0; l < lanes; l++) {
                float with = so_far[l] + crema_pool_share(at[l]);
                bool is_drawn = place[l] < 0 && with >= sum[l];

                so_far[l] = with;
                value[l] = is_drawn ? at[l] : value[l];
                place[l] = is_drawn ? here : place[l];
            }
        }
    for (int64_t l = 0; l < lanes; l++) y[l] = value[l];
    for (int64_t l = 0; l < lanes; l++) ws[l] = place[l];
}

CREMA_CPU_CLONES
static void spread(const struct patch *p, int64_t width, int64_t step,
                   int64_t lanes, const float *dy, float *dx)
{
    float area = (float)(p->h.width * p->w.width), each[W];

    for (int64_t l = 0; l < lanes; l++) each[l] = dy[l] / area;
    for (int64_t h = p->h.from; h < p->h.to; h++)
        for (int64_t w = p->w.from; w < p->w.to; w++)
            for (int64_t l = 0; l < lanes; l++)
                dx[(h * width + w) * step + l] += each[l];
}

static void route(int64_t step, int64_t lanes, const float *dy,
                  const float *mask, float *dx)
{
    for (int64_t l = 0; l < lanes; l++)
        if (mask[l] >= 0) dx[(int64_t)mask[l] * step + l] += dy[l];
}

/* Window (p, q) of lanes l.. in the block whose planes begin at x and y. */
static void one_forward(const struct windows *j, int64_t x, int64_t y,
                        int64_t p, int64_t q)
{
    struct patch patch = patch_of(j, p, q);
    int64_t step = j->x.lanes;

    y += (p * j->q + q) * step;
    for (int64_t l = 0; l < step; l += W) {
        int64_t n = step - l < W ? step - l : W;

        if (j->pool->method == CREMA_POOL_MAX)
            maximum(&patch, j->w, step, n, j->in + x + l, j->out + y + l,
                    j->ws ? j->ws + y + l : NULL);
        else
            average(&patch, j->w, step, n, j->in + x + l, j->out + y + l);
    }
}

/* ... of block `block` of channels, which lie alike in X and Y */
static void one_draw(const struct windows *j, int64_t block, int64_t p,
                     int64_t q)
{
    const struct crema_pool_params *params = j->params;
    struct patch patch = patch_of(j, p, q);
    int64_t step = j->x.lanes, at = p * j->q + q;
    int64_t x = block * j->x.s * step, y = (block * j->y.s + at) * step;
    int64_t n = block / j->x.blocks, c = block % j->x.blocks * step;
    float part[W];

    for (int64_t l = 0; l < step; l++) {
        int64_t i = (n * j->x.c + c + l) * j->y.s + at;

        part[l % W] = crema_pool_draw(params->seed, params->stream, j->step, i);
        if (l % W < W - 1 && l < step - 1) continue;
        draw(&patch, j->w, step, l % W + 1, part, j->in + x + l - l % W,
             j->out + y + l - l % W, j->ws + y + l - l % W);
    }
}

static void one_backward(const struct windows *j, int64_t x, int64_t y,
                         int64_t p, int64_t q)
{
    struct patch patch = patch_of(j, p, q);
    int64_t step = j->x.lanes;

    y += (p * j->q + q) * step;
    for (int64_t l = 0; l < step; l += W) {
        int64_t n = step - l < W ? step - l : W;

        if (j->pool->method == CREMA_POOL_MAX)
            route(step, n, j->in + y + l, j->mask + y + l, j->out + x + l);
        else
            spread(&patch, j->w, step, n, j->in + y + l, j->out + x + l);
    }
}

static void forward_part(const void *user, int64_t from, int64_t to)
{
    const struct windows *j = user;

    for (int64_t i = from; i < to; i++)
        for (int64_t p = 0; p < j->p; p++)
            for (int64_t q = 0; q < j->q; q++)
                one_forward(j, i * j->x.s * j->x.lanes, i * j->y.s * j->x.lanes,
                            p, q);
}

static void draw_part(const void *user, int64_t from, int64_t to)
{
    const struct windows *j = user;

    for (int64_t i = from; i < to; i++)
        for (int64_t p = 0; p < j->p; p++)
            for (int64_t q = 0; q < j->q; q++) one_draw(j, i, p, q);
}

static void backward_part(const void *user, int64_t from, int64_t to)
{
    const struct windows *j = user;
    int64_t plane = j->x.s * j->x.lanes;

    for (int64_t i = from; i < to; i++) {
        memset(j->out + i * plane, 0, sizeof(float) * (size_t)plane);
        for (int64_t p = 0; p < j->p; p++)
            for (int64_t q = 0; q < j->q; q++)
                one_backward(j, i * plane, i * j->y.s * j->x.lanes, p, q);
    }
}

/* x, y: the tensors with X's and Y's shape. */
static struct windows windows_of(const struct crema_op *op,
                                 const struct crema_tensor *x,
                                 const struct crema_tensor *y)
{
    const struct crema_pool_params *params = op->params;
    struct windows j = {
        .params = params,
        .pool = &params->pool,
        .x = crema_cpu_view(&x->layout, &x->shape),
        .h = x->shape.dim[2],
        .w = x->shape.dim[3],
        .p = y->shape.dim[2],
        .q = y->shape.dim[3],
    };

    if (crema_layout_is_dense(&x->layout)) {
        j.x.lanes = 1;
        j.x.blocks = j.x.c;
    }
    j.y = j.x;
    j.y.s = j.p * j.q;
    return j;
}

/* A step of the work is a block of channels of an image. */
static enum crema_status run(const struct crema_op *op, crema_cpu_part *part,
                             const struct windows *j)
{
    crema_cpu_parts(crema_cpu_threads(op), j->x.n * j->x.blocks, 1, part, j);
    return CREMA_OK;
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    struct windows j = windows_of(op, op->in[0], op->out[0]);

    (void)ctx;
    j.in = crema_in(op, 0);
    j.out = crema_out(op, 0);
    j.ws = crema_out(op, 1);
    return run(op, forward_part, &j);
}

static enum crema_status forward_draw(struct crema_ctx *ctx,
                                      const struct crema_op *op)
{
    struct windows j = windows_of(op, op->in[0], op->out[0]);

    (void)ctx;
    j.in = crema_in(op, 0);
    j.out = crema_out(op, 0);
    j.ws = crema_out(op, 1);
    j.step = *(const uint32_t *)op->in[1]->data;
    return run(op, draw_part, &j);
}

static enum crema_status backward(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    struct windows j = windows_of(op, op->out[0], op->in[0]);

    (void)ctx;
    j.in = crema_in(op, 0);
    j.mask = crema_in(op, 1);
    j.out = crema_out(op, 0);
    return run(op, backward_part, &j);
}

/* ---- planning -------------------------------------------------------------
 */

/* A mask that is a blob is dense, and so is the rest then. */
static int kind_of(const struct crema_op *op, const struct crema_layout *have,
                   const struct crema_shape *x)
{
    const struct crema_pool_params *params = op->params;
    int kind = have ? crema_cpu_kind(have, x) : CREMA_CPU_DENSE;

    return params->mask || kind == CREMA_CPU_OTHER ? CREMA_CPU_DENSE : kind;
}

static struct crema_layout workspace(const struct crema_op *op, int kind,
                                     const struct crema_shape *y)
{
    const struct crema_pool_params *params = op->params;

    if (params->pool.method == CREMA_POOL_AVE) return crema_layout_bytes(0);
    return crema_cpu_layout(kind, y, CREMA_F32);
}

enum crema_status crema_cpu_windows(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    const struct crema_shape *x = &op->in[0]->shape, *y = &op->out[0]->shape;
    int kind = kind_of(op, in[0].have, x);

    in[0].want = crema_cpu_layout(kind, x, CREMA_F32);
    out[0].want = crema_cpu_layout(kind, y, CREMA_F32);
    out[1].want = workspace(op, kind, y);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_pool_draw(struct crema_device *dev,
                                      struct crema_op *op,
                                      struct crema_port in[],
                                      struct crema_port out[])
{
    const struct crema_shape *x = &op->in[0]->shape, *y = &op->out[0]->shape;
    int kind = kind_of(op, in[0].have, x);

    in[0].want = crema_cpu_layout(kind, x, CREMA_F32);
    in[1].want = crema_layout_dense(&op->in[1]->shape, CREMA_I32);
    out[0].want = crema_cpu_layout(kind, y, CREMA_F32);
    out[1].want = crema_cpu_layout(kind, y, CREMA_F32);
    return crema_host_call(dev, op, forward_draw, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_windows_bwd(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    const struct crema_op *f = op->forward;
    const struct crema_shape *x = &f->in[0]->shape, *y = &f->out[0]->shape;
    int kind = kind_of(op, &f->want[0], x);

    in[0].want = crema_cpu_layout(kind, y, CREMA_F32);
    in[1].want = workspace(op, kind, y);
    out[0].want = crema_cpu_layout(kind, x, CREMA_F32);
    return crema_host_call(dev, op, backward, CREMA_CPU_OWN);
}
