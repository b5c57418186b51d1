/* product.c - the fully connected op and its gradients on cuBLAS.
 *
 * cuBLAS is column-major: a row-major A[m,n] is its A^T[n x m].  So the
 * row-major C[m,n] = A[m,k] B[k,n] is asked for as C^T = B^T A^T.  Bias, ReLU
 * and the sums of db are part of that call, or passes of our own behind it.
 */
#include "device/cuda/libraries.h"

#include <stdlib.h>

struct product_call {
    struct crema_call base;
    struct gemm_plan *plan; /* NULL: only db is wanted */
    bool behind;            /* bias and ReLU, or db, are done after it */
    void *scratch;
};

/* A row-major matrix: the tensor, and whether its transpose is meant. */
struct matrix {
    const struct crema_tensor *t;
    bool turned;
};

/* c = a b, row-major; v: the bias, or db. */
struct product {
    struct matrix a, b;
    const struct crema_tensor *c, *v;
    enum gemm_after after;
};

static bool transposed(const struct crema_op *op)
{
    const struct crema_inner_product *p = op->params;

    return p->transposed;
}

/* Y[m,n] = X[m,k] W^T + b; W lies as [n,k], or as [k,n] when transposed. */
static struct product forward(const struct crema_op *op)
{
    bool bias = op->in[2] != NULL;

    return (struct product){
        { op->in[0], false },
        { op->in[1], !transposed(op) },
        op->out[0],
        op->in[2],
        bias ? (op->relu ? GEMM_BIAS_RELU : GEMM_BIAS)
             : (op->relu ? GEMM_RELU : GEMM_NOTHING),
    };
}

/* dX[m,k] = dY[m,n] W[n,k] */
static struct product backward_data(const struct crema_op *op)
{
    return (struct product){ { op->in[1], false },
                             { op->in[0], transposed(op) },
                             op->out[0],
                             NULL,
                             GEMM_NOTHING };
}

/* dW[n,k] = dY^T X, or dW[k,n] = X^T dY when transposed; db[n] are the sums of
 * dY over m: of what cuBLAS has as its second operand, or its first. */
static struct product backward_weights(const struct crema_op *op)
{
    struct matrix x = { op->in[0], transposed(op) };
    struct matrix dy = { op->in[1], !transposed(op) };
    enum gemm_after sum = transposed(op) ? GEMM_SUM_A : GEMM_SUM_B;

    return (struct product){ transposed(op) ? x : dy, transposed(op) ? dy : x,
                             op->out[0], op->out[1],
                             op->out[1] ? sum : GEMM_NOTHING };
}

static struct product product_of(const struct crema_op *op)
{
    return op->type == &crema_op_inner_product ? forward(op)
           : op->type == &crema_op_inner_product_bwd_data
               ? backward_data(op)
               : backward_weights(op);
}

/* ---- running ----------------------------------------------------------- */

/* Y = max(Y + b, 0) */
static int finish(const struct crema_call *call, const struct crema_op *op)
{
    const struct crema_tensor *y = op->out[0];
    const struct crema_scaled by = {
        .axis = { y->shape.dim[0], y->shape.dim[1], 1 },
        .b = crema_in(op, 2),
        .relu = op->relu,
    };

    return crema_cuda_scale(crema_cuda_stream(call->dev), &by,
                            crema_cuda_type(y), y->data, y->data);
}

/* db[n] = sum of dY over m */
static int sum_bias(const struct product_call *call, const struct crema_op *op)
{
    const struct crema_tensor *dy = op->in[1];
    struct crema_summands s = {
        .what = CREMA_SUM_V,
        .axis = { dy->shape.dim[0], dy->shape.dim[1], 1 },
        .v = dy->data,
        .type = crema_cuda_type(dy),
    };

    return crema_cuda_sums(crema_cuda_stream(call->base.dev), &s, 1.0f,
                           call->scratch, crema_out(op, 1), NULL);
}

static enum crema_status run(struct crema_call *base, struct crema_op *op)
{
    struct product_call *call = (struct product_call *)base;
    int error = 0;

