/* conv.c - convolution and its two gradients.
 *
 *   Y[n,k,p]   = b[k] + sum over c, r of X[n, g C/G + c, p s - pad + r d] W[k,c,r]
 *   dX         = what W gives back of dY;  dW, db likewise
 *
 * p and r stand for 2 or 3 spatial indices, g for the group of k.  A
 * deconvolution is the op that gives dX, with an input in place of dY; the ops
 * for its own gradients are then convolution and the weights' gradient.
 */
#include "device/op.h"

#include <stdlib.h>
#include <string.h>

static bool fits(struct crema_program *p, const struct crema_conv *c,
                 const struct crema_shape *x, const struct crema_shape *w)
{
    char text[CREMA_SHAPE_TEXT];

    if (x->ndims != c->spatial + 2 || w->ndims != x->ndims) {
        crema_op_refuse(p, "convolution over %d axes cannot read a blob of %s",
                        c->spatial, crema_shape_text(x, text));
        return false;
    }
    if (x->dim[1] != w->dim[1] * c->groups || w->dim[0] % c->groups) {
        crema_op_refuse(p, "%lld channels in and %lld out do not fit %lld "
                           "groups of weights over %lld channels",
                        (long long)x->dim[1], (long long)w->dim[0],
                        (long long)c->groups, (long long)w->dim[1]);
        return false;
    }
    return true;
}

struct crema_tensor *crema_conv(struct crema_program *p,
                                const struct crema_conv *c,
                                struct crema_tensor *x, struct crema_tensor *w,
                                struct crema_tensor *b)
{
    struct crema_tensor *in[3] = { x, w, b };
    struct crema_shape y;
    struct crema_op *op;

    if (!x || !w || !fits(p, c, &x->shape, &w->shape)) return NULL;
    y = x->shape;
    y.dim[1] = w->shape.dim[0];
    for (int i = 0; i < c->spatial; i++) {
        int64_t reach = c->dilation[i] * (c->kernel[i] - 1) + 1;
        int64_t room = x->shape.dim[2 + i] + 2 * c->pad[i] - reach;

        if (room < 0)
            return crema_op_refuse(
                p, "kernel %lld%s is larger than the padded input, "
                   "%lld + 2*%lld",
                (long long)c->kernel[i], c->dilation[i] > 1 ? " (dilated)" : "",
                (long long)x->shape.dim[2 + i], (long long)c->pad[i]);
        y.dim[2 + i] = room / c->stride[i] + 1;
    }
    op = crema_op_record(p, &crema_op_conv, c, 3, in, 1, &y);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad;
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *dwb[2] = { crema_grad_part(p, op->in[1]),
                                    crema_grad_part(p, op->in[2]) };
    struct crema_tensor *for_w[2] = { op->in[0], dy };
    struct crema_tensor *for_x[2] = { op->in[1], dy };

    if (dwb[0] || dwb[1])
        crema_op_record_into(p, &crema_op_conv_bwd_weights, op->params, 2,
                             for_w, 2, dwb, op);
    if (dx)
        crema_op_record_into(p, &crema_op_conv_bwd_data, op->params, 2, for_x,
                             1, &dx, op);
}

/* The spatial size that a convolution would have made `size` of. */
static int64_t spread(const struct crema_conv *c, int i, int64_t size)
{
    return c->stride[i] * (size - 1) + c->dilation[i] * (c->kernel[i] - 1) + 1 -
           2 * c->pad[i];
}

struct crema_tensor *crema_deconv(struct crema_program *p,
                                  const struct crema_conv *c,
                                  struct crema_tensor *x,
                                  struct crema_tensor *w,
                                  struct crema_tensor *b)
{
    struct crema_tensor *in[2] = { w, x };
    char text[CREMA_SHAPE_TEXT];
    struct crema_shape y;
    struct crema_op *op;

    if (!x || !w) return NULL;
    if (x->shape.ndims != c->spatial + 2 || w->shape.ndims != x->shape.ndims ||
        w->shape.dim[0] != x->shape.dim[1])
        return crema_op_refuse(p, "a deconvolution over %d axes with weights "
                                  "for %lld channels cannot read a blob of %s",
                               c->spatial, (long long)w->shape.dim[0],
                               crema_shape_text(&x->shape, text));
    y = x->shape;
    y.dim[1] = w->shape.dim[1] * c->groups;
    for (int i = 0; i < c->spatial; i++) {
        y.dim[2 + i] = spread(c, i, x->shape.dim[2 + i]);
        if (y.dim[2 + i] < 1)
            return crema_op_refuse(p, "pad %lld leaves nothing of the output",
                                   (long long)c->pad[i]);
    }
    op = crema_op_record(p, &crema_op_conv_bwd_data, c, 2, in, 1, &y);
    return op ? crema_scale(p, 1, op->out[0], NULL, b) : NULL;
}

