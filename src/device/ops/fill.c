/* fill.c - a tensor whose every element is one value. */
#include "device/op.h"

struct crema_tensor *crema_fill(struct crema_program *p,
                                const struct crema_shape *shape, float value)
{
    struct crema_op *op =
        crema_op_record(p, &crema_op_fill, &value, 0, NULL, 1, shape);

    return op ? op->out[0] : NULL;
}

struct crema_tensor *crema_fill_times(struct crema_program *p,
                                      const struct crema_shape *shape,
                                      float value, struct crema_tensor *times)
{
    struct crema_op *op;

    if (!times) return NULL;
    op = crema_op_record(p, &crema_op_fill, &value, 1, &times, 1, shape);
    return op ? op->out[0] : NULL;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const float *times = crema_in(op, 0);
    float value = *(const float *)op->params * (times ? times[0] : 1);
    float *y = crema_out(op, 0);
    int64_t count = crema_shape_count(&op->out[0]->shape);

    (void)ctx;
    for (int64_t i = 0; i < count; i++) y[i] = value;
    return CREMA_OK;
}

/* [times] -> y */
const struct crema_op_type crema_op_fill = {
    .name = "fill",
    .params_size = sizeof(float),
    .ref = ref,
};
