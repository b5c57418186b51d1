/* branches.c - what runs side by side on the GPU: streams beside the device's
 * own, forked from it and joined to it by events, so that a capture follows.
 */
#include "device/cuda/cuda.h"

enum crema_status crema_cuda_branches_open(struct crema_device *dev,
                                           struct crema_cuda *c)
{
    struct crema_ctx *ctx = dev->ctx;

    CREMA_CUDA_TRY(ctx, NULL, cudaEventCreateWithFlags, &c->forked,
                   cudaEventDisableTiming);
    for (int i = 0; i < CUDA_BRANCHES; i++) {
        CREMA_CUDA_TRY(ctx, NULL, cudaStreamCreateWithFlags, &c->side[i],
                       cudaStreamNonBlocking);
        CREMA_CUDA_TRY(ctx, NULL, cudaEventCreateWithFlags, &c->joined[i],
                       cudaEventDisableTiming);
    }
    return CREMA_OK;
}

void crema_cuda_branches_close(struct crema_cuda *c)
{
    for (int i = 0; i < CUDA_BRANCHES; i++) {
        if (c->side[i]) cudaStreamDestroy(c->side[i]);
        if (c->joined[i]) cudaEventDestroy(c->joined[i]);
    }
    if (c->forked) cudaEventDestroy(c->forked);
}

enum crema_status crema_cuda_fork(struct crema_device *dev,
                                  const struct crema_op *op, int branches)
{
    struct crema_cuda *c = crema_cuda(dev);

    if (branches == 0) return CREMA_OK;
    CREMA_CUDA_TRY(dev->ctx, op, cudaEventRecord, c->forked, c->stream);
    for (int i = 0; i < branches; i++)
        CREMA_CUDA_TRY(dev->ctx, op, cudaStreamWaitEvent, c->side[i], c->forked,
                       0);
    return CREMA_OK;
}

enum crema_status crema_cuda_join(struct crema_device *dev,
                                  const struct crema_op *op, int branches)
{
    struct crema_cuda *c = crema_cuda(dev);

    for (int i = 0; i < branches; i++) {
        CREMA_CUDA_TRY(dev->ctx, op, cudaEventRecord, c->joined[i], c->side[i]);
        CREMA_CUDA_TRY(dev->ctx, op, cudaStreamWaitEvent, c->stream,
                       c->joined[i], 0);
    }
    return CREMA_OK;
}
