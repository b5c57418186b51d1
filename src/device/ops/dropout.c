/* dropout.c - Y = X mask / (1 - ratio); the same op gives dX of dY.
 *
 * The mask is a function of seed, stream, step and the element's index alone:
 * it is never stored, backward draws it again.
 */
#include "device/formula/dropout.h"
#include "device/ops/params.h"

struct crema_tensor *crema_dropout(struct crema_program *p, float ratio,
                                   uint32_t seed, uint32_t stream,
                                   struct crema_tensor *x)
{
    struct crema_dropout d = { .seed = seed, .stream = stream };
    struct crema_tensor *in[2] = { x, p->step };
    struct crema_op *op;

    if (!x) return NULL;
    if (!(ratio >= 0 && ratio < 1))
        return crema_op_refuse(p, "dropout ratio %g is not in [0, 1)",
                               (double)ratio);
    if (!p->train) return x;
    d.threshold = (uint32_t)((double)ratio * 4294967296.0);
    d.scale = 1.0f / (1.0f - ratio);
    op = crema_op_record(p, &crema_op_dropout, &d, 2, in, 1, &x->shape);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[2] = { op->out[0]->grad, op->in[1] };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_dropout, op->params, 2, in, 1, &dx,
                             op);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_dropout *d = op->params;
    int64_t count = crema_shape_count(&op->out[0]->shape);
    uint32_t step = *(const uint32_t *)op->in[1]->data;
    const float *x = crema_in(op, 0);
    float *y = crema_out(op, 0);
    struct crema_philox bits = { { 0 } };

    (void)ctx;
    for (int64_t i = 0; i < count; i++) {
        if (i % 4 == 0)
            bits =
                crema_dropout_bits(d->seed, d->stream, step, (uint64_t)i / 4);
        y[i] = crema_dropout_value(bits.v[i % 4], d->threshold, d->scale, x[i]);
    }
    return CREMA_OK;
}

/* x step -> y, and dy step -> dx */
const struct crema_op_type crema_op_dropout = {
    .name = "dropout",
    .params_size = sizeof(struct crema_dropout),
    .overwrites = 1,
    .gradient = gradient,
    .ref = ref,
};
