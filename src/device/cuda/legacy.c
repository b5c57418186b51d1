/* legacy.c - convolution by the functions that cuDNN had before graphs.
 *
 * Asked only where no graph finds an engine.  They are marked as deprecated but
 * all there, take groups, dilation and 3 axes, and have for each direction one
 * algorithm that always works.
 */
#include "device/cuda/engine.h"

#include <stdlib.h>

struct conv_legacy {
    enum conv_way way;
    cudnnTensorDescriptor_t x, y;
    cudnnFilterDescriptor_t w;
    cudnnConvolutionDescriptor_t conv;
    int algorithm; /* of the op's own direction */
    size_t workspace;
};

static bool to_ints(int n, const int64_t *from, int *to)
{
    for (int i = 0; i < n; i++) {
        if (from[i] > INT32_MAX) return false;
        to[i] = (int)from[i];
    }
    return true;
}

static cudnnStatus_t describe_tensor(const struct crema_layout *l,
                                     cudnnTensorDescriptor_t *out)
{
    int dim[CREMA_MAX_DIMS], stride[CREMA_MAX_DIMS];
    cudnnStatus_t status;

    if (!to_ints(l->ndims, l->padded, dim) ||
        !to_ints(l->ndims, l->stride, stride))
        return CUDNN_STATUS_NOT_SUPPORTED;
    status = cudnnCreateTensorDescriptor(out);
    if (status) return status;
    return cudnnSetTensorNdDescriptor(*out, crema_cudnn_type(l->type), l->ndims,
                                      dim, stride);
}

static cudnnStatus_t describe_weights(const struct crema_layout *l,
                                      cudnnFilterDescriptor_t *out)
{
    int dim[CREMA_MAX_DIMS];
    cudnnStatus_t status;

    if (!to_ints(l->ndims, l->padded, dim)) return CUDNN_STATUS_NOT_SUPPORTED;
    status = cudnnCreateFilterDescriptor(out);
    if (status) return status;
    return cudnnSetFilterNdDescriptor(
        *out, crema_cudnn_type(l->type),
        crema_layout_is_dense(l) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC,
        l->ndims, dim);
}

/* Without tensor cores float32 means float32. */
static cudnnStatus_t describe_conv(const struct crema_conv *c, bool exact,
                                   cudnnConvolutionDescriptor_t *out)
{
    int pad[CREMA_MAX_SPATIAL], stride[CREMA_MAX_SPATIAL];
    int dilation[CREMA_MAX_SPATIAL], groups;
    cudnnStatus_t status;

    if (!to_ints(c->spatial, c->pad, pad) ||
        !to_ints(c->spatial, c->stride, stride) ||
        !to_ints(c->spatial, c->dilation, dilation) ||
        !to_ints(1, &c->groups, &groups))
        return CUDNN_STATUS_NOT_SUPPORTED;
    status = cudnnCreateConvolutionDescriptor(out);
    if (!status)
        status = cudnnSetConvolutionNdDescriptor(
            *out, c->spatial, pad, stride, dilation, CUDNN_CROSS_CORRELATION,
            CUDNN_DATA_FLOAT);
    if (!status) status = cudnnSetConvolutionGroupCount(*out, groups);
    if (!status)
        status = cudnnSetConvolutionMathType(
            *out, exact ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH);
    return status;
}

/* The algorithm without any precondition, deterministic where there is one. */
static cudnnStatus_t choose(cudnnHandle_t handle, struct conv_legacy *l)
{
    switch (l->way) {
    case CONV_FORWARD:
        l->algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
        return cudnnGetConvolutionForwardWorkspaceSize(
            handle, l->x, l->w, l->conv, l->y,
            CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, &l->workspace);
    case CONV_BWD_DATA:
        l->algorithm = CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
        return cudnnGetConvolutionBackwardDataWorkspaceSize(
            handle, l->w, l->y, l->conv, l->x,
            CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, &l->workspace);
    default:
        l->algorithm = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;
        return cudnnGetConvolutionBackwardFilterWorkspaceSize(
            handle, l->x, l->y, l->conv, l->w,
            CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, &l->workspace);
    }
}

enum crema_status crema_cuda_legacy_open(struct crema_device *dev,
                                         const struct conv_case *c,
                                         struct conv_legacy **out)
{
    struct conv_legacy *l = calloc(1, sizeof *l);
    bool exact = c->x.type == CREMA_F32 && !c->tf32;
    cudnnStatus_t status;

    if (!l) return crema_no_memory(dev->ctx, "a convolution");
    l->way = c->way;
    status = describe_tensor(&c->x, &l->x);
    if (!status) status = describe_tensor(&c->y, &l->y);
    if (!status) status = describe_weights(&c->w, &l->w);
    if (!status) status = describe_conv(&c->conv, exact, &l->conv);
    if (!status) status = choose(crema_cuda(dev)->cudnn, l);
    if (!status && l->workspace <= crema_cuda_workspace_limit(dev)) {
        *out = l;
        return CREMA_OK;
    }
    crema_cuda_legacy_close(l);
    return CREMA_EUNSUPPORTED;
}

size_t crema_cuda_legacy_workspace(const struct conv_legacy *l)
{
    return l->workspace;
}

cudnnStatus_t crema_cuda_legacy_run(struct conv_legacy *l, cudnnHandle_t handle,
                                    const struct conv_data *d, void *workspace)
{
    const float one = 1, zero = 0;

    switch (l->way) {
    case CONV_FORWARD:
        return cudnnConvolutionForward(
            handle, &one, l->x, d->x, l->w, d->w, l->conv,
            (cudnnConvolutionFwdAlgo_t)l->algorithm, workspace, l->workspace,
            &zero, l->y, d->y);
    case CONV_BWD_DATA:
        return cudnnConvolutionBackwardData(
            handle, &one, l->w, d->w, l->y, d->y, l->conv,
            (cudnnConvolutionBwdDataAlgo_t)l->algorithm, workspace,
            l->workspace, &zero, l->x, d->x);
    default:
        return cudnnConvolutionBackwardFilter(
            handle, &one, l->x, d->x, l->y, d->y, l->conv,
            (cudnnConvolutionBwdFilterAlgo_t)l->algorithm, workspace,
            l->workspace, &zero, l->w, d->w);
    }
}

void crema_cuda_legacy_close(struct conv_legacy *l)
{
    if (!l) return;
    if (l->x) cudnnDestroyTensorDescriptor(l->x);
    if (l->y) cudnnDestroyTensorDescriptor(l->y);
    if (l->w) cudnnDestroyFilterDescriptor(l->w);
    if (l->conv) cudnnDestroyConvolutionDescriptor(l->conv);
    free(l);
}
