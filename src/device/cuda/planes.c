/* planes.c - launches of what resizes planes and puts back what was pooled; all
 * dense float32. */
#include "device/cuda/kernels.h"

static int resize(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_resize(s, op->params,
                             crema_shape_count(&op->out[0]->shape),
                             crema_in(op, 0), crema_out(op, 0));
}

static int resize_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_resize_bwd(s, op->params,
                                 crema_shape_count(&op->out[0]->shape),
                                 crema_in(op, 0), crema_out(op, 0));
}

static struct crema_unpooled unpooled(const struct crema_tensor *x,
                                      const struct crema_tensor *y)
{
    return (struct crema_unpooled){
        .from = x->shape.dim[2] * x->shape.dim[3],
        .to = y->shape.dim[2] * y->shape.dim[3],
        .xs = crema_shape_count(&x->shape),
        .ys = crema_shape_count(&y->shape),
    };
}

static int unpool(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_unpooled u = unpooled(op->in[0], op->out[0]);

    (void)scratch;
    return crema_cuda_unpool(s, &u, crema_in(op, 0), crema_in(op, 1),
                             crema_out(op, 0), crema_out(op, 1));
}

static int unpool_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_unpooled u = unpooled(op->out[0], op->in[0]);

    (void)scratch;
    return crema_cuda_unpool_bwd(s, &u, crema_in(op, 0), crema_in(op, 1),
                                 crema_in(op, 2), crema_out(op, 0));
}

const struct cuda_kernel crema_cuda_planewise[] = {
    { &crema_op_resize, resize, -1, NULL, NULL, false },
    { &crema_op_resize_bwd, resize_bwd, -1, NULL, NULL, false },
    { &crema_op_unpool, unpool, -1, NULL, NULL, false },
    { &crema_op_unpool_bwd, unpool_bwd, -1, NULL, NULL, false },
    { NULL, NULL, -1, NULL, NULL, false },
};
