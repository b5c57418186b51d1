/* loss_ring.c - the totals of the last forward passes, kept on the device.
 *
 *   t = sum of weight[i] loss[i]
 *   ring[1 + step % n] = t;  ring[0] = 1 if t is not finite
 */
#include "device/formula/ring.h"
#include "device/ops/params.h"

void crema_loss_ring(struct crema_program *p, int n,
                     struct crema_tensor *const *loss, const float *weight)
{
    struct crema_tensor *in[2 + CREMA_RING_LOSSES];
    struct crema_ring_weights w = { { 0 } };

    if (p->ring || n < 1 || n > CREMA_RING_LOSSES) return;
    for (int i = 0; i < n; i++) {
        if (!loss[i] || crema_shape_count(&loss[i]->shape) != 1) return;
        in[2 + i] = loss[i];
        w.weight[i] = weight[i];
    }
    p->ring = crema_program_input(p, &CREMA_SHAPE(1 + CREMA_RING), CREMA_F32);
    in[0] = p->ring;
    in[1] = p->step;
    crema_op_record(p, &crema_op_loss_ring, &w, 2 + n, in, 0, NULL);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_ring_weights *w = op->params;
    const uint32_t *step = op->in[1]->data;
    struct crema_ring_sum sum = { 0 };

    (void)ctx;
    for (int i = 2; i < op->nin; i++)
        crema_ring_add(&sum, w->weight[i - 2], *crema_in(op, i));
    crema_ring_note(op->in[0]->data, CREMA_RING, *step, &sum);
    return CREMA_OK;
}

/* ring! step loss[n] */
const struct crema_op_type crema_op_loss_ring = {
    .name = "loss_ring",
    .params_size = sizeof(struct crema_ring_weights),
    .mutates = 1u << 0,
    .ref = ref,
};
