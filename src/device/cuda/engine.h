/* engine.h - a convolution as cuDNN knows it: as a graph, or in the functions
 * it had before graphs. */
#ifndef CREMA_DEVICE_CUDA_ENGINE_H
#define CREMA_DEVICE_CUDA_ENGINE_H

#include "device/cuda/cuda.h"

/* ---- conv_graph.c */

/* What a graph is asked for. */
struct conv_wish {
    cudnnHandle_t handle; /* NULL: for a described device */
    bool channels_last, fused;
};

struct conv_graph {
    struct cudnn_graph *graph;
    int64_t uid[4]; /* of x, w, y, b; b 0: not in it */
};

enum crema_status crema_cuda_conv_graph(struct crema_ctx *,
                                        const struct crema_op *,
                                        const struct conv_wish *,
                                        struct conv_graph *) CREMA_MUST_USE;
/* float32 that stays float32; first only what is deterministic and needs no
 * compilation, then less. */
enum { CONV_FILTERS = 3 };
void crema_cuda_conv_filters(size_t workspace,
                             struct cudnn_filter out[CONV_FILTERS]);

/* ---- legacy.c */

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

#endif
