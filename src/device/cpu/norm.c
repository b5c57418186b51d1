/* norm.c - batch normalization; formulas: ops/batch_norm.c.
 *
 * X keeps a layout that our loops know.  Left to ref: its running statistics.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <math.h>

enum { W = CREMA_CPU_UNIT };

struct norm {
    const struct crema_op *op;
    struct crema_cpu_view v;
    float eps;
    const float *x, *dy;
    float *out;
};

static struct norm norm_of(const struct crema_op *op, int x, int dy)
{
    const struct crema_batch_norm *params = op->params;

    return (struct norm){
        .op = op,
        .v = crema_cpu_view(&op->out[0]->layout, &op->out[0]->shape),
        .eps = params->eps,
        .x = crema_in(op, x),
        .dy = crema_in(op, dy),
        .out = crema_out(op, 0),
    };
}

static enum crema_status divide(const struct norm *n, crema_cpu_part *part)
{
    crema_cpu_parts(crema_cpu_threads(n->op), crema_cpu_units(&n->v), 1, part,
                    n);
    return CREMA_OK;
}

static double rate_of(const struct norm *n, double var)
{
    return 1 / sqrt(var + n->eps);
}

/* Channels of the padding keep the zeros they have. */
static int64_t real(const struct norm *n, int64_t first, int64_t count)
{
    return n->v.c - first < count ? n->v.c - first : count;
}

static void batch(const void *user, int64_t from, int64_t to)
{
    const struct norm *n = user;
    const double m = (double)(n->v.n * n->v.s), zero[W] = { 0 };

    for (int64_t u = from; u < to; u++) {
        int64_t count, first = crema_cpu_unit_channels(&n->v, u, &count);
        double mean[2][W], var[2][W];
        struct crema_cpu_affine f = { .a = { 0 } };

        crema_cpu_sums(&n->v, u, CREMA_CPU_SUM, n->x, NULL, zero, mean);
        for (int l = 0; l < W; l++) mean[0][l] /= m;
        crema_cpu_sums(&n->v, u, CREMA_CPU_SQUARES, n->x, NULL, mean[0], var);
        for (int64_t l = 0; l < real(n, first, count); l++) {
            f.mean[l] = (float)mean[0][l];
            f.a[l] = (float)rate_of(n, var[0][l] / m);
            crema_out(n->op, 1)[first + l] = f.mean[l];
            crema_out(n->op, 2)[first + l] = (float)(var[0][l] / m);
        }
        crema_cpu_apply(&n->v, u, &f, n->x, NULL, n->out);
    }
}

static void batch_back(const void *user, int64_t from, int64_t to)
{
    const struct norm *n = user;
    const float *means = crema_in(n->op, 2), *vars = crema_in(n->op, 3);
    const double m = (double)(n->v.n * n->v.s);

    for (int64_t u = from; u < to; u++) {
        int64_t count, first = crema_cpu_unit_channels(&n->v, u, &count);
        double mean[W] = { 0 }, sum[2][W];
        struct crema_cpu_affine f = { .a = { 0 } };

        count = real(n, first, count);
        for (int64_t l = 0; l < count; l++) mean[l] = means[first + l];
        crema_cpu_sums(&n->v, u, CREMA_CPU_DOT, n->x, n->dy, mean, sum);
        for (int64_t l = 0; l < count; l++) {
            double rate = rate_of(n, vars[first + l]);

            f.mean[l] = means[first + l];
            f.a[l] = (float)(-sum[1][l] / m * rate * rate);
            f.b[l] = (float)(-sum[0][l] / m);
            f.e[l] = (float)rate;
        }
        crema_cpu_apply(&n->v, u, &f, n->x, n->dy, n->out);
    }
}

