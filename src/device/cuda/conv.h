/* conv.h - convolution and its gradients as cuDNN graphs. */
#ifndef CREMA_DEVICE_CUDA_CONV_H
#define CREMA_DEVICE_CUDA_CONV_H

#include "device/cuda/cuda.h"

/* The operands of any of the three ops by their part in the convolution: in
 * conv_bwd_data x is dX, y is dY, and so on.  NULL: not there. */
struct conv_parts {
    enum cudnn_direction way;
    struct crema_tensor *x, *w, *y, *b;
};

/* Which graph: forward may hold the bias and a ReLU, or neither. */
struct conv_graph {
    struct cudnn_graph *graph;
    int64_t uid[4]; /* of x, w, y, b; b 0: not in it */
};

struct conv_parts crema_cuda_conv_parts(const struct crema_op *);
/* Channels innermost or not, for every operand. */
struct crema_layout crema_cuda_conv_layout(const struct crema_tensor *,
                                           bool channels_last);
/* What a graph is asked for. */
struct conv_wish {
    cudnnHandle_t handle; /* NULL: for a described device */
    bool channels_last, fused;
};
enum crema_status crema_cuda_conv_graph(struct crema_ctx *,
                                        const struct crema_op *,
                                        const struct conv_wish *,
                                        struct conv_graph *) CREMA_MUST_USE;
/* float32 that stays float32; deterministic engines and such as need no
 * compilation first. */
enum { CONV_FILTERS = 3 };
void crema_cuda_conv_filters(size_t workspace,
                             struct cudnn_filter out[CONV_FILTERS]);

/* ---- legacy.c: the functions that cuDNN had before graphs */

struct conv_legacy;
/* CREMA_EUNSUPPORTED when they cannot do it either. */
enum crema_status crema_cuda_legacy_open(struct crema_cuda *,
                                         struct crema_ctx *,
                                         const struct crema_op *,
                                         struct conv_legacy **) CREMA_MUST_USE;
size_t crema_cuda_legacy_workspace(const struct conv_legacy *);
cudnnStatus_t crema_cuda_legacy_run(struct conv_legacy *, cudnnHandle_t,
                                    const struct conv_parts *, void *workspace);
void crema_cuda_legacy_close(struct conv_legacy *);

enum crema_status crema_cuda_plan_conv(struct crema_device *, struct crema_op *,
                                       struct crema_port in[],
                                       struct crema_port out[]);
enum crema_status crema_cuda_plan_product(struct crema_device *,
                                          struct crema_op *,
                                          struct crema_port in[],
                                          struct crema_port out[]);

#endif
