/* graph.c - describing a computation to cuDNN.
 *
 * Parameter descriptors must outlive the graph's plan search: everything a
 * graph makes is kept and destroyed with it, newest first.
 */
#include "device/cuda/cuda.h"

#include <stdlib.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

/* Sets one attribute; failures name the attribute by its number. */
static enum crema_status set(struct crema_ctx *ctx, cudnnBackendDescriptor_t d,
                             cudnnBackendAttributeName_t name,
                             cudnnBackendAttributeType_t type, int64_t count,
                             const void *value)
{
    cudnnStatus_t status =
        cudnnBackendSetAttribute(d, name, type, count, value);

    return status ? crema_cudnn_failed(ctx, NULL, status,
                                       "cudnnBackendSetAttribute")
                  : CREMA_OK;
}

static enum crema_status set_descriptor(struct crema_ctx *ctx,
                                        cudnnBackendDescriptor_t d,
                                        cudnnBackendAttributeName_t name,
                                        cudnnBackendDescriptor_t value)
{
    return set(ctx, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static enum crema_status finish(struct crema_ctx *ctx,
                                cudnnBackendDescriptor_t d, const char *what)
{
    cudnnStatus_t status = cudnnBackendFinalize(d);

    return status ? crema_cudnn_failed(ctx, NULL, status, what) : CREMA_OK;
}

/* A descriptor that dies with the graph. */
static enum crema_status own(struct cudnn_graph *g,
                             cudnnBackendDescriptorType_t type,
                             cudnnBackendDescriptor_t *out)
{
    if (g->nowned == CUDNN_OWNED)
        return crema_fail(g->ctx, CREMA_EUNSUPPORTED,
                          "a cuDNN graph of more than %d parts", CUDNN_OWNED);
    CREMA_CUDNN_TRY(g->ctx, NULL, cudnnBackendCreateDescriptor, type, out);
    g->owned[g->nowned++] = *out;
    return CREMA_OK;
}

enum crema_status crema_cudnn_graph_open(struct crema_ctx *ctx,
                                         struct cudnn_graph **out)
{
    struct cudnn_graph *g = calloc(1, sizeof *g);

    if (!g) return crema_no_memory(ctx, "a cuDNN graph");
    g->ctx = ctx;
    *out = g;
    return CREMA_OK;
}

void crema_cudnn_graph_close(struct cudnn_graph *g)
{
    if (!g) return;
    while (g->nowned) cudnnBackendDestroyDescriptor(g->owned[--g->nowned]);
    free(g);
}

cudnnDataType_t crema_cudnn_type(enum crema_type type)
{
    return type == CREMA_BF16  ? CUDNN_DATA_BFLOAT16
           : type == CREMA_F16 ? CUDNN_DATA_HALF
                               : CUDNN_DATA_FLOAT;
}

/* cuDNN 9.19 takes a dimension of 0 without a word; it is refused here. */
static bool describable(const struct crema_layout *l)
{
    if (l->nblocks || l->ndims < 1 || l->ndims > CUDNN_DIMS) return false;
    for (int i = 0; i < l->ndims; i++)
        if (l->dim[i] < 1 || l->stride[i] < 1) return false;
    return l->type == CREMA_F32 || l->type == CREMA_BF16 ||
           l->type == CREMA_F16;
}

enum crema_status crema_cudnn_tensor(struct cudnn_graph *g,
                                     const struct crema_layout *l,
                                     bool internal, int64_t *uid)
{
    static const int64_t align = CONV_ALIGN;
    cudnnDataType_t type = crema_cudnn_type(l->type);
    int64_t id = g->ntensors + 1;
    cudnnBackendDescriptor_t d;
    struct crema_ctx *ctx = g->ctx;

    if (g->ntensors == CUDNN_TENSORS || !describable(l))
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "cuDNN cannot describe tensor %d", g->ntensors + 1);
    CREMA_TRY(own(g, CUDNN_BACKEND_TENSOR_DESCRIPTOR, &d));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1,
                  &type));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64,
                  l->ndims, l->dim));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, l->ndims,
                  l->stride));
    CREMA_TRY(
        set(ctx, d, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &id));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1,
                  &align));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1,
                  &internal));
    CREMA_TRY(finish(ctx, d, "tensor: cudnnBackendFinalize"));
    g->tensor[g->ntensors++] = d;
    *uid = id;
    return CREMA_OK;
}

/* One tensor argument of an operation; uid 0: left out. */
struct arg {
    cudnnBackendAttributeName_t name;
    int64_t uid;
};

