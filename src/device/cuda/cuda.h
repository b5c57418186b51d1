/* cuda.h - what the files of the CUDA device share.  The one stream on which
 * everything runs, the libraries' handles, and how their failures are worded:
 *
 *   layer "conv1": conv: cudnnBackendExecute: CUDNN_STATUS_...: why
 */
#ifndef CREMA_DEVICE_CUDA_CUDA_H
#define CREMA_DEVICE_CUDA_CUDA_H

#include "device/backend.h"
#include "device/cuda/graph.h"
#include "device/cuda/libraries.h"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

/* dev->state */
struct crema_cuda {
    int ordinal;
    cudaStream_t stream;
    cudnnHandle_t cudnn;
    struct cudnn_target target; /* this GPU, for cuDNN's planner */
    cublasHandle_t cublas;
    void *cublas_workspace;
    size_t workspace_limit; /* bytes one convolution may want */
    bool channels_last;     /* what convolutions ask for: not in
                               float32, whose engines are dense; tests set
                               CREMA_CUDA_CHANNELS_LAST */
    struct crema_ctx trial; /* reasons of what was only tried */
};

static inline struct crema_cuda *crema_cuda(const struct crema_device *dev)
{
    return dev->state;
}

/* op may be NULL. */
enum crema_status crema_cuda_failed(struct crema_ctx *, const struct crema_op *,
                                    cudaError_t,
                                    const char *call) CREMA_MUST_USE;
enum crema_status crema_cublas_failed(struct crema_ctx *,
                                      const struct crema_op *, cublasStatus_t,
                                      const char *call) CREMA_MUST_USE;
enum crema_status crema_cudnn_failed(struct crema_ctx *,
                                     const struct crema_op *, cudnnStatus_t,
                                     const char *call) CREMA_MUST_USE;

/* A check is one statement; the call's own name becomes part of the reason. */
#define CREMA_CUDA_TRY(ctx, op, function, ...)                                 \
    do {                                                                       \
        cudaError_t cuda_error_ = function(__VA_ARGS__);                       \
        if (cuda_error_ != cudaSuccess)                                        \
            return crema_cuda_failed(ctx, op, cuda_error_, #function);         \
    } while (0)
#define CREMA_CUBLAS_TRY(ctx, op, function, ...)                               \
    do {                                                                       \
        cublasStatus_t cublas_status_ = function(__VA_ARGS__);                 \
        if (cublas_status_ != CUBLAS_STATUS_SUCCESS)                           \
            return crema_cublas_failed(ctx, op, cublas_status_, #function);    \
    } while (0)
#define CREMA_CUDNN_TRY(ctx, op, function, ...)                                \
    do {                                                                       \
        cudnnStatus_t cudnn_status_ = function(__VA_ARGS__);                   \
        if (cudnn_status_ != CUDNN_STATUS_SUCCESS)                             \
            return crema_cudnn_failed(ctx, op, cudnn_status_, #function);      \
    } while (0)

extern const struct crema_device_type crema_device_cuda;

#endif
