/* standardize.c - rows of mean 0 and deviation 1.
 *
 *   standardize      F = 1 / (deviation + eps),  Y = (X - mean) F
 *   standardize_bwd  dX = F (dY - mean of dY - Y mean of dY Y)
 *
 * The gradient is Caffe's: it takes eps as if it were within the deviation.
 */
#include "device/ops/params.h"

#include <math.h>

struct crema_tensor *crema_standardize(struct crema_program *p, float eps,
                                       int from, struct crema_tensor *x)
{
    struct crema_standardize params = { .eps = eps };
    struct crema_shape y[2];
    struct crema_op *op;

    if (!x) return NULL;
    params.rows = crema_shape_product(&x->shape, 0, from);
    params.length = crema_shape_product(&x->shape, from, x->shape.ndims);
    y[0] = x->shape;
    y[1] = CREMA_SHAPE(params.rows);
    op = crema_op_record(p, &crema_op_standardize, &params, 1, &x, 2, y);
    if (op) op->out[1]->needs_grad = false;
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *in[3] = { op->out[0], op->out[1], op->out[0]->grad };

    if (dx && in[2])
        crema_op_record_into(p, &crema_op_standardize_bwd, op->params, 3, in, 1,
                             &dx, op);
}

/* ---- the definition --------------------------------------------------- */

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_standardize *s = op->params;
    const float *x = crema_in(op, 0);
    float *y = crema_out(op, 0), *factor = crema_out(op, 1);

    (void)ctx;
    for (int64_t r = 0; r < s->rows; r++, x += s->length, y += s->length) {
        double mean = 0, square = 0;

        for (int64_t i = 0; i < s->length; i++) mean += x[i];
        mean /= (double)s->length;
        for (int64_t i = 0; i < s->length; i++)
            square += (x[i] - mean) * (x[i] - mean);
        factor[r] = (float)(1 / (sqrt(square / (double)s->length) + s->eps));
        for (int64_t i = 0; i < s->length; i++)
            y[i] = (float)(x[i] - mean) * factor[r];
    }
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_standardize *s = op->params;
    const float *y = crema_in(op, 0), *factor = crema_in(op, 1);
    const float *dy = crema_in(op, 2);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t r = 0; r < s->rows; r++) {
        double mean = 0, dot = 0;

        for (int64_t i = 0; i < s->length; i++) {
            mean += dy[i];
            dot += (double)dy[i] * y[i];
        }
        mean /= (double)s->length;
        dot /= (double)s->length;
        for (int64_t i = 0; i < s->length; i++)
            dx[i] = (float)(dy[i] - mean - y[i] * dot) * factor[r];
        y += s->length;
        dy += s->length;
        dx += s->length;
    }
    return CREMA_OK;
}

/* x -> y f */
const struct crema_op_type crema_op_standardize = {
    .name = "standardize",
    .params_size = sizeof(struct crema_standardize),
    .gradient = gradient,
    .ref = ref,
};

/* y f dy -> dx */
const struct crema_op_type crema_op_standardize_bwd = {
    .name = "standardize_bwd",
    .params_size = sizeof(struct crema_standardize),
    .ref = ref_bwd,
};
