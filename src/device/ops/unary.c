/* unary.c - Y = f(X) and dX = dY f'(X, Y), element by element. */
#include "device/ops/unary.h"

#include "device/formula/unary.h"
#include "device/ops/params.h"

/* A formula as loops. */
struct loops {
    enum crema_reads reads; /* what backward gets: x or y */
    bool keeps_zero;
    /* y[0..n) from x; both may be the same memory */
    void (*forward)(const float *p, int64_t n, const float *x, float *y);
    /* dx from v (x or y, see reads) and dy; dx may be dy's memory */
    void (*backward)(const float *p, int64_t n, const float *v, const float *dy,
                     float *dx);
};

#define X(name, reads, keeps_zero)                                             \
    static void name##_forward(const float *p, int64_t n, const float *x,      \
                               float *y)                                       \
    {                                                                          \
        for (int64_t i = 0; i < n; i++) y[i] = crema_##name##_value(p, x[i]);  \
    }                                                                          \
    static void name##_backward(const float *p, int64_t n, const float *v,     \
                                const float *dy, float *dx)                    \
    {                                                                          \
        for (int64_t i = 0; i < n; i++)                                        \
            dx[i] = dy[i] * crema_##name##_slope(p, v[i], v[i]);               \
    }
#include "device/formula/list.h"
#undef X

#define X(name, reads, keeps_zero)                                             \
    { reads, keeps_zero, name##_forward, name##_backward },
static const struct loops loops[CREMA_UNARY_FORMULAS] = {
#include "device/formula/list.h"
};
#undef X

struct crema_tensor *crema_unary(struct crema_program *p,
                                 enum crema_unary_formula formula,
                                 const float numbers[CREMA_FORMULA_NUMBERS],
                                 struct crema_tensor *x)
{
    struct crema_unary_params u = { .formula = formula };
    const struct crema_op_type *type =
        loops[formula].keeps_zero ? &crema_op_unary_zero : &crema_op_unary;
    struct crema_op *op;

    if (!x) return NULL;
    for (int i = 0; i < CREMA_FORMULA_NUMBERS && numbers; i++)
        u.p[i] = numbers[i];
    op = crema_op_record(p, type, &u, 1, &x, 1, &x->shape);
    return op ? op->out[0] : NULL;
}

static const struct loops *loops_of(const struct crema_op *op)
{
    const struct crema_unary_params *u = op->params;

    return &loops[u->formula];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *in[3] = {
        loops_of(op)->reads == CREMA_READS_Y ? op->out[0] : op->in[0],
        op->out[0]->grad,
    };

    if (dx)
        crema_op_record_into(p, &crema_op_unary_bwd, op->params, 3, in, 1, &dx,
                             op);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_unary_params *u = op->params;

    (void)ctx;
    loops_of(op)->forward(u->p, crema_shape_count(&op->out[0]->shape),
                          crema_in(op, 0), crema_out(op, 0));
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_unary_params *u = op->params;
    int64_t n = crema_shape_count(&op->out[0]->shape);
    const float *dy = crema_in(op, 1), *more = crema_in(op, 2);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; more && i < n; i++) dx[i] = dy[i] + more[i];
    loops_of(op)->backward(u->p, n, crema_in(op, 0), more ? dx : dy, dx);
    if (op->nout > 1)
        crema_sum_channels(&op->out[0]->shape, dx, crema_out(op, 1));
    return CREMA_OK;
}

/* x -> y */
const struct crema_op_type crema_op_unary = {
    .name = "unary",
    .params_size = sizeof(struct crema_unary_params),
    .overwrites = 1,
    .elementwise = true,
    .gradient = gradient,
    .ref = ref,
};

/* x -> y, where f(0) = 0 */
const struct crema_op_type crema_op_unary_zero = {
    .name = "unary",
    .params_size = sizeof(struct crema_unary_params),
    .overwrites = 1,
    .elementwise = true,
    .keeps_zero = true,
    .gradient = gradient,
    .ref = ref,
};

/* x or y, dy [dy] -> dx [db]: dy, which may come in two parts (program/fuse.c),
 * is 0 in the padding, and so is dx; db are dx's sums over all but its
 * channels, for a bias (program/chain.c) */
const struct crema_op_type crema_op_unary_bwd = {
    .name = "unary_bwd",
    .params_size = sizeof(struct crema_unary_params),
    .overwrites = 2,
    .elementwise = true,
    .keeps_zero = true,
    .gradient = NULL,
    .ref = ref_bwd,
};
