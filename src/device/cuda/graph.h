/* graph.h - cuDNN's graph API for C: tensors, operations, plans.
 *
 *   crema_cudnn_graph_open(ctx, &g);                  describe ...
 *   crema_cudnn_tensor(g, &layout, ..., &uid);
 *   crema_cudnn_conv(g, ...); crema_cudnn_add(g, ...);
 *   crema_cudnn_seal(g, handle);
 *   crema_cudnn_list(g, &target, &filter, ...);       which engines can?
 *   crema_cudnn_plan_open(g, &target, &choice, ...);  build one of them
 *   crema_cudnn_pack(ctx, n, uids, data, scratch, &pack);  once per address
 *   crema_cudnn_plan_run(plan, pack, handle);         many times
 *
 * Tensors are named by the uid that crema_cudnn_tensor gives; 0 is none.
 * Everything but running works on a machine without a GPU when the target is
 * the description of a device.
 */
#ifndef CREMA_DEVICE_CUDA_GRAPH_H
#define CREMA_DEVICE_CUDA_GRAPH_H

#include "device/cuda/choice.h"

#include <cudnn_graph.h>

enum { CUDNN_DIMS = 5, CUDNN_TENSORS = 12, CUDNN_OPS = 4, CUDNN_OWNED = 32 };

struct cudnn_graph {
    struct crema_ctx *ctx;                       /* borrowed */
    cudnnBackendDescriptor_t owned[CUDNN_OWNED]; /* all, in order of making */
    cudnnBackendDescriptor_t tensor[CUDNN_TENSORS]; /* by uid - 1 */
    cudnnBackendDescriptor_t op[CUDNN_OPS];
    cudnnBackendDescriptor_t graph;
    int nowned, ntensors, nops;
};

/* Who will run a plan: a live handle, or the description of a device. */
struct cudnn_target {
    cudnnHandle_t handle;
    cudnnBackendDescriptor_t device;
};

/* Bit n stands for cudnnBackendNumericalNote_t (or BehaviorNote_t) n. */
struct cudnn_filter {
    unsigned refuse_notes, refuse_behaviour;
    int64_t workspace; /* bytes at most */
};

struct cudnn_plan {
    cudnnBackendDescriptor_t plan;
    int64_t workspace; /* bytes it wants at run time */
};

enum cudnn_direction { CUDNN_FORWARD, CUDNN_BWD_DATA, CUDNN_BWD_FILTER };

/* ---- describing */

/* float32, bfloat16, float16 */
cudnnDataType_t crema_cudnn_type(enum crema_type);

enum crema_status crema_cudnn_graph_open(struct crema_ctx *,
                                         struct cudnn_graph **) CREMA_MUST_USE;
void crema_cudnn_graph_close(struct cudnn_graph *);
/* A tensor as it lies in memory, or (internal) inside the kernel only. */
enum crema_status crema_cudnn_tensor(struct cudnn_graph *,
                                     const struct crema_layout *, bool internal,
                                     int64_t *uid) CREMA_MUST_USE;
/* x, w, y: the forward tensors, or the gradients that stand in their places. */
enum crema_status crema_cudnn_conv(struct cudnn_graph *, enum cudnn_direction,
                                   const struct crema_conv *, int64_t x,
                                   int64_t w, int64_t y) CREMA_MUST_USE;
/* y = x + b or, b being 0, y = max(x, 0) */
enum crema_status crema_cudnn_add(struct cudnn_graph *, int64_t x, int64_t b,
                                  int64_t y) CREMA_MUST_USE;
enum crema_status crema_cudnn_relu(struct cudnn_graph *, int64_t x,
                                   int64_t y) CREMA_MUST_USE;
/* handle NULL: for a described device. */
enum crema_status crema_cudnn_seal(struct cudnn_graph *,
                                   cudnnHandle_t handle) CREMA_MUST_USE;

/* ---- choosing */

/* A device described in JSON; a live one is just its handle. */
enum crema_status
crema_cudnn_target_described(struct crema_ctx *, const char *json,
                             struct cudnn_target *) CREMA_MUST_USE;
void crema_cudnn_target_free(struct cudnn_target *);
/* The engines that the heuristics name and the filter lets pass, best guess
 * first, each once; at most `room`. */
enum crema_status crema_cudnn_list(struct cudnn_graph *,
                                   const struct cudnn_target *,
                                   const struct cudnn_filter *, int room,
                                   struct cudnn_choice *out,
                                   int *count) CREMA_MUST_USE;
/* CREMA_EUNSUPPORTED when this engine cannot after all, or wants more than
 * `workspace` bytes.  What compiles its kernel now takes up to seconds. */
enum crema_status
crema_cudnn_plan_open(struct crema_ctx *, const struct cudnn_graph *,
                      const struct cudnn_target *, const struct cudnn_choice *,
                      int64_t workspace, struct cudnn_plan **) CREMA_MUST_USE;
void crema_cudnn_plan_close(struct cudnn_plan *);

/* ---- running */

/* data[i] is where the tensor uids[i] lies; free it with
 * cudnnBackendDestroyDescriptor. */
enum crema_status crema_cudnn_pack(struct crema_ctx *, int count,
                                   const int64_t *uids, void *const *data,
                                   void *workspace,
                                   cudnnBackendDescriptor_t *) CREMA_MUST_USE;
cudnnStatus_t crema_cudnn_plan_run(struct cudnn_plan *,
                                   cudnnBackendDescriptor_t pack,
                                   cudnnHandle_t);

#endif
