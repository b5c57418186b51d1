/* softmax.c - Y = exp(X) / sum of exp(X) along one axis, and its gradient.
 *
 *   dX = Y (dY - sum of dY Y)
 */
#include "device/ops/labels.h"

#include <math.h>

struct crema_tensor *crema_softmax(struct crema_program *p, int axis,
                                   struct crema_tensor *x)
{
    struct crema_along params = { axis };
    struct crema_op *op;
    char text[CREMA_SHAPE_TEXT];

    if (!x) return NULL;
    if (axis < 0 || axis >= x->shape.ndims)
        return crema_op_refuse(p, "a blob of %s has no axis %d",
                               crema_shape_text(&x->shape, text), axis);
    op = crema_op_record(p, &crema_op_softmax, &params, 1, &x, 1, &x->shape);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[2] = { op->out[0], op->out[0]->grad };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_softmax_bwd, op->params, 2, in, 1,
                             &dx, op);
}

void crema_softmax_column(const float *x, int64_t length, int64_t step,
                          float *y)
{
    float most = x[0];
    double sum = 0;

    for (int64_t i = 1; i < length; i++)
        if (x[i * step] > most) most = x[i * step];
    for (int64_t i = 0; i < length; i++) sum += exp((double)x[i * step] - most);
    for (int64_t i = 0; i < length; i++)
        y[i * step] = (float)(exp((double)x[i * step] - most) / sum);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_along *params = op->params;
    struct crema_sides s = crema_sides(&op->in[0]->shape, params->axis);

    (void)ctx;
    for (int64_t i = 0; s.length && i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.length * s.inner + i % s.inner;

        crema_softmax_column(crema_in(op, 0) + at, s.length, s.inner,
                             crema_out(op, 0) + at);
    }
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_along *params = op->params;
    struct crema_sides s = crema_sides(&op->in[0]->shape, params->axis);
    const float *y = crema_in(op, 0), *dy = crema_in(op, 1);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.length * s.inner + i % s.inner;
        double dot = 0;

        for (int64_t c = 0; c < s.length; c++)
            dot += (double)dy[at + c * s.inner] * y[at + c * s.inner];
        for (int64_t c = 0; c < s.length; c++)
            dx[at + c * s.inner] =
                y[at + c * s.inner] * (dy[at + c * s.inner] - (float)dot);
    }
    return CREMA_OK;
}

/* x -> y */
const struct crema_op_type crema_op_softmax = {
    .name = "softmax",
    .params_size = sizeof(struct crema_along),
    .gradient = gradient,
    .ref = ref,
};

/* y dy -> dx */
const struct crema_op_type crema_op_softmax_bwd = {
    .name = "softmax_bwd",
    .params_size = sizeof(struct crema_along),
    .ref = ref_bwd,
};