/* Adds `op`: its parameter descriptor under `name`, and its tensors. */
static enum crema_status add_op(struct cudnn_graph *g,
                                cudnnBackendDescriptor_t op,
                                cudnnBackendAttributeName_t name,
                                cudnnBackendDescriptor_t parameters,
                                const struct arg *args, int nargs)
{
    if (g->nops == CUDNN_OPS)
        return crema_fail(g->ctx, CREMA_EUNSUPPORTED,
                          "a cuDNN graph of more than %d operations",
                          CUDNN_OPS);
    CREMA_TRY(set_descriptor(g->ctx, op, name, parameters));
    for (int i = 0; i < nargs; i++) {
        if (args[i].uid < 1) continue;
        CREMA_TRY(set_descriptor(g->ctx, op, args[i].name,
                                 g->tensor[args[i].uid - 1]));
    }
    CREMA_TRY(finish(g->ctx, op, "operation: cudnnBackendFinalize"));
    g->op[g->nops++] = op;
    return CREMA_OK;
}

/* ---- convolution ------------------------------------------------------- */

/* By enum cudnn_direction: the operation and its attributes. */
static const struct {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t conv, x, w, y, alpha, beta;
} directions[] = {
    { CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA },
    { CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA },
    { CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA },
};

/* There is no group count: groups are C(x) / C(w). */
static enum crema_status conv_parameters(struct cudnn_graph *g,
                                         const struct crema_conv *c,
                                         cudnnBackendDescriptor_t *out)
{
    static const cudnnDataType_t compute = CUDNN_DATA_FLOAT;
    static const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    struct crema_ctx *ctx = g->ctx;
    int64_t n = c->spatial;
    cudnnBackendDescriptor_t d;

    CREMA_TRY(own(g, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, &d));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE,
                  CUDNN_TYPE_DATA_TYPE, 1, &compute));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_CONV_MODE,
                  CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64,
                  1, &n));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64,
                  n, c->pad));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS,
                  CUDNN_TYPE_INT64, n, c->pad));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
                  CUDNN_TYPE_INT64, n, c->stride));
    CREMA_TRY(set(ctx, d, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, n,
                  c->dilation));
    CREMA_TRY(finish(ctx, d, "convolution: cudnnBackendFinalize"));
    *out = d;
    return CREMA_OK;
}

enum crema_status crema_cudnn_conv(struct cudnn_graph *g,
                                   enum cudnn_direction way,
                                   const struct crema_conv *c, int64_t x,
                                   int64_t w, int64_t y)
{
    const struct arg args[] = { { directions[way].x, x },
                                { directions[way].w, w },
                                { directions[way].y, y } };
    static const float one = 1, zero = 0;
    cudnnBackendDescriptor_t parameters, op;

    CREMA_TRY(conv_parameters(g, c, &parameters));
    CREMA_TRY(own(g, directions[way].type, &op));
    CREMA_TRY(
        set(g->ctx, op, directions[way].alpha, CUDNN_TYPE_FLOAT, 1, &one));
    CREMA_TRY(
        set(g->ctx, op, directions[way].beta, CUDNN_TYPE_FLOAT, 1, &zero));
    return add_op(g, op, directions[way].conv, parameters, args, COUNT(args));
}

/* ---- element by element ------------------------------------------------ */

static enum crema_status pointwise(struct cudnn_graph *g,
                                   cudnnPointwiseMode_t mode, int64_t x,
                                   int64_t b, int64_t y)
{
    const struct arg args[] = { { CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x },
                                { CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b },
                                { CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y } };
    static const cudnnDataType_t compute = CUDNN_DATA_FLOAT;
    cudnnBackendDescriptor_t d, op;

    CREMA_TRY(own(g, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, &d));
    CREMA_TRY(set(g->ctx, d, CUDNN_ATTR_POINTWISE_MODE,
                  CUDNN_TYPE_POINTWISE_MODE, 1, &mode));
    CREMA_TRY(set(g->ctx, d, CUDNN_ATTR_POINTWISE_MATH_PREC,
                  CUDNN_TYPE_DATA_TYPE, 1, &compute));
    CREMA_TRY(finish(g->ctx, d, "pointwise: cudnnBackendFinalize"));
    CREMA_TRY(own(g, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, &op));
    return add_op(g, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, d, args,
                  COUNT(args));
}

enum crema_status crema_cudnn_add(struct cudnn_graph *g, int64_t x, int64_t b,
                                  int64_t y)
{
    return pointwise(g, CUDNN_POINTWISE_ADD, x, b, y);
}

enum crema_status crema_cudnn_relu(struct cudnn_graph *g, int64_t x, int64_t y)
{
    return pointwise(g, CUDNN_POINTWISE_RELU_FWD, x, 0, y);
}

enum crema_status crema_cudnn_seal(struct cudnn_graph *g, cudnnHandle_t handle)
{
    CREMA_TRY(own(g, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, &g->graph));
    CREMA_TRY(set(g->ctx, g->graph, CUDNN_ATTR_OPERATIONGRAPH_OPS,
                  CUDNN_TYPE_BACKEND_DESCRIPTOR, g->nops, g->op));
    /* deprecated, but what versions before 9.8 go by */
    if (handle)
        (void)cudnnBackendSetAttribute(g->graph,
                                       CUDNN_ATTR_OPERATIONGRAPH_HANDLE,
                                       CUDNN_TYPE_HANDLE, 1, &handle);
    return finish(g->ctx, g->graph, "operation graph: cudnnBackendFinalize");
}
