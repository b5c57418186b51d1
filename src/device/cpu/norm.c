/* norm.c - batch normalization; formulas: ops/batch_norm.c, formula/norm.h.
 *
 * X keeps a layout that our loops know.  Left to ref: its running statistics,
 * and what folds them into weights.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <math.h>

enum { GROUP = CREMA_CPU_GROUP };

/* One op; the optional ones among the pointers are NULL. */
struct norm {
    const struct crema_op *op;
    struct crema_cpu_view v;
    double eps, m; /* m: numbers in a channel */
    float floor;   /* of Y */
    const void *x, *dy, *z; /* as v.type says, like `out` */
    const float *mean, *var, *s, *b;
    double inverse; /* of running sums: 1 / factor; else 1 */
    void *out;
    float *ds, *db;
};

/* like: the input that says how all of them lie */
static struct norm norm_of(const struct crema_op *op, int like, bool relu)
{
    const struct crema_batch_norm *params = op->params;
    const struct crema_tensor *x = op->in[like];
    struct norm n = { .op = op,
                      .v = crema_cpu_view(&x->layout, &x->shape),
                      .eps = params->eps,
                      .floor = relu ? 0 : -INFINITY,
                      .inverse = 1,
                      .out = crema_out(op, 0) };

    n.m = (double)(n.v.n * n.v.s);
    return n;
}

static enum crema_status divide(const struct norm *n, crema_cpu_part *part)
{
    crema_cpu_parts(crema_cpu_threads(n->op), crema_cpu_units(&n->v), 1, part,
                    n);
    return CREMA_OK;
}

/* How each unit of a group is normalized, from the statistics in n. */
static void describe(const struct norm *n, int64_t unit, int count,
                     struct crema_cpu_affine f[])
{
    for (int i = 0; i < count; i++) {
        int64_t lanes, at = crema_cpu_unit_channels(&n->v, unit + i, &lanes);

        f[i] = (struct crema_cpu_affine){ .floor = n->floor };
        for (int64_t l = 0, c = at; l < lanes; l++, c++) {
            double rate = 1 / sqrt(n->var[c] * n->inverse + n->eps);

            f[i].mean[l] = (float)(n->mean[c] * n->inverse);
            f[i].a[l] = (float)(n->s ? rate * n->s[c] : rate);
            f[i].b[l] = n->b ? n->b[c] : 0;
            f[i].e[l] = f[i].a[l];
        }
    }
}

/* ---- forward --------------------------------------------------------------
 */

static void keep_moments(const struct norm *n, int64_t unit, int count,
                         const struct crema_cpu_moments m[])
{
    for (int i = 0; i < count; i++) {
        int64_t lanes, at = crema_cpu_unit_channels(&n->v, unit + i, &lanes);

        for (int64_t l = 0; l < lanes; l++) {
            crema_out(n->op, 1)[at + l] = (float)m[i].mean[l];
            crema_out(n->op, 2)[at + l] = (float)(m[i].squares[l] / n->m);
        }
    }
}

static void forward(const void *user, int64_t from, int64_t to)
{
    const struct norm *n = user;
    int count;

    for (int64_t u = from; u < to; u += count) {
        struct crema_cpu_affine f[GROUP];

        count = crema_cpu_group(&n->v, u, to);
        if (n->op->nout > 1) {
            struct crema_cpu_moments m[GROUP];

            crema_cpu_moments(&n->v, u, count, n->x, m);
            keep_moments(n, u, count, m);
        }
        describe(n, u, count, f);
        crema_cpu_apply(&n->v, u, count, f, n->x, n->z, n->out);
    }
}

static enum crema_status run_batch(struct crema_ctx *ctx,
                                   const struct crema_op *op)
{
    struct norm n = norm_of(op, 0, op->relu);

    (void)ctx;
    n.x = crema_in(op, 0);
    n.s = crema_in(op, 1);
    n.b = crema_in(op, 2);
    n.z = crema_in(op, 3);
    n.mean = crema_out(op, 1);
    n.var = crema_out(op, 2);
    return divide(&n, forward);
}

static double inverse(const float *factor)
{
    if (!factor) return 1;
    return *factor == 0 ? 0 : 1.0 / *factor;
}

static enum crema_status run_global(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    struct norm n = norm_of(op, 0, op->relu);

    (void)ctx;
    n.x = crema_in(op, 0);
    n.mean = crema_in(op, 1);
    n.var = crema_in(op, 2);
    n.inverse = inverse(crema_in(op, 3));
    n.s = crema_in(op, 4);
    n.b = crema_in(op, 5);
    return divide(&n, forward);
}

/* ---- backward -------------------------------------------------------------
 */

