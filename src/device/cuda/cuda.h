/* cuda.h - what the files of the CUDA device share.  The one stream on which
 * everything runs, the libraries' handles, and how their failures are worded:
 *
 *   layer "conv1": conv: cudnnBackendExecute: CUDNN_STATUS_...: why
 */
#ifndef CREMA_DEVICE_CUDA_CUDA_H
#define CREMA_DEVICE_CUDA_CUDA_H

#include "device/backend.h"
#include "device/cuda/graph.h"
#include "device/cuda/kernels/launch.h"

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
    bool channels_last;     /* what convolutions ask for */
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
/* Puts the op's place before the message that `from` has. */
enum crema_status crema_cuda_blame(struct crema_ctx *, const struct crema_op *,
                                   enum crema_status,
                                   const struct crema_ctx *from) CREMA_MUST_USE;

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

/* Backends, in the order in which they are asked. */
extern const struct crema_backend crema_cuda_libraries; /* cuDNN, cuBLAS */
extern const struct crema_backend crema_cuda_kernels;
extern const struct crema_device_type crema_device_cuda;

/* ---- ports.c: layouts that own kernels read and write */

/* Every port dense float32 but for the op's whole-number inputs. */
void crema_cuda_all_dense(const struct crema_op *, struct crema_port in[],
                          struct crema_port out[]);
/* Ports of in[lead]'s shape lie as in[lead] does, dense or with the channels
 * innermost; the others are dense. */
void crema_cuda_follow(const struct crema_op *, int lead,
                       struct crema_port in[], struct crema_port out[]);
bool crema_cuda_channels_last(const struct crema_layout *);
/* A settled tensor as [outer][channels][inner], [planes], whichever way it
 * lies. */
struct crema_axis crema_cuda_channels(const struct crema_tensor *);
struct crema_planes crema_cuda_planes(const struct crema_tensor *);

#endif
