/* chain.c - the gradients of what stands in front of a maximum pooling.
 *
 *   ReLU         an element that a window picked is above 0 where the pooled
 *                value is: the gradient passes the ReLU before it is spread
 *                over the plane, and forward's result need not live on for it
 *   LRN, ReLU    their gradients go into the pooling's, where the backend can,
 *   bias         and so do the sums that a convolution's bias wants
 *
 * Only where no other op reads what lies between, nor the host.
 */
#include "device/ops/params.h"
#include "device/ops/unary.h"
#include "device/program/passes.h"

/* next, a gradient, reads what op writes as its dY and works on the same types.
 */
static bool fits(const struct crema_op *op, const struct crema_op *next)
{
    return next && next->forward && next->in[1] == op->out[0] &&
           next->storage == op->storage &&
           next->forward->storage == op->forward->storage;
}

/* The gradient of y = max(x, 0), which reads y. */
static bool is_relu_of(const struct crema_op *op, const struct crema_tensor *y)
{
    const struct crema_unary_params *u = op->params;

    return op->type == &crema_op_unary_bwd && u->formula == CREMA_UNARY_relu &&
           u->p[0] == 0 && op->in[0] == y && !op->in[2];
}

/* op[i] and next, which reads its result, change places. */
static void swap(struct crema_program *p, int i, struct crema_op *next)
{
    struct crema_op *op = p->op[i];
    struct crema_tensor *passed = crema_program_value(p, &op->in[0]->shape);
    int k = i;

    if (!passed) return;
    while (p->op[k] != next) k++;
    p->op[i] = next;
    p->op[k] = op;
    op->out[0] = next->out[0];
    next->out[0] = passed;
    next->in[0] = op->forward->out[0];
    next->in[1] = op->in[0];
    op->in[0] = passed;
}

static void swap_relu(struct crema_program *p, int i)
{
    struct crema_op *op = p->op[i], *next = crema_program_follower(p, op);

    if (fits(op, next) && is_relu_of(next, op->forward->in[0]) &&
        !op->forward->relu)
        swap(p, i, next);
}

/* The convolution's gradient that sums dy for its bias; or NULL. */
static struct crema_op *bias_of(const struct crema_program *p,
                                const struct crema_tensor *dy)
{
    for (int i = p->end[CREMA_FORWARD]; i < p->nops; i++)
        if (p->op[i]->type == &crema_op_conv_bwd_weights &&
            p->op[i]->in[1] == dy && p->op[i]->out[1])
            return p->op[i];
    return NULL;
}

/* The backend can run op with others in it. */
static bool takes_others(const struct crema_program *p,
                         const struct crema_op *op)
{
    const struct crema_backend *const *b = p->dev->type->backends;

    for (; *b; b++)
        if ((*b)->fuses_gradients && (*b)->fuses_gradients(op)) return true;
    return false;
}

static void take_lrn(struct crema_program *p, struct crema_op *op)
{
    struct crema_op *next = crema_program_follower(p, op);
    struct crema_pool_params *params;

    if (!fits(op, next) || next->type != &crema_op_lrn_bwd) return;
    params = crema_arena_alloc(&p->arena, sizeof *params);
    if (!params) return; /* two ops will do */
    *params = *(const struct crema_pool_params *)op->params;
    params->lrn = *(const struct crema_lrn *)next->params;
    op->in[2] = next->in[0];
    crema_program_absorb(p, op, next);
    next = crema_program_follower(p, op);
    if (fits(op, next) && is_relu_of(next, op->in[2])) {
        params->passes = true;
        crema_program_absorb(p, op, next);
    }
    op->params = params;
}

static void take_bias(struct crema_program *p, struct crema_op *op)
{
    struct crema_op *conv = bias_of(p, op->out[0]);

    if (!conv) return;
    op->out[1] = conv->out[1];
    conv->out[1] = NULL;
}

void crema_pass_chain(struct crema_program *p)
{
    for (int i = p->end[CREMA_FORWARD]; i < p->nops; i++) {
        struct crema_op *op = p->op[i];
        const struct crema_pool_params *params = op->params;

        if (op->type != &crema_op_pool_bwd ||
            params->pool.method != CREMA_POOL_MAX)
            continue;
        swap_relu(p, i);
        if (p->op[i] != op || !takes_others(p, op)) continue;
        take_lrn(p, op);
        take_bias(p, op);
    }
}
