/* fail.c - how failures of CUDA's libraries are worded. */
#include "device/cuda/cuda.h"

#include <stdio.h>
#include <string.h>

enum { PLACE_SIZE = 256 };

/* "layer \"conv1\": conv: ", or nothing */
static const char *place(const struct crema_op *op, char text[PLACE_SIZE])
{
    text[0] = '\0';
    if (op && op->layer)
        snprintf(text, PLACE_SIZE, "layer \"%s\": %s: ", op->layer,
                 op->type->name);
    else if (op)
        snprintf(text, PLACE_SIZE, "%s: ", op->type->name);
    return text;
}

/* What a kernel did wrong is told by whatever call comes later. */
static const char *advice(cudaError_t error)
{
    switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorIllegalInstruction:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
        return "; with CUDA_LAUNCH_BLOCKING=1 the first iteration tells the "
               "layer";
    default:
        return "";
    }
}

enum crema_status crema_cuda_failed(struct crema_ctx *ctx,
                                    const struct crema_op *op,
                                    cudaError_t error, const char *call)
{
    char text[PLACE_SIZE];

    return crema_fail(
        ctx, error == cudaErrorMemoryAllocation ? CREMA_ENOMEM : CREMA_EDEVICE,
        "%s%s: %s: %s%s", place(op, text), call, cudaGetErrorName(error),
        cudaGetErrorString(error), advice(error));
}

enum crema_status crema_cuda_launch_failed(struct crema_device *dev,
                                           const struct crema_op *op, int error)
{
    return crema_cuda_failed(dev->ctx, op, (cudaError_t)error, "kernel");
}

enum crema_status crema_cublas_failed(struct crema_ctx *ctx,
                                      const struct crema_op *op,
                                      cublasStatus_t status, const char *call)
{
    char text[PLACE_SIZE];

    return crema_fail(
        ctx,
        status == CUBLAS_STATUS_ALLOC_FAILED ? CREMA_ENOMEM : CREMA_EDEVICE,
        "%s%s: %s: %s", place(op, text), call, cublasGetStatusName(status),
        cublasGetStatusString(status));
}

/* NOT_SUPPORTED (3000..3999) is an answer, everything else a fault. */
static enum crema_status meaning(cudnnStatus_t status)
{
    if (status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
        status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
        return CREMA_ENOMEM;
    if (CUDNN_STATUS_CATEGORY((int)status) == CUDNN_STATUS_NOT_SUPPORTED)
        return CREMA_EUNSUPPORTED;
    return CREMA_EDEVICE;
}

enum crema_status crema_cudnn_failed(struct crema_ctx *ctx,
                                     const struct crema_op *op,
                                     cudnnStatus_t status, const char *call)
{
    char text[PLACE_SIZE], why[256] = "";

    cudnnGetLastErrorString(why, sizeof why);
    for (char *c = why; *c; c++) /* a message is one line */
        if (*c == '\n') *c = ' ';
    return crema_fail(ctx, meaning(status), "%s%s: %s%s%s", place(op, text),
                      call, cudnnGetErrorString(status), *why ? ": " : "", why);
}
