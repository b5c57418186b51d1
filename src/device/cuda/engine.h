/* engine.h - a convolution as cuDNN knows it: as a graph, or in the functions
 * it had before graphs; or as our own kernels do. */
#ifndef CREMA_DEVICE_CUDA_ENGINE_H
#define CREMA_DEVICE_CUDA_ENGINE_H

#include "device/cuda/cuda.h"

/* ---- conv_graph.c */

struct conv_graph {
    struct cudnn_graph *graph;
    int64_t uid[4]; /* of x, w, y, b; b 0: not in it */
};

/* The graph of the case, or of one group of it where the form is split.  handle
 * NULL: for a described device.  Close graph when done. */
enum crema_status crema_cuda_conv_graph(struct crema_ctx *, cudnnHandle_t,
                                        const struct conv_case *,
                                        enum conv_form,
                                        struct conv_graph *) CREMA_MUST_USE;
/* Engines whose results are as exact as the case wants. */
struct cudnn_filter crema_cuda_conv_filter(const struct conv_case *,
                                           bool deterministic,
                                           size_t workspace);
/* In a fused graph the bias lies as y does: only then there are engines that
 * need no compilation. */
enum crema_type crema_cuda_bias_type(const struct conv_case *, enum conv_form);

/* ---- race.c: the fastest, by running them on memory of its own.
 * CREMA_EUNSUPPORTED when nothing could be timed. */

enum crema_status crema_cuda_conv_race(struct crema_device *,
                                       const struct conv_case *,
                                       struct conv_choice *,
                                       struct conv_engine **) CREMA_MUST_USE;

/* ---- engine.c */

/* The engine that was chosen, built.  CREMA_EUNSUPPORTED when it cannot be. */
enum crema_status crema_cuda_engine_open(struct crema_device *,
                                         const struct conv_case *,
                                         const struct conv_choice *,
                                         struct conv_engine **) CREMA_MUST_USE;

/* ---- legacy.c */

struct conv_legacy;
/* CREMA_EUNSUPPORTED when they cannot do it either, or not in `workspace`
 * bytes. */
enum crema_status crema_cuda_legacy_open(struct crema_device *,
                                         const struct conv_case *,
                                         struct conv_legacy **) CREMA_MUST_USE;
size_t crema_cuda_legacy_workspace(const struct conv_legacy *);
cudnnStatus_t crema_cuda_legacy_run(struct conv_legacy *, cudnnHandle_t,
                                    const struct conv_data *, void *workspace);
void crema_cuda_legacy_close(struct conv_legacy *);

#endif
