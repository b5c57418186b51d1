/* conv_graph.c - what a convolution looks like to cuDNN. */
#include "device/cuda/engine.h"

/* By enum conv_way. */
static const enum cudnn_direction directions[] = {
    [CONV_FORWARD] = CUDNN_FORWARD,
    [CONV_BWD_DATA] = CUDNN_BWD_DATA,
    [CONV_BWD_WEIGHTS] = CUDNN_BWD_FILTER,
};

/* b[K] as 1 x K x 1 x 1 */
static struct crema_layout bias_layout(const struct crema_tensor *b, int ndims,
                                       bool channels_last)
{
    struct crema_shape shape = { ndims, { 1, 1, 1, 1, 1 } };

    shape.dim[1] = b->shape.dim[0];
    return channels_last ? crema_layout_channels_last(&shape, CREMA_F32)
                         : crema_layout_dense(&shape, CREMA_F32);
}

/* conv -> (+ b) -> (ReLU) -> y; what lies between never reaches memory. */
static enum crema_status fuse(const struct crema_op *op,
                              const struct conv_wish *wish,
                              struct conv_graph *c)
{
    struct conv_parts p = crema_cuda_conv_parts(op);
    struct crema_layout y = crema_cuda_conv_layout(p.y, wish->channels_last);
    struct cudnn_graph *g = c->graph;
    int64_t last = 0, next;

    CREMA_TRY(crema_cudnn_tensor(g, &y, true, &last));
    CREMA_TRY(crema_cudnn_conv(g, directions[p.way], op->params, c->uid[0],
                               c->uid[1], last));
    if (p.b) {
        struct crema_layout b = bias_layout(p.b, y.ndims, wish->channels_last);

        CREMA_TRY(crema_cudnn_tensor(g, &b, false, &c->uid[3]));
        next = c->uid[2];
        if (op->relu) CREMA_TRY(crema_cudnn_tensor(g, &y, true, &next));
        CREMA_TRY(crema_cudnn_add(g, last, c->uid[3], next));
        last = next;
    }
    if (op->relu) CREMA_TRY(crema_cudnn_relu(g, last, c->uid[2]));
    return crema_cudnn_seal(g, wish->handle);
}

static enum crema_status describe(const struct crema_op *op,
                                  const struct conv_wish *wish,
                                  struct conv_graph *c)
{
    struct conv_parts p = crema_cuda_conv_parts(op);
    struct crema_layout x = crema_cuda_conv_layout(p.x, wish->channels_last);
    struct crema_layout w = crema_cuda_conv_layout(p.w, wish->channels_last);
    struct crema_layout y = crema_cuda_conv_layout(p.y, wish->channels_last);

    CREMA_TRY(crema_cudnn_tensor(c->graph, &x, false, &c->uid[0]));
    CREMA_TRY(crema_cudnn_tensor(c->graph, &w, false, &c->uid[1]));
    CREMA_TRY(crema_cudnn_tensor(c->graph, &y, false, &c->uid[2]));
    if (wish->fused) return fuse(op, wish, c);
    CREMA_TRY(crema_cudnn_conv(c->graph, directions[p.way], op->params,
                               c->uid[0], c->uid[1], c->uid[2]));
    return crema_cudnn_seal(c->graph, wish->handle);
}

enum crema_status crema_cuda_conv_graph(struct crema_ctx *ctx,
                                        const struct crema_op *op,
                                        const struct conv_wish *wish,
                                        struct conv_graph *c)
{
    enum crema_status status;

    *c = (struct conv_graph){ 0 };
    CREMA_TRY(crema_cudnn_graph_open(ctx, &c->graph));
    status = describe(op, wish, c);
    if (status) {
        crema_cudnn_graph_close(c->graph);
        c->graph = NULL;
    }
    return status;
}

/* The engines that would use TF32 carry the note TENSOR_CORE alone, so both
 * notes have to be refused.  Winograd's largest tile loses too many digits. */
void crema_cuda_conv_filters(size_t workspace,
                             struct cudnn_filter out[CONV_FILTERS])
{
    const unsigned inexact =
        1u << CUDNN_NUMERICAL_NOTE_TENSOR_CORE |
        1u << CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS |
        1u << CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION |
        1u << CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13;
    const unsigned unsteady = 1u << CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
    const unsigned compiled = 1u << CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;

    out[0] = (struct cudnn_filter){ inexact | unsteady, compiled,
                                    (int64_t)workspace };
    out[1] = (struct cudnn_filter){ inexact | unsteady, 0, (int64_t)workspace };
    out[2] = (struct cudnn_filter){ inexact, 0, (int64_t)workspace };
}
