/* chain.c - what stands in front of a maximum pooling, and its gradients.
 *
 *   ReLU         an element that a window picked is above 0 where the pooled
 *                value is: the gradient passes the ReLU before it is spread
 *                over the plane, and forward's result need not live on for it
 *   LRN, ReLU    their gradients go into the pooling's, where the backend can,
 *   bias         and so do the sums that a convolution's bias wants, which an
 *                activation's gradient takes, too
 *   LRN          goes into the pooling itself, once its gradient is no op any
 *                more, or in TEST: its result is not stored
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
        if ((*b)->fuses_others && (*b)->fuses_others(op)) return true;
    return false;
}

/* The pooling's params with those of an LRN; NULL: two ops have to do. */
static struct crema_pool_params *with_lrn(struct crema_program *p,
                                          const struct crema_op *pool,
                                          const struct crema_op *lrn)
{
    struct crema_pool_params *params =
        crema_arena_alloc(&p->arena, sizeof *params);

    if (!params) return NULL;
    *params = *(const struct crema_pool_params *)pool->params;
    params->lrn = *(const struct crema_lrn *)lrn->params;
    return params;
}

static void take_lrn(struct crema_program *p, struct crema_op *op)
{
    struct crema_op *next = crema_program_follower(p, op);
    struct crema_pool_params *params;

    if (!fits(op, next) || next->type != &crema_op_lrn_bwd) return;
    params = with_lrn(p, op, next);
    if (!params) return;
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
    op->out[1] = conv->out[1]; /* out[] has a place more than a record fills */
    op->nout = 2;
    conv->out[1] = NULL;
}

static void chain_pooling(struct crema_program *p, int i)
{
    struct crema_op *op = p->op[i];
    const struct crema_pool_params *params = op->params;

    if (params->pool.method != CREMA_POOL_MAX) return;
    swap_relu(p, i);
    if (p->op[i] != op || !takes_others(p, op)) return;
    take_lrn(p, op);
    take_bias(p, op);
}

/* ---- forward --------------------------------------------------------------
 */

static bool is_read(const struct crema_program *p, const struct crema_tensor *t)
{
    for (int i = 0; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nin; k++)
            if (p->op[i]->in[k] == t) return true;
    return false;
}

/* op[i], an LRN, leaves the list where the pooling behind it takes it in; what
 * it leaves for a gradient of its own nobody may want then. */
static bool enter_pooling(struct crema_program *p, int i)
{
    struct crema_op *lrn = p->op[i], *pool = crema_program_follower(p, lrn);
    const struct crema_pool_params *params = pool ? pool->params : NULL;

    if (!pool || pool->type != &crema_op_pool ||
        params->pool.method != CREMA_POOL_MAX ||
        pool->storage != lrn->storage || is_read(p, lrn->out[1]) ||
        !takes_others(p, pool))
        return false;
    params = with_lrn(p, pool, lrn);
    if (!params) return false;
    pool->params = params;
    pool->in[0] = lrn->in[0];
    crema_program_drop(p, i);
    return true;
}

void crema_pass_chain(struct crema_program *p)
{
    for (int i = p->end[CREMA_FORWARD]; i < p->nops; i++) {
        struct crema_op *op = p->op[i];

        if (op->type == &crema_op_pool_bwd)
            chain_pooling(p, i);
        else if (op->type == &crema_op_unary_bwd && takes_others(p, op))
            take_bias(p, op);
    }
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++)
        if (p->op[i]->type == &crema_op_lrn) i -= enter_pooling(p, i);
}
