/* prelu.c - Y = X where it is positive, a X elsewhere; a is learned.
 *
 *   X[outer, i, inner], a[i]
 *   dX = dY or a dY,  da[i] = sum of dY X where X is not positive
 */
#include "device/ops/params.h"

struct crema_tensor *crema_prelu(struct crema_program *p,
                                 struct crema_tensor *x, struct crema_tensor *a)
{
    struct crema_tensor *in[2] = { x, a };
    char text[CREMA_SHAPE_TEXT];
    struct crema_op *op;
    int64_t n;

    if (!x || !a) return NULL;
    n = crema_shape_count(&a->shape);
    if (n != 1 && (x->shape.ndims < 2 || n != x->shape.dim[1]))
        return crema_op_refuse(p, "%lld slopes do not fit a blob of %s",
                               (long long)n, crema_shape_text(&x->shape, text));
    op = crema_op_record(p, &crema_op_prelu, NULL, 2, in, 1, &x->shape);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad;
    struct crema_tensor *for_x[3] = { op->in[0], op->in[1], dy };
    struct crema_tensor *for_a[2] = { op->in[0], dy };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *da = crema_grad_part(p, op->in[1]);

    if (da)
        crema_op_record_into(p, &crema_op_prelu_bwd_slopes, NULL, 2, for_a, 1,
                             &da, op);
    if (dx)
        crema_op_record_into(p, &crema_op_prelu_bwd_data, NULL, 3, for_x, 1,
                             &dx, op);
}

/* ---- the definition --------------------------------------------------- */

struct crema_sides crema_prelu_sides(const struct crema_shape *x,
                                     const struct crema_shape *a)
{
    if (crema_shape_count(a) == 1)
        return (struct crema_sides){ 1, 1, crema_shape_count(x) };
    return crema_sides(x, 1);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    struct crema_sides d =
        crema_prelu_sides(&op->in[0]->shape, &op->in[1]->shape);
    const float *x = crema_in(op, 0), *a = crema_in(op, 1);
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < d.outer * d.length * d.inner; i++)
        y[i] = x[i] > 0 ? x[i] : a[i / d.inner % d.length] * x[i];
    return CREMA_OK;
}

static enum crema_status ref_data(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    struct crema_sides d =
        crema_prelu_sides(&op->in[0]->shape, &op->in[1]->shape);
    const float *x = crema_in(op, 0), *a = crema_in(op, 1);
    const float *dy = crema_in(op, 2);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < d.outer * d.length * d.inner; i++)
        dx[i] = x[i] > 0 ? dy[i] : a[i / d.inner % d.length] * dy[i];
    return CREMA_OK;
}

static enum crema_status ref_slopes(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    struct crema_sides d =
        crema_prelu_sides(&op->in[0]->shape, &op->out[0]->shape);
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    float *da = crema_out(op, 0);

    (void)ctx;
    for (int64_t c = 0; c < d.length; c++) {
        double sum = 0;

        for (int64_t o = 0; o < d.outer; o++) {
            int64_t at = (o * d.length + c) * d.inner;

            for (int64_t i = at; i < at + d.inner; i++)
                if (!(x[i] > 0)) sum += (double)dy[i] * x[i];
        }
        da[c] = (float)sum;
    }
    return CREMA_OK;
}

/* x a -> y */
const struct crema_op_type crema_op_prelu = {
    .name = "prelu",
    .gradient = gradient,
    .ref = ref,
};

/* x a dy -> dx */
const struct crema_op_type crema_op_prelu_bwd_data = {
    .name = "prelu_bwd_data",
    .overwrites = 3,
    .ref = ref_data,
};

/* x dy -> da */
const struct crema_op_type crema_op_prelu_bwd_slopes = {
    .name = "prelu_bwd_slopes",
    .ref = ref_slopes,
};
