/* fold.c - in TEST, a batch norm by statistics that alone reads a convolution's
 * or inner product's result goes into its weights and bias.
 *
 *   a, c = what the batch norm comes down to: Y = X a + c, for each output
 *   W'   = W a, b' = c
 *
 * The ops that compute these read params alone, so that they run only when one
 * has changed (constants.c).
 */
#include "device/ops/params.h"
#include "device/program/passes.h"

/* Only params that this program leaves as they are stand still. */
static bool still(const struct crema_program *p, const struct crema_tensor *t)
{
    return !t || (t->role == CREMA_PARAM && !crema_program_changes(p, t));
}

/* The batch norm that can go into op; NULL: there is none. */
static struct crema_op *foldable(const struct crema_program *p,
                                 const struct crema_op *op)
{
    struct crema_op *norm;

    if (op->type != &crema_op_conv && op->type != &crema_op_inner_product)
        return NULL;
    norm = crema_program_follower(p, op);
    if (!norm || norm->type != &crema_op_batch_norm_global ||
        norm->in[0] != op->out[0])
        return NULL;
    if (norm->relu && !crema_program_fuses_relu(p, op)) return NULL;
    for (int k = 1; k < norm->nin; k++)
        if (!still(p, norm->in[k])) return NULL;
    return still(p, op->in[1]) && still(p, op->in[2]) ? norm : NULL;
}

/* The axis of W that counts outputs. */
static int output_axis(const struct crema_op *op)
{
    const struct crema_inner_product *ip = op->params;

    return op->type == &crema_op_inner_product && ip->transposed ? 1 : 0;
}

/* Ops recorded since there were n move to where op[to] is. */
static void move_up(struct crema_program *p, int n, int to)
{
    int added = p->nops - n;

    for (int i = n; i < p->nops; i++, to++) {
        struct crema_op *op = p->op[i];

        for (int k = i; k > to; k--) p->op[k] = p->op[k - 1];
        p->op[to] = op;
    }
    for (int s = 0; s < CREMA_STAGES; s++) p->end[s] += added;
}

static void fold(struct crema_program *p, int i, struct crema_op *norm)
{
    struct crema_op *op = p->op[i], *affine;
    struct crema_tensor *in[6] = { norm->in[1], norm->in[2], norm->in[3],
                                   norm->in[4], norm->in[5], op->in[2] };
    const struct crema_shape shapes[2] = { norm->in[1]->shape,
                                           norm->in[1]->shape };
    int n = p->nops;

    p->layer = op->layer;
    p->storage = p->grad_storage = CREMA_F32;
    affine = crema_op_record(p, &crema_op_batch_norm_affine, norm->params, 6,
                             in, 2, shapes);
    if (!affine) return;
    op->in[1] =
        crema_scale(p, output_axis(op), op->in[1], affine->out[0], NULL);
    op->in[2] = affine->out[1];
    op->relu = norm->relu;
    crema_program_absorb(p, op, norm);
    move_up(p, n - 1, i); /* the batch norm has left */
}

enum crema_status crema_pass_fold(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD] && !p->failed; i++) {
        struct crema_op *norm = foldable(p, p->op[i]);

        if (norm) fold(p, i, norm);
    }
    return p->failed ? p->ctx->status : CREMA_OK;
}