    if (call->plan) CREMA_TRY(crema_cuda_gemm_run(call->plan, base->dev, op));
    if (call->behind)
        error = op->type == &crema_op_inner_product ? finish(base, op)
                                                    : sum_bias(call, op);
    return error ? crema_cuda_launch_failed(base->dev, op, error) : CREMA_OK;
}

static enum crema_status bind(struct crema_call *base, struct crema_op *op,
                              void *scratch)
{
    struct product_call *call = (struct product_call *)base;
    struct product p = product_of(op);
    struct gemm_data d;

    call->scratch = scratch;
    if (!call->plan) return CREMA_OK;
    d = (struct gemm_data){ p.b.t->data, p.a.t->data, p.c->data,
                            p.v ? p.v->data : NULL };
    return crema_cuda_gemm_bind(call->plan, base->dev, &d, scratch);
}

static void free_call(struct crema_call *base)
{
    struct product_call *call = (struct product_call *)base;

    crema_cuda_gemm_close(call->plan);
    free(call);
}

/* ---- planning ---------------------------------------------------------- */

static int64_t columns(const struct crema_tensor *t)
{
    return t->shape.dim[1];
}

/* The product as cuBLAS has it. */
static struct crema_gemm gemm_of(const struct crema_device *dev,
                                 const struct crema_op *op,
                                 const struct product *p)
{
    const struct crema_shape *a = &p->a.t->shape;

    return (struct crema_gemm){
        .turn_a = p->b.turned,
        .turn_b = p->a.turned,
        .m = columns(p->c),
        .n = p->c->shape.dim[0],
        .k = a->dim[p->a.turned ? 0 : 1],
        .lda = columns(p->b.t),
        .ldb = columns(p->a.t),
        .ldc = columns(p->c),
        .ab = op->storage,
        .c = op->storage,
        .tf32 = op->storage == CREMA_F32 && dev->tf32,
        .after = p->after,
    };
}

static enum crema_status choose(struct crema_device *dev,
                                const struct crema_op *op,
                                struct product_call *call)
{
    struct product p = product_of(op);
    struct crema_gemm g;
    enum crema_status status;

    call->behind = p.after != GEMM_NOTHING;
    if (!p.c) return CREMA_OK; /* only db */
    g = gemm_of(dev, op, &p);
    status = crema_cuda_gemm_open(dev, &g, &call->plan);
    if (status == CREMA_OK) call->behind = false;
    if (status == CREMA_EUNSUPPORTED && g.after != GEMM_NOTHING) {
        g.after = GEMM_NOTHING;
        status = crema_cuda_gemm_open(dev, &g, &call->plan);
    }
    CREMA_TRY(status);
    call->base.scratch_bytes = crema_cuda_gemm_workspace(call->plan);
    call->base.info = crema_cuda_gemm_info(call->plan);
    return CREMA_OK;
}

/* All in the type of values; a bias and its gradient only when cuBLAS adds or
 * sums them. */
static void fill_ports(const struct crema_op *op,
                       const struct product_call *call, struct crema_port in[],
                       struct crema_port out[])
{
    enum crema_type bias = call->behind ? CREMA_F32 : op->storage;

    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want = crema_layout_dense(&op->in[i]->shape,
                                            i == 2 ? bias : op->storage);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i])
            out[i].want = crema_layout_dense(&op->out[i]->shape,
                                             i == 1 ? bias : op->storage);
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
    struct product_call *call;
    enum crema_status status;

    if (is_empty(op)) return CREMA_EUNSUPPORTED; /* ref knows */
    call = calloc(1, sizeof *call);
    if (!call) return crema_no_memory(dev->ctx, "an inner product");
    call->base = (struct crema_call){
        .run = run, .bind = bind, .free = free_call, .info = "kernel"
    };
    status = choose(dev, op, call);
    if (status != CREMA_OK) {
        free_call(&call->base);
        return status;
    }
    if (call->behind && op->type == &crema_op_inner_product_bwd_weights &&
        call->base.scratch_bytes < CREMA_SUM_ROOM)
        call->base.scratch_bytes = CREMA_SUM_ROOM;
    fill_ports(op, call, in, out);
    op->call = &call->base;
    return CREMA_OK;
}