/* Of a deconvolution. */
static void deconv_gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad;
    struct crema_tensor *dw[2] = { crema_grad_part(p, op->in[0]), NULL };
    struct crema_tensor *dx = crema_grad_part(p, op->in[1]);
    struct crema_tensor *for_x[3] = { dy, op->in[0], NULL };
    struct crema_tensor *for_w[2] = { dy, op->in[1] };

    if (dw[0])
        crema_op_record_into(p, &crema_op_conv_bwd_weights, op->params, 2,
                             for_w, 2, dw, op);
    if (dx)
        crema_op_record_into(p, &crema_op_conv, op->params, 3, for_x, 1, &dx,
                             op);
}

/* ---- the definition --------------------------------------------------- */

/* A convolution as three nested axes; missing ones have length 1. */
struct box {
    int64_t n, c, k, groups;             /* c: input channels of one group */
    int64_t x[3], y[3], r[3];
    int64_t stride[3], pad[3], dilation[3];
};

static struct box box_of(const struct crema_conv *c,
                         const struct crema_shape *x,
                         const struct crema_shape *y)
{
    struct box b = { x->dim[0], x->dim[1] / c->groups, y->dim[1], c->groups,
                     { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 },
                     { 0, 0, 0 }, { 1, 1, 1 } };
    int skip = 3 - c->spatial;

    for (int i = 0; i < c->spatial; i++) {
        b.x[skip + i] = x->dim[2 + i];
        b.y[skip + i] = y->dim[2 + i];
        b.r[skip + i] = c->kernel[i];
        b.stride[skip + i] = c->stride[i];
        b.pad[skip + i] = c->pad[i];
        b.dilation[skip + i] = c->dilation[i];
    }
    return b;
}

static int64_t volume(const int64_t d[3]) { return d[0] * d[1] * d[2]; }

/* Index in X's plane that output position q and kernel position r meet; -1 in
 * the padding. */
static int64_t meet(const struct box *b, int64_t q, int64_t r)
{
    int64_t at = 0, ys = volume(b->y), rs = volume(b->r);

    for (int i = 0; i < 3; i++) {
        int64_t yi, ri, xi;

        ys /= b->y[i];
        rs /= b->r[i];
        yi = q / ys % b->y[i];
        ri = r / rs % b->r[i];
        xi = yi * b->stride[i] - b->pad[i] + ri * b->dilation[i];
        if (xi < 0 || xi >= b->x[i]) return -1;
        at = at * b->x[i] + xi;
    }
    return at;
}

/* What one (image, output channel) pair shares with its inputs. */
struct slab {
    int64_t k, y;                        /* offsets of W's and Y's first element */
    int64_t x;                           /* offset of the group's first channel */
};

typedef void visit(const struct box *, struct slab, int64_t q, int64_t r,
                   int64_t at, void *user);

static void each_pair(const struct box *b, const int64_t *meets, visit *fn,
                      void *user)
{
    int64_t xs = volume(b->x), ys = volume(b->y), rs = volume(b->r);

    for (int64_t n = 0; n < b->n; n++)
        for (int64_t k = 0; k < b->k; k++) {
            int64_t group = k / (b->k / b->groups);
            struct slab s = { k * b->c * rs, (n * b->k + k) * ys,
                              (n * b->groups + group) * b->c * xs };

            for (int64_t q = 0; q < ys; q++)
                for (int64_t r = 0; r < rs; r++) {
                    int64_t at = meets[q * rs + r];

                    if (at >= 0) fn(b, s, q, r, at, user);
                }
        }
}

/* Where output and kernel positions meet is the same for every pair. */
static enum crema_status walk(struct crema_ctx *ctx, const struct box *b,
                              visit *fn, void *user)
{
    int64_t ys = volume(b->y), rs = volume(b->r);
    int64_t *meets;

    if (b->n * b->k * b->c == 0) return CREMA_OK;
    meets = malloc((size_t)(ys * rs) * sizeof *meets + 1);
    if (!meets) return crema_no_memory(ctx, "a convolution");
    for (int64_t q = 0; q < ys; q++)
        for (int64_t r = 0; r < rs; r++) meets[q * rs + r] = meet(b, q, r);
    each_pair(b, meets, fn, user);
    free(meets);
    return CREMA_OK;
}

