/* conv_graph.c - what a convolution looks like to cuDNN. */
#include "device/cuda/engine.h"

/* By enum conv_way. */
static const enum cudnn_direction directions[] = {
    [CONV_FORWARD] = CUDNN_FORWARD,
    [CONV_BWD_DATA] = CUDNN_BWD_DATA,
    [CONV_BWD_WEIGHTS] = CUDNN_BWD_FILTER,
};

enum crema_type crema_cuda_bias_type(const struct conv_case *c,
                                     enum conv_form form)
{
    return conv_is_fused(form) ? c->y.type : CREMA_F32;
}

/* b[K] as 1 x K x 1 x 1, beside a y that lies so */
static struct crema_layout bias_layout(const struct crema_layout *y)
{
    struct crema_shape shape = { y->ndims, { 1, 1, 1, 1, 1 } };

    shape.dim[1] = y->dim[1];
    return y->stride[1] == 1 ? crema_layout_channels_last(&shape, y->type)
                             : crema_layout_dense(&shape, y->type);
}

/* conv -> (+ b) -> (ReLU) -> y; what lies between never reaches memory. */
static enum crema_status fuse(const struct conv_case *c,
                              const struct crema_layout *y,
                              struct conv_graph *out)
{
    struct crema_layout between = *y;
    struct cudnn_graph *g = out->graph;
    int64_t last = 0, next;

    between.type = CREMA_F32;
    CREMA_TRY(crema_cudnn_tensor(g, &between, true, &last));
    CREMA_TRY(crema_cudnn_conv(g, directions[c->way], &c->conv, out->uid[0],
                               out->uid[1], last));
    if (c->bias) {
        struct crema_layout b = bias_layout(y);

        CREMA_TRY(crema_cudnn_tensor(g, &b, false, &out->uid[3]));
        next = out->uid[2];
        if (c->relu) CREMA_TRY(crema_cudnn_tensor(g, &between, true, &next));
        CREMA_TRY(crema_cudnn_add(g, last, out->uid[3], next));
        last = next;
    }
    return c->relu ? crema_cudnn_relu(g, last, out->uid[2]) : CREMA_OK;
}

static enum crema_status describe(const struct conv_case *c,
                                  enum conv_form form, struct conv_graph *out)
{
    int64_t groups = conv_is_split(form) ? c->conv.groups : 1;
    struct crema_layout x = crema_conv_seen(&c->x);
    struct crema_layout w = crema_conv_seen(&c->w);
    struct crema_layout y = crema_conv_seen(&c->y);

    x = crema_conv_part(&x, 1, groups);
    w = crema_conv_part(&w, 0, groups);
    y = crema_conv_part(&y, 1, groups);
    CREMA_TRY(crema_cudnn_tensor(out->graph, &x, false, &out->uid[0]));
    CREMA_TRY(crema_cudnn_tensor(out->graph, &w, false, &out->uid[1]));
    CREMA_TRY(crema_cudnn_tensor(out->graph, &y, false, &out->uid[2]));
    if (conv_is_fused(form)) return fuse(c, &y, out);
    return crema_cudnn_conv(out->graph, directions[c->way], &c->conv,
                            out->uid[0], out->uid[1], out->uid[2]);
}

enum crema_status crema_cuda_conv_graph(struct crema_ctx *ctx,
                                        cudnnHandle_t handle,
                                        const struct conv_case *c,
                                        enum conv_form form,
                                        struct conv_graph *out)
{
    enum crema_status status;

    *out = (struct conv_graph){ 0 };
    CREMA_TRY(crema_cudnn_graph_open(ctx, &out->graph));
    status = describe(c, form, out);
    if (status == CREMA_OK) status = crema_cudnn_seal(out->graph, handle);
    if (status == CREMA_OK) return CREMA_OK;
    crema_cudnn_graph_close(out->graph);
    out->graph = NULL;
    return status;
}

/* float32 that stays float32: the engines that would use TF32 carry the note
 * TENSOR_CORE alone, so both notes have to be refused.  Winograd's largest tile
 * loses too many digits. */
struct cudnn_filter crema_cuda_conv_filter(const struct conv_case *c,
                                           bool deterministic, size_t workspace)
{
    struct cudnn_filter f = {
        .refuse_notes = 1u << CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION |
                        1u << CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13,
        .workspace = (int64_t)workspace,
    };

    if (c->x.type == CREMA_F32 && !c->tf32)
        f.refuse_notes |= 1u << CUDNN_NUMERICAL_NOTE_TENSOR_CORE |
                          1u << CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
    if (deterministic)
        f.refuse_notes |= 1u << CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
    return f;
}
