/* merge.c - a scale behind a batch norm becomes part of it, and so does the
 * ReLU behind the two.
 *
 * This is done before gradients are taken, so that backward is that of the
 * merged op: two passes over memory instead of six.  What is kept or watched by
 * then stays.
 */
#include "device/ops/params.h"
#include "device/program/passes.h"

/* One number a channel, known when the batch norm runs. */
static bool by_channel(const struct crema_op *op)
{
    const struct crema_along *params = op->params;

    if (op->type != &crema_op_scale || params->axis != 1) return false;
    for (int k = 1; k < 3; k++)
        if (op->in[k] &&
            (op->in[k]->shape.ndims != 1 || op->in[k]->role != CREMA_PARAM))
            return false;
    return true;
}

/* s: the index of the input that a scale becomes. */
static void merge(struct crema_program *p, struct crema_op *op, int s)
{
    struct crema_op *next = crema_program_follower(p, op);

    if (next && by_channel(next) && next->in[0] == op->out[0]) {
        op->in[s] = next->in[1];
        op->in[s + 1] = next->in[2];
        crema_program_absorb(p, op, next);
        next = crema_program_follower(p, op);
    }
    if (next && crema_op_is_relu(next) && crema_program_fuses_relu(p, op)) {
        crema_program_absorb(p, op, next);
        op->relu = true;
    }
}

void crema_pass_merge(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++) {
        if (p->op[i]->type == &crema_op_batch_norm) merge(p, p->op[i], 1);
        if (p->op[i]->type == &crema_op_batch_norm_global)
            merge(p, p->op[i], 4);
    }
}
