/* product.c - the fully connected op and its gradients on cuBLAS.
 *
 * cuBLAS is column-major: a row-major A[m,n] is its A^T[n x m].  So the
 * row-major C[m,n] = A[m,k] B[k,n] is asked for as C^T = B^T A^T.
 */
#include "device/cuda/libraries.h"

#include <stdlib.h>

/* A row-major matrix as it lies, and whether its transpose is meant. */
struct matrix {
    const float *data;
    int64_t columns;
    bool turned;
};

struct sizes {
    int64_t m, n, k;
};

/* C[m,n] = A[m,k] B[k,n] with C dense row-major. */
static enum crema_status multiply(const struct crema_call *call,
                                  const struct crema_op *op, struct sizes s,
                                  struct matrix a, struct matrix b, float *c)
{
    const struct crema_gemm g = {
        .turn_a = b.turned,
        .turn_b = a.turned,
        .m = s.n,
        .n = s.m,
        .k = s.k,
        .a = b.data,
        .b = a.data,
        .c = c,
        .lda = b.columns,
        .ldb = a.columns,
        .ldc = s.n,
    };

    return crema_cuda_gemm(call->dev, op, &g);
}

/* y = y + b, and the ReLU; columns: one number of b each */
static enum crema_status add_bias(const struct crema_call *call,
                                  const struct crema_op *op,
                                  struct crema_axis columns, float *y)
{
    const struct crema_scaled by = {
        .axis = columns,
        .b = crema_in(op, 2),
        .relu = op->relu,
    };
    int error = crema_cuda_scale(crema_cuda_stream(call->dev), &by,
                                 crema_cuda_type(op->out[0]), y, y);

    return error ? crema_cuda_launch_failed(call->dev, op, error) : CREMA_OK;
}

static bool transposed(const struct crema_op *op)
{
    const struct crema_inner_product *p = op->params;

    return p->transposed;
}

/* Y[m,n] = X[m,k] W^T + b; W lies as [n,k], or as [k,n] when transposed. */
static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    int64_t m = op->out[0]->shape.dim[0], n = op->out[0]->shape.dim[1];
    int64_t k = op->in[0]->shape.dim[1];
    struct matrix x = { op->in[0]->data, k, false };
    struct matrix w = { op->in[1]->data, transposed(op) ? n : k,
                        !transposed(op) };
    float *y = crema_out(op, 0);

    CREMA_TRY(multiply(call, op, (struct sizes){ m, n, k }, x, w, y));
    if (!op->in[2] && !op->relu) return CREMA_OK;
    return add_bias(call, op, (struct crema_axis){ m, n, 1 }, y);
}

/* dX[m,k] = dY[m,n] W[n,k] */
static enum crema_status run_data(struct crema_call *call, struct crema_op *op)
{
    int64_t m = op->in[1]->shape.dim[0], n = op->in[1]->shape.dim[1];
    int64_t k = op->out[0]->shape.dim[1];
    struct matrix dy = { op->in[1]->data, n, false };
    struct matrix w = { op->in[0]->data, transposed(op) ? n : k,
                        transposed(op) };

    return multiply(call, op, (struct sizes){ m, k, n }, dy, w,
                    crema_out(op, 0));
}

/* db[n] = sum of dY over m */
static enum crema_status sum_bias(const struct crema_call *call,
                                  const struct crema_op *op,
                                  struct crema_axis columns)
{
    struct crema_summands s = { .what = CREMA_SUM_V,
                                .axis = columns,
                                .v = crema_in(op, 1),
                                .type = crema_cuda_type(op->in[1]) };
    int error = crema_cuda_sums(crema_cuda_stream(call->dev), &s, 1.0f,
                                crema_out(op, 1), NULL);

    return error ? crema_cuda_launch_failed(call->dev, op, error) : CREMA_OK;
}

/* dW[n,k] = dY^T X, or dW[k,n] = X^T dY when transposed */
static enum crema_status run_weights(struct crema_call *call,
                                     struct crema_op *op)
{
    int64_t m = op->in[1]->shape.dim[0], n = op->in[1]->shape.dim[1];
    int64_t k = op->in[0]->shape.dim[1];
    struct matrix x = { op->in[0]->data, k, transposed(op) };
    struct matrix dy = { op->in[1]->data, n, !transposed(op) };
    float *dw = crema_out(op, 0);

    if (dw && transposed(op))
        CREMA_TRY(multiply(call, op, (struct sizes){ k, n, m }, x, dy, dw));
    else if (dw)
        CREMA_TRY(multiply(call, op, (struct sizes){ n, k, m }, dy, x, dw));
    if (!crema_out(op, 1)) return CREMA_OK;
    return sum_bias(call, op, (struct crema_axis){ m, n, 1 });
}

static void free_call(struct crema_call *call)
{
    free(call);
}

/* Without rows, columns or depth there is nothing to ask cuBLAS for. */
static bool is_empty(const struct crema_op *op)
{
    for (int i = 0; i < 2; i++)
        if (crema_shape_count(&op->in[i]->shape) == 0) return true;
    for (int i = 0; i < op->nout; i++)
        if (op->out[i] && crema_shape_count(&op->out[i]->shape) == 0)
            return true;
    return false;
}

enum crema_status crema_cuda_plan_product(struct crema_device *dev,
                                          struct crema_op *op,
                                          struct crema_port in[],
                                          struct crema_port out[])
{
    struct crema_call *call;

    if (is_empty(op)) return CREMA_EUNSUPPORTED; /* ref knows */
    call = calloc(1, sizeof *call);
    if (!call) return crema_no_memory(dev->ctx, "an inner product");
    *call = (struct crema_call){
        .run = op->type == &crema_op_inner_product            ? run
               : op->type == &crema_op_inner_product_bwd_data ? run_data
                                                              : run_weights,
        .free = free_call,
        .info = "cublas",
    };
    crema_cuda_all_dense(op, in, out);
    op->call = call;
    return CREMA_OK;
}
