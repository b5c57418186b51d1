/* kernels.h - our own kernels' launchers.
 *
 * Each only enqueues on the stream; not 0 is a cudaError_t.  Pointers to
 * tensors are device memory, structs are the host's and copied into the launch.
 * Nothing to do is no launch.  What one thread computes stands in the header of
 * the same name, which gcc compiles too, so that all but the launch is tested
 * without a GPU; nothing of CUDA's is in here for the same reason.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_KERNELS_H
#define CREMA_DEVICE_CUDA_KERNELS_KERNELS_H

#include "device/cuda/kernels/chain.h"
#include "device/cuda/kernels/channels.h"
#include "device/cuda/kernels/classes.h"
#include "device/cuda/kernels/conv_own.h"
#include "device/cuda/kernels/elementwise.h"
#include "device/cuda/kernels/learn.h"
#include "device/cuda/kernels/lrn.h"
#include "device/cuda/kernels/lrn_pool.h"
#include "device/cuda/kernels/move.h"
#include "device/cuda/kernels/pictures.h"
#include "device/cuda/kernels/planes.h"
#include "device/cuda/kernels/pool.h"
#include "device/cuda/kernels/rows.h"
#include "device/formula/regions.h"

typedef struct CUstream_st *cudaStream_t; /* as CUDA has it */

