/* eltwise.c - sum, product and maximum of tensors of one shape.
 *
 *   sum      Y = sum of c[i] X[i]          dX[i] = c[i] dY
 *   product  Y = product of X[i]           dX[i] = dY (product of the others)
 *                                       or dX[i] = dY Y / X[i]
 *   maximum  Y = max of X[i]               dX[i] = dY where X[i] won, else 0
 */
#include "device/ops/params.h"

/* The shapes agree and are at least one. */
static bool same_shapes(struct crema_program *p, const char *what, int n,
                        struct crema_tensor *const *x)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];

    for (int i = 0; i < n; i++) {
        if (!x[i]) return false;
        if (crema_shape_equal(&x[i]->shape, &x[0]->shape)) continue;
        crema_op_refuse(p, "%s of blobs of different shape, %s and %s", what,
                        crema_shape_text(&x[0]->shape, a),
                        crema_shape_text(&x[i]->shape, b));
        return false;
    }
    return n > 0;
}

static struct crema_tensor *record(struct crema_program *p,
                                   const struct crema_op_type *type,
                                   const void *params, int n,
                                   struct crema_tensor *const *x)
{
    struct crema_op *op;

    if (!same_shapes(p, type->name, n, x)) return NULL;
    op = crema_op_record(p, type, params, n, x, 1, &x[0]->shape);
    return op ? op->out[0] : NULL;
}

static int64_t count(const struct crema_op *op)
{
    return crema_shape_count(&op->in[0]->shape);
}

/* ---- sum --------------------------------------------------------------- */

struct crema_tensor *crema_sum(struct crema_program *p, int n,
                               struct crema_tensor *const *x,
                               const float *coeff)
{
    struct crema_sum s = { { 0 } };

    for (int i = 0; i < n && i < CREMA_MAX_PORTS; i++)
        s.coeff[i] = coeff ? coeff[i] : 1.0f;
    return record(p, &crema_op_sum, &s, n, x);
}

static void sum_gradient(struct crema_program *p, struct crema_op *op)
{
    const struct crema_sum *s = op->params;
    struct crema_tensor *dy = op->out[0]->grad;

    for (int i = 0; i < op->nin; i++) {
        struct crema_tensor *dx = crema_grad_part(p, op->in[i]);
        struct crema_sum scaled = { { s->coeff[i] } };

        if (!dx) continue;
        if (s->coeff[i] == 1.0f)
            crema_op_record_into(p, &crema_op_view, NULL, 1, &dy, 1, &dx, op);
        else
            crema_op_record_into(p, &crema_op_sum, &scaled, 1, &dy, 1, &dx, op);
    }
}

static enum crema_status sum_ref(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_sum *s = op->params;
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t j = 0; j < count(op); j++) {
        float sum = 0;

        for (int i = 0; i < op->nin; i++)
            sum += s->coeff[i] * crema_in(op, i)[j];
        y[j] = sum;
    }
    return CREMA_OK;
}

/* ---- product ----------------------------------------------------------- */

struct crema_tensor *crema_product(struct crema_program *p, int n,
                                   struct crema_tensor *const *x, bool stable)
{
    struct crema_product params = { stable };

    return record(p, &crema_op_product, &params, n, x);
}

static void product_gradient(struct crema_program *p, struct crema_op *op)
{
    const struct crema_product *params = op->params;
    struct crema_tensor *in[CREMA_MAX_PORTS + 2], *dx[CREMA_MAX_PORTS];
    int n = op->nin;

    for (int i = 0; i < n; i++) {
        in[i] = op->in[i];
        dx[i] = crema_grad_part(p, op->in[i]);
    }
    in[n] = params->stable ? NULL : op->out[0];
    in[n + 1] = op->out[0]->grad;
    crema_op_record_into(p, &crema_op_product_bwd, params, n + 2, in, n, dx,
                         op);
}

/* Product of x[i][j] over all i but one; `but` -1: over all. */
static float product_of(const struct crema_op *op, int n, int but, int64_t j)
{
    float product = 1;

    for (int i = 0; i < n; i++)
        if (i != but) product *= crema_in(op, i)[j];
    return product;
}