/* ds and db, and for batch statistics what of the sums goes into dX. */
static void use_sums(const struct norm *n, bool batch, int64_t unit, int count,
                     const struct crema_cpu_dots d[],
                     struct crema_cpu_affine f[])
{
    for (int i = 0; i < count; i++) {
        int64_t lanes, at = crema_cpu_unit_channels(&n->v, unit + i, &lanes);

        for (int64_t l = 0, c = at; l < lanes; l++, c++) {
            double rate = 1 / sqrt(n->var[c] * n->inverse + n->eps);

            if (n->ds) n->ds[c] = (float)(d[i].dot[l] * rate);
            if (n->db) n->db[c] = (float)d[i].sum[l];
            if (!batch) continue;
            f[i].k[l] = (float)(-d[i].dot[l] / n->m * rate * rate);
            f[i].d[l] = (float)(-d[i].sum[l] / n->m);
        }
    }
}

static void backward(const struct norm *n, bool batch, int64_t from, int64_t to)
{
    int count;

    for (int64_t u = from; u < to; u += count) {
        struct crema_cpu_affine f[GROUP];
        struct crema_cpu_dots d[GROUP];

        count = crema_cpu_group(&n->v, u, to);
        describe(n, u, count, f);
        if (batch || n->ds || n->db) {
            crema_cpu_dots(&n->v, u, count, f, n->x, n->dy, d);
            use_sums(n, batch, u, count, d, f);
        }
        if (n->out)
            crema_cpu_apply_back(&n->v, u, count, f, n->x, n->dy, n->out);
    }
}

static void batch_back(const void *user, int64_t from, int64_t to)
{
    backward(user, true, from, to);
}

static void global_back(const void *user, int64_t from, int64_t to)
{
    backward(user, false, from, to);
}

static enum crema_status run_batch_back(struct crema_ctx *ctx,
                                        const struct crema_op *op)
{
    const struct crema_batch_norm *params = op->params;
    struct norm n = norm_of(op, 1, params->passes);

    (void)ctx;
    n.x = crema_in(op, 0);
    n.dy = crema_in(op, 1);
    n.mean = crema_in(op, 2);
    n.var = crema_in(op, 3);
    n.s = crema_in(op, 4);
    n.b = crema_in(op, 5);
    n.ds = crema_out(op, 1);
    n.db = crema_out(op, 2);
    return divide(&n, batch_back);
}

/* Where X is not needed dY stands for it: nothing of it counts. */
static enum crema_status run_global_back(struct crema_ctx *ctx,
                                         const struct crema_op *op)
{
    const struct crema_batch_norm *params = op->params;
    struct norm n = norm_of(op, 1, params->passes);

    (void)ctx;
    n.x = crema_in(op, op->in[0] ? 0 : 1);
    n.dy = crema_in(op, 1);
    n.mean = crema_in(op, 2);
    n.var = crema_in(op, 3);
    n.inverse = inverse(crema_in(op, 4));
    n.s = crema_in(op, 5);
    n.b = crema_in(op, 6);
    n.ds = crema_out(op, 1);
    n.db = crema_out(op, 2);
    return divide(&n, global_back);
}

/* ---- planning -------------------------------------------------------------
 */

/* A tensor of X's shape lies in that kind and type, another one dense. */
static struct crema_layout layout_of(const struct crema_tensor *t,
                                     const struct crema_shape *x, int kind,
                                     enum crema_type type)
{
    if (!crema_shape_equal(&t->shape, x))
        return crema_layout_dense(&t->shape, CREMA_F32);
    return crema_cpu_layout(kind, x, type);
}

/* Ports of in[lead]'s shape lie as it does, the others are dense. */
static void follow(const struct crema_op *op, int lead, struct crema_port in[],
                   struct crema_port out[])
{
    const struct crema_shape *x = &op->in[lead]->shape;
    int kind =
        in[lead].have ? crema_cpu_kind(in[lead].have, x) : CREMA_CPU_DENSE;

    /* a number alone has the shape of its statistics */
    enum crema_type type = crema_shape_count(x) == 1 ? CREMA_F32 : op->storage;

    if (kind == CREMA_CPU_OTHER) kind = CREMA_CPU_DENSE;
    for (int i = 0; i < op->nin; i++)
        if (op->in[i]) in[i].want = layout_of(op->in[i], x, kind, type);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i]) out[i].want = layout_of(op->out[i], x, kind, type);
}

enum crema_status crema_cpu_batch_norm(struct crema_device *dev,
                                       struct crema_op *op,
                                       struct crema_port in[],
                                       struct crema_port out[])
{
    if (crema_shape_count(&op->in[0]->shape) == 0) return CREMA_EUNSUPPORTED;
    follow(op, 0, in, out);
    return crema_host_call(dev, op, run_batch, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_batch_norm_bwd(struct crema_device *dev,
                                           struct crema_op *op,
                                           struct crema_port in[],
                                           struct crema_port out[])
{
    if (crema_shape_count(&op->in[0]->shape) == 0) return CREMA_EUNSUPPORTED;
    follow(op, 0, in, out);
    return crema_host_call(dev, op, run_batch_back, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_batch_norm_global(struct crema_device *dev,
                                              struct crema_op *op,
                                              struct crema_port in[],
                                              struct crema_port out[])
{
    follow(op, 0, in, out);
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
