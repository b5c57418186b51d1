/* tape.c - a walk over calls as a CUDA graph.
 *
 * Captured from the one stream everything runs on; other threads, such as those
 * that read data, may go on using CUDA meanwhile.
 */
#include "device/cuda/device.h"

enum crema_status crema_cuda_record(struct crema_device *dev)
{
    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamBeginCapture,
                   crema_cuda(dev)->stream, cudaStreamCaptureModeThreadLocal);
    return CREMA_OK;
}

static enum crema_status instantiate(struct crema_device *dev,
                                     cudaGraph_t graph, void **tape)
{
    cudaGraphExec_t exec;

    CREMA_CUDA_TRY(dev->ctx, NULL, cudaGraphInstantiate, &exec, graph, 0);
    *tape = exec;
    return CREMA_OK;
}

enum crema_status crema_cuda_recorded(struct crema_device *dev, void **tape)
{
    enum crema_status status = CREMA_OK;
    cudaGraph_t graph = NULL;
    cudaError_t error;

    error = cudaStreamEndCapture(crema_cuda(dev)->stream, &graph);
    if (tape && error != cudaSuccess)
        status =
            crema_cuda_failed(dev->ctx, NULL, error, "cudaStreamEndCapture");
    else if (tape)
        status = instantiate(dev, graph, tape);
    if (graph) (void)cudaGraphDestroy(graph);
    (void)cudaGetLastError(); /* this failure is dealt with */
    return status;
}

enum crema_status crema_cuda_play(struct crema_device *dev, void *tape)
{
    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaGraphLaunch, (cudaGraphExec_t)tape,
                   crema_cuda(dev)->stream);
    return CREMA_OK;
}

/* One that still runs is destroyed when it is done. */
void crema_cuda_erase(struct crema_device *dev, void *tape)
{
    (void)cudaSetDevice(crema_cuda(dev)->ordinal);
    (void)cudaGraphExecDestroy((cudaGraphExec_t)tape);
}
