/* inner_product.c - the fully connected op and its gradients.
 *
 *   Y[m,n]  = sum over k of X[m,k] W[n,k] + b[n]
 *   dX[m,k] = sum over n of dY[m,n] W[n,k]
 *   dW[n,k] = sum over m of dY[m,n] X[m,k],  db[n] = sum over m of dY[m,n]
 *
 * Transposed, the weights lie as W[k,n].
 */
#include "device/ops/params.h"

static bool fits(struct crema_program *p, bool transposed,
                 const struct crema_shape *x, const struct crema_shape *w)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];

    if (x->ndims == 2 && w->ndims == 2 &&
        x->dim[1] == w->dim[transposed ? 0 : 1])
        return true;
    crema_op_refuse(p, "a blob of %s does not fit %sweights of %s",
                    crema_shape_text(x, a), transposed ? "transposed " : "",
                    crema_shape_text(w, b));
    return false;
}

struct crema_tensor *crema_inner_product(struct crema_program *p,
                                         bool transposed,
                                         struct crema_tensor *x,
                                         struct crema_tensor *w,
                                         struct crema_tensor *b)
{
    struct crema_inner_product params = { transposed };
    struct crema_tensor *in[3] = { x, w, b };
    struct crema_shape y;
    struct crema_op *op;

    if (!x || !w || !fits(p, transposed, &x->shape, &w->shape)) return NULL;
    y = CREMA_SHAPE(x->shape.dim[0], w->shape.dim[transposed ? 1 : 0]);
    op = crema_op_record(p, &crema_op_inner_product, &params, 3, in, 1, &y);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad;
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *dwb[2] = { crema_grad_part(p, op->in[1]),
                                    crema_grad_part(p, op->in[2]) };
    struct crema_tensor *for_w[2] = { op->in[0], dy };
    struct crema_tensor *for_x[2] = { op->in[1], dy };

    /* A copy of W, if there has to be one, is gone before the large dW. */
    if (dx)
        crema_op_record_into(p, &crema_op_inner_product_bwd_data, op->params, 2,
                             for_x, 1, &dx, op);
    if (dwb[0] || dwb[1])
        crema_op_record_into(p, &crema_op_inner_product_bwd_weights, op->params,
                             2, for_w, 2, dwb, op);
}

/* ---- the definition --------------------------------------------------- */

/* Element (i, j) of a matrix is at[i rows + j columns]. */
struct matrix {
    const float *at;
    int64_t rows, columns;
};

static struct matrix weights(const struct crema_op *op, const float *w,
                             int64_t n, int64_t k)
{
    const struct crema_inner_product *params = op->params;

    return params->transposed ? (struct matrix){ w, 1, n }
                              : (struct matrix){ w, k, 1 };
}

/* c[i,j] = sum over l < depth of a(i,l) b(l,j) + bias[j] */
static void multiply(int64_t m, int64_t n, int64_t depth, struct matrix a,
                     struct matrix b, const float *bias, float *c)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = bias ? bias[j] : 0;

            for (int64_t l = 0; l < depth; l++)
                sum += (double)a.at[i * a.rows + l * a.columns] *
                       b.at[l * b.rows + j * b.columns];
            c[i * n + j] = (float)sum;
        }
}

static struct matrix turned(struct matrix a)
{
    return (struct matrix){ a.at, a.columns, a.rows };
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    int64_t m = op->out[0]->shape.dim[0], n = op->out[0]->shape.dim[1];
    int64_t k = op->in[0]->shape.dim[1];
    struct matrix x = { crema_in(op, 0), k, 1 };

    (void)ctx;
    multiply(m, n, k, x, turned(weights(op, crema_in(op, 1), n, k)),
             crema_in(op, 2), crema_out(op, 0));
    return CREMA_OK;
}

static enum crema_status ref_data(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    int64_t m = op->in[1]->shape.dim[0], n = op->in[1]->shape.dim[1];
    int64_t k = op->out[0]->shape.dim[1];
    struct matrix dy = { crema_in(op, 1), n, 1 };

    (void)ctx;
    multiply(m, k, n, dy, weights(op, crema_in(op, 0), n, k), NULL,
             crema_out(op, 0));
    return CREMA_OK;
}

static enum crema_status ref_weights(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    const struct crema_inner_product *params = op->params;
    int64_t m = op->in[1]->shape.dim[0], n = op->in[1]->shape.dim[1];
    int64_t k = op->in[0]->shape.dim[1];
    struct matrix x = { crema_in(op, 0), k, 1 };
    struct matrix dy = { crema_in(op, 1), n, 1 };
    float one = 1, *dw = crema_out(op, 0), *db = crema_out(op, 1);

    (void)ctx;
    if (dw && params->transposed)
        multiply(k, n, m, turned(x), dy, NULL, dw);
    else if (dw)
        multiply(n, k, m, turned(dy), x, NULL, dw);
    if (db) multiply(1, n, m, (struct matrix){ &one, 0, 0 }, dy, NULL, db);
    return CREMA_OK;
}

/* 2 m n k, whichever of the three is wanted. */
static double flops(const struct crema_op *op)
{
    bool data = op->type == &crema_op_inner_product_bwd_data;
    const struct crema_tensor *x = data ? op->out[0] : op->in[0];
    const struct crema_tensor *y =
        op->type == &crema_op_inner_product ? op->out[0] : op->in[1];

    return 2.0 * (double)crema_shape_count(&y->shape) * (double)x->shape.dim[1];
}

/* x w [b] -> y */
const struct crema_op_type crema_op_inner_product = {
    .name = "inner_product",
    .params_size = sizeof(struct crema_inner_product),
    .gradient = gradient,
    .ref = ref,
    .flops = flops,
};

/* w dy -> dx */
const struct crema_op_type crema_op_inner_product_bwd_data = {
    .name = "inner_product_bwd_data",
    .params_size = sizeof(struct crema_inner_product),
    .ref = ref_data,
    .flops = flops,
};

/* x dy -> [dw] [db] */
const struct crema_op_type crema_op_inner_product_bwd_weights = {
    .name = "inner_product_bwd_weights",
    .params_size = sizeof(struct crema_inner_product),
    .ref = ref_weights,
    .flops = flops,
};