struct arrays {
    const float *x, *w, *dy;
    float *y, *dx, *dw;
};

static void add_forward(const struct box *b, struct slab s, int64_t q,
                        int64_t r, int64_t at, void *user)
{
    const struct arrays *a = user;
    int64_t xs = volume(b->x), rs = volume(b->r);
    float sum = 0;

    for (int64_t c = 0; c < b->c; c++)
        sum += a->x[s.x + c * xs + at] * a->w[s.k + c * rs + r];
    a->y[s.y + q] += sum;
}

static void add_data(const struct box *b, struct slab s, int64_t q, int64_t r,
                     int64_t at, void *user)
{
    const struct arrays *a = user;
    int64_t xs = volume(b->x), rs = volume(b->r);

    for (int64_t c = 0; c < b->c; c++)
        a->dx[s.x + c * xs + at] += a->dy[s.y + q] * a->w[s.k + c * rs + r];
}

static void add_weights(const struct box *b, struct slab s, int64_t q,
                        int64_t r, int64_t at, void *user)
{
    const struct arrays *a = user;
    int64_t xs = volume(b->x), rs = volume(b->r);

    for (int64_t c = 0; c < b->c; c++)
        a->dw[s.k + c * rs + r] += a->dy[s.y + q] * a->x[s.x + c * xs + at];
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    struct box b = box_of(op->params, &op->in[0]->shape, &op->out[0]->shape);
    struct arrays a = { .x = crema_in(op, 0),
                        .w = crema_in(op, 1),
                        .y = crema_out(op, 0) };
    const float *bias = crema_in(op, 2);
    int64_t ys = volume(b.y);

    for (int64_t i = 0; i < b.n * b.k * ys; i++)
        a.y[i] = bias ? bias[i / ys % b.k] : 0;
    return walk(ctx, &b, add_forward, &a);
}

static enum crema_status ref_data(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    struct box b = box_of(op->params, &op->out[0]->shape, &op->in[1]->shape);
    struct arrays a = { .w = crema_in(op, 0),
                        .dy = crema_in(op, 1),
                        .dx = crema_out(op, 0) };

    memset(a.dx, 0, 4 * (size_t)crema_shape_count(&op->out[0]->shape));
    return walk(ctx, &b, add_data, &a);
}

static enum crema_status ref_weights(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    struct box b = box_of(op->params, &op->in[0]->shape, &op->in[1]->shape);
    struct arrays a = { .x = crema_in(op, 0),
                        .dy = crema_in(op, 1),
                        .dw = crema_out(op, 0) };
    float *db = crema_out(op, 1);
    int64_t ys = volume(b.y);

    if (a.dw) {
        memset(a.dw, 0, 4 * (size_t)crema_shape_count(&op->out[0]->shape));
        CREMA_TRY(walk(ctx, &b, add_weights, &a));
    }
    if (!db) return CREMA_OK;
    memset(db, 0, 4 * (size_t)b.k);
    for (int64_t i = 0; i < b.n * b.k * ys; i++) db[i / ys % b.k] += a.dy[i];
    return CREMA_OK;
}

/* Two for each weight and output position. */
static double flops(const struct crema_op *op)
{
    const struct crema_conv *c = op->params;
    bool data = op->type == &crema_op_conv_bwd_data;
    const struct crema_tensor *x = data ? op->out[0] : op->in[0];
    const struct crema_tensor *y =
        op->type == &crema_op_conv ? op->out[0] : op->in[1];
    double each = (double)(x->shape.dim[1] / c->groups);

    for (int i = 0; i < c->spatial; i++) each *= (double)c->kernel[i];
    return 2 * each * (double)crema_shape_count(&y->shape);
}

/* x w [b] -> y */
const struct crema_op_type crema_op_conv = {
    .name = "conv",
    .params_size = sizeof(struct crema_conv),
    .gradient = gradient,
    .ref = ref,
    .flops = flops,
};

/* w dy -> dx */
const struct crema_op_type crema_op_conv_bwd_data = {
    .name = "conv_bwd_data",
    .params_size = sizeof(struct crema_conv),
    .gradient = deconv_gradient,
    .ref = ref_data,
    .flops = flops,
};

/* x dy -> [dw] [db] */
const struct crema_op_type crema_op_conv_bwd_weights = {
    .name = "conv_bwd_weights",
    .params_size = sizeof(struct crema_conv),
    .ref = ref_weights,
    .flops = flops,
};
