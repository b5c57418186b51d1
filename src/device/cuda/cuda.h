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
#include "device/cuda/nvjpeg.h"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

enum { CUDA_BRANCHES = CONV_SPLITS - 1 };

/* The least that kernels/conv_own.cu is for. */
enum { CUDA_OWN_CAPABILITY = 80 };

/* dev->state */
struct crema_cuda {
    int ordinal;
    int capability; /* 90 is 9.0 */
    cudaStream_t stream;
    cudaStream_t copies; /* of batches, beside what runs: feed.c */
    cudnnHandle_t cudnn;
    struct cudnn_target target; /* this GPU, for cuDNN's planner */
    cublasHandle_t cublas;
    void *cublas_workspace;
    size_t workspace_limit;      /* where the device says none */
    struct crema_memo *memo;     /* what was found to be fastest */
    struct crema_nvjpeg *nvjpeg; /* NULL: not asked for, or not there */
    /* beside the stream; see branches.c */
    cudaStream_t side[CUDA_BRANCHES];
    cudaEvent_t forked, joined[CUDA_BRANCHES];
    struct crema_ctx trial; /* reasons of what was only tried */
};

static inline struct crema_cuda *crema_cuda(const struct crema_device *dev)
{
    return dev->state;
}

/* Bytes of workspace that one call may want. */
size_t crema_cuda_workspace_limit(const struct crema_device *);
/* What the fastest way depends on beside the op: GPU, libraries, limit. */
enum { CUDA_WHERE = 256 };
const char *crema_cuda_where(const struct crema_device *, char out[CUDA_WHERE]);

/* ---- branches.c: what is enqueued on side[0..branches) between the two runs
 * beside what is on the device's stream. */
enum crema_status crema_cuda_branches_open(struct crema_device *,
                                           struct crema_cuda *) CREMA_MUST_USE;
void crema_cuda_branches_close(struct crema_cuda *);
enum crema_status crema_cuda_fork(struct crema_device *,
                                  const struct crema_op *,
                                  int branches) CREMA_MUST_USE;
enum crema_status crema_cuda_join(struct crema_device *,
                                  const struct crema_op *,
                                  int branches) CREMA_MUST_USE;

/* ---- fail.c; op may be NULL. */
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