/* Y = (X - mean) rate, or dX = dY rate: in means are NULL. */
static void global(const struct norm *n, const float *means, const float *vars,
                   float factor, int64_t from, int64_t to)
{
    double inverse = factor == 0 ? 0 : 1.0 / factor;

    for (int64_t u = from; u < to; u++) {
        int64_t count, first = crema_cpu_unit_channels(&n->v, u, &count);
        struct crema_cpu_affine f = { .a = { 0 } };

        for (int64_t l = 0; l < real(n, first, count); l++) {
            if (means) f.mean[l] = (float)(means[first + l] * inverse);
            f.a[l] = (float)rate_of(n, vars[first + l] * inverse);
        }
        crema_cpu_apply(&n->v, u, &f, n->x, NULL, n->out);
    }
}

static void global_forward(const void *user, int64_t from, int64_t to)
{
    const struct norm *n = user;

    global(n, crema_in(n->op, 1), crema_in(n->op, 2), *crema_in(n->op, 3), from,
           to);
}

static void global_back(const void *user, int64_t from, int64_t to)
{
    const struct norm *n = user;

    global(n, NULL, crema_in(n->op, 1), *crema_in(n->op, 2), from, to);
}

static enum crema_status run_batch(struct crema_ctx *ctx,
                                   const struct crema_op *op)
{
    struct norm n = norm_of(op, 0, op->nin);

    (void)ctx;
    return divide(&n, batch);
}

static enum crema_status run_batch_back(struct crema_ctx *ctx,
                                        const struct crema_op *op)
{
    struct norm n = norm_of(op, 0, 1);

    (void)ctx;
    return divide(&n, batch_back);
}

static enum crema_status run_global(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    struct norm n = norm_of(op, 0, op->nin);

    (void)ctx;
    return divide(&n, global_forward);
}

static enum crema_status run_global_back(struct crema_ctx *ctx,
                                         const struct crema_op *op)
{
    struct norm n = norm_of(op, 0, op->nin);

    (void)ctx;
    return divide(&n, global_back);
}

/* ---- planning -------------------------------------------------------------
 */

/* The first `like` inputs lie as in[0] does, the rest and all but the first
 * output are dense. */
static void follow(const struct crema_op *op, int like, struct crema_port in[],
                   struct crema_port out[])
{
    const struct crema_shape *x = &op->in[0]->shape;
    int kind = in[0].have ? crema_cpu_kind(in[0].have, x) : CREMA_CPU_DENSE;

    if (kind == CREMA_CPU_OTHER) kind = CREMA_CPU_DENSE;
    for (int i = 0; i < op->nin; i++)
        in[i].want = crema_cpu_layout(i < like ? kind : CREMA_CPU_DENSE,
                                      &op->in[i]->shape, CREMA_F32);
    for (int i = 0; i < op->nout; i++)
        out[i].want = crema_cpu_layout(i < 1 ? kind : CREMA_CPU_DENSE,
                                       &op->out[i]->shape, CREMA_F32);
}

enum crema_status crema_cpu_batch_norm(struct crema_device *dev,
                                       struct crema_op *op,
                                       struct crema_port in[],
                                       struct crema_port out[])
{
    if (crema_shape_count(&op->in[0]->shape) == 0) return CREMA_EUNSUPPORTED;
    follow(op, 1, in, out);
    return crema_host_call(dev, op, run_batch, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_batch_norm_bwd(struct crema_device *dev,
                                           struct crema_op *op,
                                           struct crema_port in[],
                                           struct crema_port out[])
{
    if (crema_shape_count(&op->in[0]->shape) == 0) return CREMA_EUNSUPPORTED;
    follow(op, 2, in, out);
    return crema_host_call(dev, op, run_batch_back, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_batch_norm_global(struct crema_device *dev,
                                              struct crema_op *op,
                                              struct crema_port in[],
                                              struct crema_port out[])
{
    follow(op, 1, in, out);
    return crema_host_call(dev, op, run_global, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_batch_norm_global_bwd(struct crema_device *dev,
                                                  struct crema_op *op,
                                                  struct crema_port in[],
                                                  struct crema_port out[])
{
    follow(op, 1, in, out);
    return crema_host_call(dev, op, run_global_back, CREMA_CPU_OWN);
}