static enum crema_status product_ref(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t j = 0; j < count(op); j++)
        y[j] = product_of(op, op->nin, -1, j);
    return CREMA_OK;
}

static enum crema_status product_ref_bwd(struct crema_ctx *ctx,
                                         const struct crema_op *op)
{
    int n = op->nout;
    const float *y = crema_in(op, n), *dy = crema_in(op, n + 1);

    (void)ctx;
    for (int i = 0; i < n; i++) {
        const float *x = crema_in(op, i);
        float *dx = crema_out(op, i);

        for (int64_t j = 0; dx && j < count(op); j++)
            dx[j] = dy[j] * (y ? y[j] / x[j] : product_of(op, n, i, j));
    }
    return CREMA_OK;
}

/* ---- maximum ----------------------------------------------------------- */

struct crema_tensor *crema_maximum(struct crema_program *p, int n,
                                   struct crema_tensor *const *x)
{
    return record(p, &crema_op_maximum, NULL, n, x);
}

static void maximum_gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[CREMA_MAX_PORTS + 1], *dx[CREMA_MAX_PORTS];
    int n = op->nin;

    for (int i = 0; i < n; i++) {
        in[i] = op->in[i];
        dx[i] = crema_grad_part(p, op->in[i]);
    }
    in[n] = op->out[0]->grad;
    crema_op_record_into(p, &crema_op_maximum_bwd, NULL, n + 1, in, n, dx, op);
}

/* Which of n inputs is the largest at j.  Of equal ones the second wins over
 * the first, and any later one loses. */
static int winner(const struct crema_op *op, int n, int64_t j)
{
    int best = n > 1 && !(crema_in(op, 0)[j] > crema_in(op, 1)[j]);

    for (int i = 2; i < n; i++)
        if (crema_in(op, i)[j] > crema_in(op, best)[j]) best = i;
    return best;
}

static enum crema_status maximum_ref(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t j = 0; j < count(op); j++)
        y[j] = crema_in(op, winner(op, op->nin, j))[j];
    return CREMA_OK;
}

static enum crema_status maximum_ref_bwd(struct crema_ctx *ctx,
                                         const struct crema_op *op)
{
    int n = op->nout;
    const float *dy = crema_in(op, n);

    (void)ctx;
    for (int64_t j = 0; j < count(op); j++) {
        int best = winner(op, n, j);

        for (int i = 0; i < n; i++)
            if (crema_out(op, i)) crema_out(op, i)[j] = i == best ? dy[j] : 0;
    }
    return CREMA_OK;
}

/* x[n] -> y */
const struct crema_op_type crema_op_sum = {
    .name = "sum",
    .params_size = sizeof(struct crema_sum),
    .overwrites = 1,
    .elementwise = true,
    .keeps_zero = true,
    .gradient = sum_gradient,
    .ref = sum_ref,
};

/* x[n] -> y */
const struct crema_op_type crema_op_product = {
    .name = "product",
    .params_size = sizeof(struct crema_product),
    .overwrites = 1,
    .elementwise = true,
    .keeps_zero = true,
    .gradient = product_gradient,
    .ref = product_ref,
};

/* x[n] [y] dy -> [dx][n]; y is there when the gradient is dY Y / X */
const struct crema_op_type crema_op_product_bwd = {
    .name = "product_bwd",
    .params_size = sizeof(struct crema_product),
    .elementwise = true,
    .ref = product_ref_bwd,
};

/* x[n] -> y */
const struct crema_op_type crema_op_maximum = {
    .name = "maximum",
    .overwrites = 1,
    .elementwise = true,
    .keeps_zero = true,
    .gradient = maximum_gradient,
    .ref = maximum_ref,
};

/* x[n] dy -> [dx][n] */
const struct crema_op_type crema_op_maximum_bwd = {
    .name = "maximum_bwd",
    .elementwise = true,
    .keeps_zero = true,
    .ref = maximum_ref_bwd,
};
