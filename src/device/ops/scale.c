/* scale.c - Y = X s + b, where s and b repeat along X's other axes.
 *
 *   X[outer, i, inner], s[i], b[i]
 *   dX = dY s,  ds[i] = sum of dY X,  db[i] = sum of dY over outer and inner
 */
#include "device/ops/params.h"

static bool fits(struct crema_program *p, int axis, const struct crema_shape *x,
                 const struct crema_shape *s)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];
    bool same = axis >= 0 && axis + s->ndims <= x->ndims;

    for (int i = 0; same && i < s->ndims; i++)
        same = x->dim[axis + i] == s->dim[i];
    if (!same)
        crema_op_refuse(p, "a scale of %s does not fit a blob of %s at axis %d",
                        crema_shape_text(s, a), crema_shape_text(x, b), axis);
    return same;
}

struct crema_tensor *crema_scale(struct crema_program *p, int axis,
                                 struct crema_tensor *x, struct crema_tensor *s,
                                 struct crema_tensor *b)
{
    struct crema_along params = { axis };
    struct crema_tensor *in[3] = { x, s, b };
    struct crema_op *op;

    if (!x || p->failed || (!s && !b)) return p->failed ? NULL : x;
    if (s && !fits(p, axis, &x->shape, &s->shape)) return NULL;
    if (b && !fits(p, axis, &x->shape, &b->shape)) return NULL;
    if (s && b && s->shape.ndims != b->shape.ndims)
        return crema_op_refuse(p, "a scale over %d axes and a bias over %d",
                               s->shape.ndims, b->shape.ndims);
    op = crema_op_record(p, &crema_op_scale, &params, 3, in, 1, &x->shape);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad;
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *dsb[2] = { crema_grad_part(p, op->in[1]),
                                    crema_grad_part(p, op->in[2]) };
    struct crema_tensor *for_s[2] = { op->in[0], dy };
    struct crema_tensor *for_x[2] = { op->in[1], dy };

    if (dsb[0] || dsb[1])
        crema_op_record_into(p, &crema_op_scale_bwd_params, op->params, 2,
                             for_s, 2, dsb, op);
    if (dx && op->in[1])
        crema_op_record_into(p, &crema_op_scale_bwd_data, op->params, 2, for_x,
                             1, &dx, op);
    else if (dx)
        crema_op_record_into(p, &crema_op_view, NULL, 1, &dy, 1, &dx, op);
}

/* X as [outer][length][inner], where length elements are s or b. */
static struct crema_sides sides(const struct crema_op *op,
                                const struct crema_tensor *x,
                                const struct crema_tensor *s)
{
    const struct crema_along *params = op->params;
    int end = params->axis + s->shape.ndims;

    return (struct crema_sides){
        crema_shape_product(&x->shape, 0, params->axis),
        crema_shape_count(&s->shape),
        crema_shape_product(&x->shape, end, x->shape.ndims),
    };
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const float *x = crema_in(op, 0), *s = crema_in(op, 1);
    const float *b = crema_in(op, 2);
    struct crema_sides d = sides(op, op->in[0], s ? op->in[1] : op->in[2]);
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < d.outer * d.length * d.inner; i++) {
        int64_t c = i / d.inner % d.length;

        y[i] = (s ? x[i] * s[c] : x[i]) + (b ? b[c] : 0);
    }
    return CREMA_OK;
}

static enum crema_status ref_data(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    const float *s = crema_in(op, 0), *dy = crema_in(op, 1);
    struct crema_sides d = sides(op, op->in[1], op->in[0]);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < d.outer * d.length * d.inner; i++)
        dx[i] = dy[i] * s[i / d.inner % d.length];
    return CREMA_OK;
}

static enum crema_status ref_params(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    float *ds = crema_out(op, 0), *db = crema_out(op, 1);
    struct crema_sides d = sides(op, op->in[0], op->out[ds ? 0 : 1]);

    (void)ctx;
    for (int64_t c = 0; c < d.length; c++) {
        double s = 0, b = 0;

        for (int64_t i = 0; i < d.outer * d.inner; i++) {
            int64_t at = (i / d.inner * d.length + c) * d.inner + i % d.inner;

            s += (double)dy[at] * x[at];
            b += dy[at];
        }
        if (ds) ds[c] = (float)s;
        if (db) db[c] = (float)b;
    }
    return CREMA_OK;
}

/* x [s] [b] -> y; s or b is there */
const struct crema_op_type crema_op_scale = {
    .name = "scale",
    .params_size = sizeof(struct crema_along),
    .overwrites = 1,
    .gradient = gradient,
    .ref = ref,
};

/* s dy -> dx */
const struct crema_op_type crema_op_scale_bwd_data = {
    .name = "scale_bwd_data",
    .params_size = sizeof(struct crema_along),
    .overwrites = 2,
    .ref = ref_data,
};

/* x dy -> [ds] [db] */
const struct crema_op_type crema_op_scale_bwd_params = {
    .name = "scale_bwd_params",
    .params_size = sizeof(struct crema_along),
    .ref = ref_params,
};
