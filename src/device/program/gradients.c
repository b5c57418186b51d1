/* gradients.c - backward from forward: one rule per op, walked in reverse.
 *
 * A tensor read by several ops gets several contributions to its gradient;
 * they are summed when its own producer is reached (Caffe's Split) or, for
 * weights, at the end (shared weights).  Each contribution is a tensor of its
 * own, so no op ever needs an "accumulate" flag.
 */
#include "device/program/passes.h"

struct crema_tensor *crema_grad_part(struct crema_program *p,
                                     struct crema_tensor *x)
{
    struct crema_tensor *dx;

    if (!x || !x->needs_grad) return NULL;
    dx = crema_program_value(p, &x->shape);
    if (!dx) return NULL;
    dx->sibling = x->parts;
    return x->parts = dx;
}

void crema_program_seed(struct crema_program *p, struct crema_tensor *y,
                        struct crema_tensor *dy)
{
    struct crema_tensor *part;

    if (!y || !dy || !y->needs_grad) return;
    part = crema_view(p, &y->shape, dy);
    if (part == dy) part = crema_detach(p, dy); /* siblings need a link */
    if (!part) return;
    part->sibling = y->parts;
    y->parts = part;
}

/* The sum of all contributions; NULL when there are none. */
static void total(struct crema_program *p, struct crema_tensor *x)
{
    while (x->parts && x->parts->sibling) {
        struct crema_tensor *pair[2] = { x->parts, x->parts->sibling };
        struct crema_tensor *sum = crema_sum(p, 2, pair, NULL);

        if (!sum) return;
        sum->sibling = pair[1]->sibling;
        x->parts = sum;
    }
    x->grad = x->parts;
}

static void differentiate(struct crema_program *p, struct crema_op *op)
{
    bool flows = false, wanted = false;

    p->layer = op->layer;
    p->storage = p->grad_storage = op->grad_storage;
    for (int i = 0; i < op->nout; i++) {
        if (!op->out[i]) continue;
        total(p, op->out[i]);
        flows |= op->out[i]->grad != NULL;
    }
    for (int i = 0; i < op->nin; i++)
        wanted |= op->in[i] && op->in[i]->needs_grad;
    if (flows && wanted && op->type->gradient) op->type->gradient(p, op);
}

enum crema_status crema_program_differentiate(struct crema_program *p)
{
    if (p->fuse && !p->failed) crema_pass_merge(p);
    for (int i = p->end[CREMA_FORWARD] - 1; i >= 0 && !p->failed; i--)
        differentiate(p, p->op[i]);
    p->storage = p->grad_storage = CREMA_F32;
    for (struct crema_tensor *t = p->tensors; t && !p->failed; t = t->next)
        if (t->role != CREMA_VALUE) total(p, t);
    crema_program_end(p, CREMA_BACKWARD);
    return p->failed ? p->ctx->status : CREMA_OK;
}
