/* scale.c - Y = X s + b and its gradients; formulas: ops/scale.c.
 *
 * Where s and b belong to the channels X keeps a layout that our loops know;
 * along other axes it is dense.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <math.h>

enum { W = CREMA_CPU_UNIT, GROUP = CREMA_CPU_GROUP };

struct scale {
    const struct crema_op *op;
    struct crema_cpu_view v;
    const void *x, *dy; /* as v.type says, like `out` */
    const float *s, *b;
    float floor; /* of Y */
    void *out;
    float *ds, *db;
};

static bool by_channel(const struct crema_op *op, const struct crema_shape *s)
{
    const struct crema_along *params = op->params;

    return params->axis == 1 && s->ndims == 1;
}

/* s: the tensor that says what a channel is */
static struct crema_cpu_view view(const struct crema_op *op,
                                  const struct crema_tensor *x,
                                  const struct crema_tensor *s)
{
    const struct crema_along *params = op->params;
    int from = params->axis, to = from + s->shape.ndims;
    struct crema_shape sides = {
        3,
        { crema_shape_product(&x->shape, 0, from), crema_shape_count(&s->shape),
          crema_shape_product(&x->shape, to, x->shape.ndims) },
    };
    struct crema_layout dense = crema_layout_dense(&sides, x->layout.type);

    if (by_channel(op, &s->shape)) return crema_cpu_view(&x->layout, &x->shape);
    return crema_cpu_view(&dense, &sides);
}

static void describe(const struct scale *j, int64_t unit, int count,
                     struct crema_cpu_affine f[])
{
    for (int i = 0; i < count; i++) {
        int64_t lanes, at = crema_cpu_unit_channels(&j->v, unit + i, &lanes);

        f[i] = (struct crema_cpu_affine){ .floor = j->floor };
        for (int64_t l = 0; l < lanes; l++) {
            f[i].a[l] = j->s ? j->s[at + l] : 1;
            f[i].b[l] = j->b ? j->b[at + l] : 0;
        }
    }
}

static void apply(const void *user, int64_t from, int64_t to)
{
    const struct scale *j = user;
    int count;

    for (int64_t u = from; u < to; u += count) {
        struct crema_cpu_affine f[GROUP];

        count = crema_cpu_group(&j->v, u, to);
        describe(j, u, count, f);
        crema_cpu_apply(&j->v, u, count, f, j->x, NULL, j->out);
    }
}

static void sums(const void *user, int64_t from, int64_t to)
{
    const struct scale *j = user;
    int count;

    for (int64_t u = from; u < to; u += count) {
        struct crema_cpu_affine f[GROUP];
        struct crema_cpu_dots d[GROUP];

        count = crema_cpu_group(&j->v, u, to);
        describe(j, u, count, f);
        crema_cpu_dots(&j->v, u, count, f, j->x, j->dy, d);
        for (int i = 0; i < count; i++) {
            int64_t lanes, at = crema_cpu_unit_channels(&j->v, u + i, &lanes);

            for (int64_t l = 0; l < lanes; l++) {
                if (j->ds) j->ds[at + l] = (float)d[i].dot[l];
                if (j->db) j->db[at + l] = (float)d[i].sum[l];
            }
        }
    }
}

static enum crema_status divide(const struct scale *j, crema_cpu_part *part)
{
    int64_t each = j->v.n * j->v.s * (j->v.lanes == 1 ? 1 : W);
    int64_t grain = 4096 / (each + 1) + 1;

    crema_cpu_parts(crema_cpu_threads(j->op), crema_cpu_units(&j->v), grain,
                    part, j);
    return CREMA_OK;
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    struct scale j = {
        .op = op,
        .v = view(op, op->in[0], op->in[op->in[1] ? 1 : 2]),
        .x = crema_in(op, 0),
        .s = crema_in(op, 1),
        .b = crema_in(op, 2),
        .floor = op->relu ? 0 : -INFINITY,
        .out = crema_out(op, 0),
    };

    (void)ctx;
    return divide(&j, apply);
}

static enum crema_status back_data(struct crema_ctx *ctx,
                                   const struct crema_op *op)
{
    struct scale j = {
        .op = op,
        .v = view(op, op->in[1], op->in[0]),
        .x = crema_in(op, 1),
        .s = crema_in(op, 0),
        .floor = -INFINITY,
        .out = crema_out(op, 0),
    };

    (void)ctx;
    return divide(&j, apply);
}

static enum crema_status back_params(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    struct scale j = {
        .op = op,
        .v = view(op, op->in[0], op->out[op->out[0] ? 0 : 1]),
        .x = crema_in(op, 0),
        .dy = crema_in(op, 1),
        .floor = -INFINITY,
        .ds = crema_out(op, 0),
        .db = crema_out(op, 1),
    };

    (void)ctx;
    return divide(&j, sums);
}

/* ---- planning -------------------------------------------------------------
 */

/* What X, lying as `have` says, is asked for. */
static struct crema_layout image(const struct crema_op *op,
                                 const struct crema_shape *x,
                                 const struct crema_shape *s,
                                 const struct crema_layout *have)
{
    int kind = have ? crema_cpu_kind(have, x) : CREMA_CPU_DENSE;

    if (kind == CREMA_CPU_OTHER || !by_channel(op, s)) kind = CREMA_CPU_DENSE;
    return crema_cpu_layout(kind, x, op->storage);
}

static void want_dense(const struct crema_tensor *t, struct crema_port *port)
{
    if (t) port->want = crema_layout_dense(&t->shape, CREMA_F32);
}

enum crema_status crema_cpu_scale(struct crema_device *dev, struct crema_op *op,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    const struct crema_tensor *s = op->in[op->in[1] ? 1 : 2];

    in[0].want = out[0].want =
        image(op, &op->in[0]->shape, &s->shape, in[0].have);
    want_dense(op->in[1], &in[1]);
    want_dense(op->in[2], &in[2]);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_scale_bwd_data(struct crema_device *dev,
                                           struct crema_op *op,
                                           struct crema_port in[],
                                           struct crema_port out[])
{
    in[1].want = out[0].want =
        image(op, &op->in[1]->shape, &op->in[0]->shape, in[1].have);
    want_dense(op->in[0], &in[0]);
    return crema_host_call(dev, op, back_data, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_scale_bwd_params(struct crema_device *dev,
                                             struct crema_op *op,
                                             struct crema_port in[],
                                             struct crema_port out[])
{
    const struct crema_tensor *ds = op->out[op->out[0] ? 0 : 1];

    in[0].want = in[1].want =
        image(op, &op->in[0]->shape, &ds->shape, in[0].have);
    want_dense(op->out[0], &out[0]);
    want_dense(op->out[1], &out[1]);
    return crema_host_call(dev, op, back_params, CREMA_CPU_OWN);
}
