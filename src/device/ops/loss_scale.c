/* loss_scale.c - what gradients are multiplied with on their way, kept on the
 * device: formula/loss_scale.h.
 */
#include "device/ops/params.h"

struct crema_tensor *crema_loss_scale(struct crema_program *p,
                                      const struct crema_loss_scaling *s,
                                      struct crema_tensor *squares,
                                      struct crema_tensor *state)
{
    struct crema_tensor *in[3] = { squares, state, p->ring };
    const struct crema_shape scalar = { 0 };
    struct crema_op *op;

    if (!squares || !state) return NULL;
    op = crema_op_record(p, &crema_op_loss_scale, s, 3, in, 1, &scalar);
    return op ? op->out[0] : NULL;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const float *held = crema_in(op, 2);

    (void)ctx;
    *crema_out(op, 0) =
        held && *held != 0 ? -1.0f
                           : crema_loss_scale_step(op->params, *crema_in(op, 0),
                                                   op->in[1]->data);
    return CREMA_OK;
}

/* squares state! [ring] -> factor */
const struct crema_op_type crema_op_loss_scale = {
    .name = "loss_scale",
    .params_size = sizeof(struct crema_loss_scaling),
    .mutates = 1u << 1,
    .ref = ref,
};