#ifdef __cplusplus
extern "C" {
#endif

/* `type`: of x, y, dx, dy; everything else is float32.
 *
 * ---- elementwise.cu: `count` elements; y may be x, dx may be dy */

int crema_cuda_unary(cudaStream_t, const struct crema_unary_params *, int type,
                     int64_t count, const void *x, void *y);
/* dy comes in two parts where `more` is not NULL */
int crema_cuda_unary_bwd(cudaStream_t, const struct crema_unary_params *,
                         int type, int64_t count, const void *v, const void *dy,
                         const void *more, void *dx);
/* The same by 8 channels; sums[parts][channels] of dx. */
int crema_cuda_unary_bwd_sums(cudaStream_t, const struct crema_unary_params *,
                              int type, const struct crema_cut8 *,
                              const void *v, const void *dy, const void *more,
                              void *dx, float *sums);
int crema_cuda_sum(cudaStream_t, const struct crema_many *, bool relu, int type,
                   int64_t count, void *y);
int crema_cuda_product(cudaStream_t, const struct crema_many *, int type,
                       int64_t count, void *y);
int crema_cuda_product_bwd(cudaStream_t, const struct crema_many *, int type,
                           int64_t count, const void *y, const void *dy);
int crema_cuda_maximum(cudaStream_t, const struct crema_many *, int type,
                       int64_t count, void *y);
int crema_cuda_maximum_bwd(cudaStream_t, const struct crema_many *, int type,
                           int64_t count, const void *dy);
/* times: one number, or NULL */
int crema_cuda_fill(cudaStream_t, float value, const float *times, int type,
                    int64_t count, void *y);
/* planes NULL: dense */
int crema_cuda_dropout(cudaStream_t, const struct crema_dropout *,
                       const struct crema_planes *, int type, int64_t count,
                       const uint32_t *step, const void *x, void *y);
int crema_cuda_scale(cudaStream_t, const struct crema_scaled *, int type,
                     const void *x, void *y);

/* ---- probe.cu: not 0 when the build has no code for the current GPU */

int crema_cuda_probe(void);

/* ---- pictures.cu: mean may be NULL */

int crema_cuda_pictures(cudaStream_t, const struct crema_pictures_shape *,
                        const uint8_t *bytes, const int32_t *places,
                        const float *mean, void *y);
/* from: device memory, and what it points to */
int crema_cuda_cut(cudaStream_t, const struct crema_cut_shape *,
                   const struct crema_cut_from *from, uint8_t *to);

/* ---- pool.cu, lrn.cu */

int crema_cuda_pool_max(cudaStream_t, const struct crema_pool_shape *, int type,
                        const void *x, void *y, void *ws);
int crema_cuda_pool_ave(cudaStream_t, const struct crema_pool_shape *, int type,
                        const void *x, void *y);
int crema_cuda_pool_draw(cudaStream_t, const struct crema_pool_shape *,
                         int type, const void *step, const void *x, void *y,
                         void *ws);
int crema_cuda_pool_max_bwd(cudaStream_t, const struct crema_pool_shape *,
                            int type, const void *dy, const void *ws, void *dx);
int crema_cuda_pool_ave_bwd(cudaStream_t, const struct crema_pool_shape *,
                            int type, const void *dy, void *dx);
int crema_cuda_lrn(cudaStream_t, const struct crema_lrn *,
                   const struct crema_axis *, int type, const void *x, void *y);
int crema_cuda_lrn_bwd(cudaStream_t, const struct crema_lrn *,
                       const struct crema_axis *, int type, const void *x,
                       const void *dy, void *dx);

/* ---- lrn_pool.cu: a maximum pooling of what an LRN makes of x */

int crema_cuda_lrn_pool(cudaStream_t, const struct crema_lrn_pool *, int type,
                        const void *x, void *y, void *ws);

/* ---- chain.cu: x is NULL without an LRN */

int crema_cuda_chain(cudaStream_t, const struct crema_chain *, int type,
                     const void *dy, const void *ws, const void *x, void *dx);
/* The same by 8 channels; sums[parts][channels] of dx, or NULL. */
int crema_cuda_chain_8(cudaStream_t, const struct crema_chain *, int type,
                       const struct crema_cut8 *, const void *dy,
                       const void *ws, const void *x, void *dx, float *sums);

/* ---- channels.cu: a[c] and b[c] get the sums times `factor`; either may be
 * NULL */

/* room: CREMA_SUM_ROOM bytes */
int crema_cuda_sums(cudaStream_t, const struct crema_summands *, float factor,
                    float *room, float *a, float *b);
/* rows[parts][length], and for b as many behind them */
int crema_cuda_add_parts(cudaStream_t, int64_t length, int64_t parts,
                         float factor, const float *rows, float *a, float *b);
/* z may be NULL */
int crema_cuda_normalize(cudaStream_t, const struct crema_normed *,
                         const void *x, const void *z, void *y);
/* dot[c]: sum of dY times X as normalized, sum[c]: of dY; dot NULL: statistics
 * that are not the batch's.  x may be NULL where neither dot nor the ReLU wants
 * it.  dx may be dy. */
int crema_cuda_normalize_bwd(cudaStream_t, const struct crema_normed *,
                             const float *dot, const float *sum, const void *x,
                             const void *dy, void *dx);
/* The axis has its length alone; `added` may be NULL. */
int crema_cuda_affine(cudaStream_t, const struct crema_normed *,
                      const float *added, float *a, float *shift);
/* mean and var go into the sums times of_mean and of_var; factor may be NULL */
int crema_cuda_running(cudaStream_t, float fraction, float of_mean,
                       float of_var, int64_t channels, const float *mean,
                       const float *var, float *sum_mean, float *sum_var,
                       float *factor);

/* ---- classes.cu */

/* y: float32 */
int crema_cuda_softmax(cudaStream_t, const struct crema_axis *, int type,
                       const void *x, float *y);
/* y, dy: float32 */
int crema_cuda_softmax_bwd(cudaStream_t, const struct crema_axis *, int type,
                           const float *y, const float *dy, void *dx);
/* normalizer 0: the number of labels that count, at least 1 */
int crema_cuda_loss(cudaStream_t, const struct crema_labels *, float normalizer,
                    const float *prob, const float *label, float *loss);
/* room: one float */
int crema_cuda_loss_bwd(cudaStream_t, const struct crema_labels *,
                        float normalizer, const float *prob, const float *label,
                        const float *dloss, float *room, int type, void *dx);
/* per_class may be NULL; room: one float a position */
int crema_cuda_accuracy(cudaStream_t, const struct crema_labels *, int top_k,
                        int type, const void *x, const float *label,
                        float *room, float *accuracy, float *per_class);

/* ---- conv_own.cu: for compute capability 8.0 and above */

/* To be called once for each GPU before the launch.  blocks: that a
 * multiprocessor runs at once. */
int crema_cuda_own_prepare(const struct crema_own_kind *, int *blocks);
int crema_cuda_own_conv(cudaStream_t, const struct crema_own *,
                        const struct crema_own_data *);

/* ---- move.cu */

int crema_cuda_zero(cudaStream_t, void *to, size_t bytes);
int crema_cuda_copy(cudaStream_t, const void *from, void *to, size_t bytes);

int crema_cuda_rows(cudaStream_t, const struct crema_rows *, const void *from,
                    void *to);
/* `count` numbers in the order in which they lie */
int crema_cuda_convert(cudaStream_t, int from, const void *x, int to, void *y,
                       int64_t count);
/* both types float32, bfloat16 or float16 */
int crema_cuda_turn(cudaStream_t, const struct crema_turn *, int from,
                    const void *x, int to, void *y);
/* Any layouts; count: elements; y's padding is left alone. */
int crema_cuda_reorder(cudaStream_t, const struct crema_layout *from,
                       const void *x, const struct crema_layout *to, void *y,
                       int64_t count);

/* ---- regions.cu: dense float32; place has y's elements, and is not used where
 * the grid is sensitive */

int crema_cuda_regions(cudaStream_t, const struct crema_region_grid *,
                       const float *x, const float *regions, float *y,
                       float *place);
int crema_cuda_regions_bwd(cudaStream_t, const struct crema_region_grid *,
                           const float *dy, const float *regions,
                           const float *place, float *dx);

/* ---- planes.cu: dense float32; count: of what is written */

int crema_cuda_resize(cudaStream_t, const struct crema_resize *, int64_t count,
                      const float *x, float *y);
int crema_cuda_resize_bwd(cudaStream_t, const struct crema_resize *,
                          int64_t count, const float *dy, float *dx);
int crema_cuda_unpool(cudaStream_t, const struct crema_unpooled *,
                      const float *x, const float *mask, float *y, float *ws);
int crema_cuda_unpool_bwd(cudaStream_t, const struct crema_unpooled *,
                          const float *dy, const float *mask, const float *ws,
                          float *dx);

/* ---- rows.cu: dense float32 */

/* count: of y */
int crema_cuda_arrange(cudaStream_t, const struct crema_arrange *,
                       int64_t count, const float *x, float *y);
/* dx holds zeros; what was read is written */
int crema_cuda_arrange_bwd(cudaStream_t, const struct crema_arrange *,
                           const float *dy, float *dx);
int crema_cuda_gather(cudaStream_t, const struct crema_gathered *,
                      const float *x, const float *index, float *y);
int crema_cuda_gather_bwd(cudaStream_t, const struct crema_gathered *,
                          const float *index, const float *dy, float *dx);
/* v: x, or dy for the gradient */
int crema_cuda_prelu(cudaStream_t, const struct crema_sides *, const float *x,
                     const float *a, const float *v, float *y);
int crema_cuda_prelu_slopes(cudaStream_t, const struct crema_sides *,
                            const float *x, const float *dy, float *da);
int crema_cuda_reduce(cudaStream_t, const struct crema_reduce *, const float *x,
                      float *y);
int crema_cuda_reduce_bwd(cudaStream_t, const struct crema_reduce *,
                          const float *x, const float *dy, float *dx);
int crema_cuda_standardize(cudaStream_t, const struct crema_standardize *,
                           const float *x, float *y, float *factor);
int crema_cuda_standardize_bwd(cudaStream_t, const struct crema_standardize *,
                               const float *y, const float *factor,
                               const float *dy, float *dx);
int crema_cuda_lstm(cudaStream_t, const struct crema_cells *, float *c,
                    float *h);
/* dc, dh, dc_prev, dgates: any may be NULL */
int crema_cuda_lstm_bwd(cudaStream_t, const struct crema_cells *,
                        const float *dc, const float *dh, float *dc_prev,
                        float *dgates);

/* ---- learn.cu */

/* count: of all that w's memory holds, padding too */
int crema_cuda_update(cudaStream_t, const struct crema_update *,
                      const struct crema_pace *, const struct crema_updated *,
                      int64_t count);
/* blocks: of all joined updates together, each with CREMA_JOINED_EACH elements
 */
int crema_cuda_update_joined(cudaStream_t, const struct crema_joined *,
                             unsigned blocks);
int crema_cuda_loss_ring(cudaStream_t, const struct crema_ring_weights *,
                         const struct crema_ringed *, const uint32_t *step,
                         float *ring);
/* held may be NULL; state: 2 numbers */
int crema_cuda_loss_scale(cudaStream_t, const struct crema_loss_scaling *,
                          const float *squares, const float *held, float *state,
                          float *factor);
int crema_cuda_local_rate(cudaStream_t, const struct crema_local_rate *,
                          const struct crema_localized *, float *factor);
/* type, here and below: of x */
int crema_cuda_accumulate(cudaStream_t, int type, int64_t count, const void *x,
                          float *sum);
/* parts: CREMA_CLIP_PARTS floats of sums of x^2 */
enum { CREMA_CLIP_PARTS = 512 };
int crema_cuda_squares(cudaStream_t, int type, int64_t count, const void *x,
                       float *parts);
/* y = min(1, threshold / norm), or the sum itself; before may be NULL */
int crema_cuda_clip(cudaStream_t, const struct crema_clip *, int64_t nparts,
                    const float *parts, const float *before, float *y);

#ifdef __cplusplus
}
#endif
#endif
