/* reduce.c - sums over axes.
 *
 *   reduce      Y = coeff * sum of f(X),  f(x) = x, |x| or x^2
 *   reduce_bwd  dX = coeff * dY f'(X)
 */
#include "device/ops/params.h"

#include <math.h>

struct crema_tensor *crema_reduce(struct crema_program *p,
                                  enum crema_reduction f, float coeff, int from,
                                  int to, struct crema_tensor *x)
{
    struct crema_reduce params = { .f = f, .coeff = coeff };
    struct crema_shape y = { 0 };
    struct crema_op *op;

    if (!x) return NULL;
    params.sides =
        (struct crema_sides){ crema_shape_product(&x->shape, 0, from),
                              crema_shape_product(&x->shape, from, to),
                              crema_shape_product(&x->shape, to,
                                                  x->shape.ndims) };
    for (int k = 0; k < x->shape.ndims; k++)
        if (k < from || k >= to) y.dim[y.ndims++] = x->shape.dim[k];
    op = crema_op_record(p, &crema_op_reduce, &params, 1, &x, 1, &y);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *in[2] = { op->in[0], op->out[0]->grad };

    if (dx)
        crema_op_record_into(p, &crema_op_reduce_bwd, op->params, 2, in, 1, &dx,
                             op);
}

/* ---- the definition --------------------------------------------------- */

void crema_sum_channels(const struct crema_shape *s, const float *x,
                        float *sums)
{
    struct crema_sides sides = crema_sides(s, 1);

    for (int64_t c = 0; c < sides.length; c++) {
        double sum = 0;

        for (int64_t i = 0; i < sides.outer * sides.inner; i++)
            sum += x[(i / sides.inner * sides.length + c) * sides.inner +
                     i % sides.inner];
        sums[c] = (float)sum;
    }
}

static double value(enum crema_reduction f, double x)
{
    return f == CREMA_REDUCE_SUM ? x : f == CREMA_REDUCE_ABS ? fabs(x) : x * x;
}

static float slope(enum crema_reduction f, float x)
{
    if (f == CREMA_REDUCE_SUM) return 1;
    if (f == CREMA_REDUCE_SQUARES) return 2 * x;
    return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_reduce *r = op->params;
    const struct crema_sides *s = &r->sides;
    const float *x = crema_in(op, 0);
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t i = 0; i < s->inner; i++) {
            const float *from = x + o * s->length * s->inner + i;
            double sum = 0;

            for (int64_t k = 0; k < s->length; k++)
                sum += value(r->f, (double)from[k * s->inner]);
            y[o * s->inner + i] = (float)(r->coeff * sum);
        }
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_reduce *r = op->params;
    const struct crema_sides *s = &r->sides;
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    float *dx = crema_out(op, 0);
    int64_t at = 0;

    (void)ctx;
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t k = 0; k < s->length; k++)
            for (int64_t i = 0; i < s->inner; i++, at++)
                dx[at] = r->coeff * dy[o * s->inner + i] * slope(r->f, x[at]);
    return CREMA_OK;
}

/* x -> y */
const struct crema_op_type crema_op_reduce = {
    .name = "reduce",
    .params_size = sizeof(struct crema_reduce),
    .gradient = gradient,
    .ref = ref,
};

/* x dy -> dx */
const struct crema_op_type crema_op_reduce_bwd = {
    .name = "reduce_bwd",
    .params_size = sizeof(struct crema_reduce),
    .ref = ref_bwd,
};
