/* fuse.c - element by element, what can be done while another op has the
 * elements at hand.
 *
 *   a ReLU behind an op whose backend can do it
 *   the sum of a batch norm's result and another tensor, in the batch norm
 *   the sum of two gradients that come back to an activation, in its gradient
 */
#include "device/ops/params.h"
#include "device/ops/unary.h"
#include "device/program/passes.h"

/* The only op that reads t; NULL when there are none or more, or when the host
 * may look at t. */
static struct crema_op *only_reader(const struct crema_program *p,
                                    const struct crema_tensor *t)
{
    struct crema_op *found = NULL;

    if (t->role != CREMA_VALUE || t->keep || crema_program_watches(p, t))
        return NULL;
    for (int i = 0; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            if (p->op[i]->in[k] != t) continue;
            if (found) return NULL;
            found = p->op[i];
        }
    return found;
}

struct crema_op *crema_program_follower(const struct crema_program *p,
                                        const struct crema_op *op)
{
    struct crema_tensor *y = op->nout ? op->out[0] : NULL;

    /* A gradient given for y from outside would be lost. */
    if (!y || op->relu || (y->parts && !y->grad)) return NULL;
    return only_reader(p, y);
}

static void leave(struct crema_program *p, const struct crema_op *op)
{
    int i = 0;

    while (p->op[i] != op) i++;
    crema_program_drop(p, i);
}

void crema_program_absorb(struct crema_program *p, struct crema_op *op,
                          struct crema_op *next)
{
    op->out[0] = next->out[0];
    leave(p, next);
}

bool crema_op_is_relu(const struct crema_op *op)
{
    const struct crema_unary_params *u = op->params;

    return op->type == &crema_op_unary_zero && u->formula == CREMA_UNARY_relu &&
           u->p[0] == 0;
}

bool crema_program_fuses_relu(const struct crema_program *p,
                              const struct crema_op *op)
{
    const struct crema_backend *const *b = p->dev->type->backends;

    for (; *b; b++)
        if ((*b)->fuses_relu && (*b)->fuses_relu(op)) return true;
    return false;
}

static void fuse_relu(struct crema_program *p, struct crema_op *op)
{
    struct crema_op *next;

    if (op->relu || !crema_program_fuses_relu(p, op)) return;
    next = crema_program_follower(p, op);
    if (!next || !crema_op_is_relu(next)) return;
    crema_program_absorb(p, op, next);
    op->relu = true;
}

/* x + y of two tensors. */
static bool is_plain_sum(const struct crema_op *op)
{
    const struct crema_sum *s = op->params;

    return op->type == &crema_op_sum && op->nin == 2 && s->coeff[0] == 1 &&
           s->coeff[1] == 1;
}

/* Some op before op[end] writes t, or none has to. */
static bool is_there(const struct crema_program *p,
                     const struct crema_tensor *t, int end)
{
    if (t->role != CREMA_VALUE) return true;
    for (int i = 0; i < end; i++)
        for (int k = 0; k < p->op[i]->nout; k++)
            if (p->op[i]->out[k] == t) return true;
    return false;
}

static void fuse_sum(struct crema_program *p, int i)
{
    struct crema_op *op = p->op[i], *sum;
    struct crema_tensor *other;

    if (op->type != &crema_op_batch_norm || op->in[3]) return;
    sum = crema_program_follower(p, op);
    if (!sum || !is_plain_sum(sum)) return;
    if (sum->relu && !crema_program_fuses_relu(p, op)) return;
    other = sum->in[sum->in[0] == op->out[0]];
    if (!is_there(p, other, i)) return;
    op->in[3] = other;
    op->relu = sum->relu;
    crema_program_absorb(p, op, sum);
}

static void fuse_gradients(struct crema_program *p, struct crema_op *sum)
{
    struct crema_op *op;

    if (!is_plain_sum(sum) || sum->relu) return;
    op = crema_program_follower(p, sum);
    if (!op || op->type != &crema_op_unary_bwd || op->in[1] != sum->out[0] ||
        op->in[2])
        return;
    op->in[1] = sum->in[0];
    op->in[2] = sum->in[1];
    leave(p, sum);
}

void crema_pass_fuse(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++) fuse_relu(p, p->op[i]);
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++) fuse_sum(p, i);
    for (int i = p->nops - 1; i >= p->end[CREMA_FORWARD]; i--)
        fuse_gradients(p, p->op[i]);
}
