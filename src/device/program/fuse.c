/* fuse.c - a ReLU behind an op whose backend can do it runs inside that op. */
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

void crema_program_absorb(struct crema_program *p, struct crema_op *op,
                          struct crema_op *next)
{
    int i = 0;

    while (p->op[i] != next) i++;
    op->out[0] = next->out[0];
    crema_program_drop(p, i);
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

void crema_pass_fuse(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++) fuse_relu(p, p->op[i]);
}
