/* fuse.c - a ReLU behind a convolution or inner product runs inside it. */
#include "device/ops/unary.h"
#include "device/program/passes.h"

/* The index of the only op that reads t; -1 when there are none or more. */
static int only_reader(const struct crema_program *p,
                       const struct crema_tensor *t, int from)
{
    int found = -1;

    for (int i = from; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            if (p->op[i]->in[k] != t) continue;
            if (found >= 0) return -1;
            found = i;
        }
    return found;
}

static bool is_relu(const struct crema_op *op)
{
    const struct crema_unary_params *u = op->params;

    return op->type == &crema_op_unary_zero && u->formula == CREMA_UNARY_relu &&
           u->p[0] == 0;
}

static bool accepted(const struct crema_program *p, struct crema_op *op)
{
    const struct crema_backend *first = p->dev->type->backends[0];

    return first && first->fuses_relu && first->fuses_relu(op);
}

enum crema_status crema_pass_fuse(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++) {
        struct crema_op *op = p->op[i];
        struct crema_tensor *y = op->nout ? op->out[0] : NULL;
        int reader;

        if (op->type != &crema_op_conv && op->type != &crema_op_inner_product)
            continue;
        if (y->keep || crema_program_watches(p, y)) continue;
        reader = only_reader(p, y, i + 1);
        if (reader < 0 || !is_relu(p->op[reader]) || !accepted(p, op)) continue;
        op->relu = true;
        op->out[0] = p->op[reader]->out[0];
        crema_program_drop(p, reader);
    }
    return CREMA_OK;
}
