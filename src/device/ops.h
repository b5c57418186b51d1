/* ops.h - what a layer may ask.  Floor 1.
 *
 * Each call records ops in a program and returns the tensor they will make.
 * Nothing is computed and no memory exists yet.  Shapes are checked and
 * inferred here, backward follows from the ops.  A tensor is written once
 * (in-place layers too: a pass decides whether memory is shared).
 *
 * Failure is sticky: the reason stays in the program, the result is NULL, and
 * an op given NULL for a tensor it needs returns NULL.  The net asks once,
 * after each layer.  Letters: N images, C channels, K outputs, H W heights and
 * widths of the input, P Q of the output, G groups.
 */
#ifndef CREMA_DEVICE_OPS_H
#define CREMA_DEVICE_OPS_H

#include "device/tensor.h"

struct crema_program;
struct crema_tensor;

enum { CREMA_MAX_PORTS = 64 }; /* inputs or outputs of one op */

const struct crema_shape *crema_tensor_shape(const struct crema_tensor *);

/* ---- convolution and fully connected (ops/conv.c, ops/inner_product.c) */

enum { CREMA_MAX_SPATIAL = 3 };

/* Each array is by spatial axis, outermost first.  2 or 3 axes. */
struct crema_conv {
    int spatial;
    int64_t kernel[CREMA_MAX_SPATIAL], stride[CREMA_MAX_SPATIAL];
    int64_t pad[CREMA_MAX_SPATIAL], dilation[CREMA_MAX_SPATIAL];
    int64_t groups;
};

/* Y[N,K,P,Q] = X[N,C,H,W] * W[K,C/G,R,S] + b[K], cross-correlation.
 * P = (H + 2 pad - (dilation (R - 1) + 1)) / stride + 1; b may be NULL. */
struct crema_tensor *crema_conv(struct crema_program *,
                                const struct crema_conv *,
                                struct crema_tensor *x, struct crema_tensor *w,
                                struct crema_tensor *b);

/* Y[N,K,P,Q], what a convolution with W[C,K/G,R,S] would have read to make
 * X[N,C,H,W] of it: its gradient.  P = stride (H - 1) + dilation (R - 1) + 1 -
 * 2 pad; b[K] may be NULL. */
struct crema_tensor *crema_deconv(struct crema_program *,
                                  const struct crema_conv *,
                                  struct crema_tensor *x,
                                  struct crema_tensor *w,
                                  struct crema_tensor *b);

/* Y[M,N] = X[M,K] W[N,K]^T + b[N]; W[K,N] if transposed; b may be NULL */
struct crema_tensor *crema_inner_product(struct crema_program *,
                                         bool transposed,
                                         struct crema_tensor *x,
                                         struct crema_tensor *w,
                                         struct crema_tensor *b);

/* ---- element by element (ops/unary.c, ops/eltwise.c, ops/dropout.c) */

/* Y = f(X); the formula by its name in formula/list.h, p its numbers. */
enum crema_unary_formula {
#define X(name, reads, keeps_zero) CREMA_UNARY_##name,
#include "device/formula/list.h"
#undef X
    CREMA_UNARY_FORMULAS
};
enum { CREMA_FORMULA_NUMBERS = 4 };
struct crema_tensor *crema_unary(struct crema_program *,
                                 enum crema_unary_formula,
                                 const float p[CREMA_FORMULA_NUMBERS],
                                 struct crema_tensor *x);

/* Y = X where it is positive, a X elsewhere; a has one number for each index of
 * axis 1, or one for all (ops/prelu.c) */
struct crema_tensor *crema_prelu(struct crema_program *, struct crema_tensor *x,
                                 struct crema_tensor *a);

/* Y = sum of coeff[i] X[i]; coeff NULL: all 1 */
struct crema_tensor *crema_sum(struct crema_program *, int n,
                               struct crema_tensor *const *x,
                               const float *coeff);
/* Y = product of X[i].  stable: gradients as products of the others, else as
 * Y / X[i] (NaN at 0, as Caffe has it). */
struct crema_tensor *crema_product(struct crema_program *, int n,
                                   struct crema_tensor *const *x, bool stable);
/* Y = max of X[i]; ties as in Caffe */
struct crema_tensor *crema_maximum(struct crema_program *, int n,
                                   struct crema_tensor *const *x);

/* Y = X mask / (1 - ratio) in TRAIN, X in TEST.  The mask is a function of
 * seed, stream (a hash of the layer's name), the program's step and the
 * element's index in N,C,H,W order. */
struct crema_tensor *crema_dropout(struct crema_program *, float ratio,
                                   uint32_t seed, uint32_t stream,
                                   struct crema_tensor *x);

/* Y[N,C,h,w] = (B - mean) scale, mirrored where the picture is.  bytes, U8
 * [N, C h w]: cuts of pictures; places, I32 [N,4]: see formula/picture.h; mean:
 * [1], [C], or [C,H,W] of whole pictures; or NULL. */
struct crema_tensor *crema_pictures(struct crema_program *,
                                    const struct crema_shape *, float scale,
                                    struct crema_tensor *bytes,
                                    struct crema_tensor *places,
                                    struct crema_tensor *mean);

/* ---- pooling and normalization (ops/pool.c, lrn.c, batch_norm.c, scale.c) */

enum crema_pool_method { CREMA_POOL_MAX, CREMA_POOL_AVE };

/* X[N,C,H,W]; round_up is Caffe's CEIL.  A window without any element gives 0.
 * AVE divides by the window clipped to the padded input. */
struct crema_pool {
    enum crema_pool_method method;
    int64_t kernel[2], stride[2], pad[2];
    bool round_up;
};
/* *mask: index in the H x W plane of each maximum, as float; or mask NULL. */
struct crema_tensor *crema_pooling(struct crema_program *,
                                   const struct crema_pool *,
                                   struct crema_tensor *x,
                                   struct crema_tensor **mask);
/* The same windows, whatever the method: each Y is one element of its window,
 * drawn with a probability in proportion to its value; one below 0 counts as
 * 0, and of a window without any above 0 Y is the first.  What is drawn
 * depends on what a dropout's mask depends on. */
struct crema_tensor *crema_pooling_draw(struct crema_program *,
                                        const struct crema_pool *,
                                        uint32_t seed, uint32_t stream,
                                        struct crema_tensor *x);

/* Y[R,K,P,Q]: X[N,C,H,W] over P x Q bins of each of the regions[R,5]: image,
 * left, top, right, bottom (ops/regions.c).  Each bin's maximum, and K = C; or
 * `sensitive`: averages, each bin from channels of its own, C = K P Q.  No
 * gradient flows to the regions; one of an image that is not there is refused
 * by the host, and gives 0 elsewhere. */
struct crema_regions {
    int64_t bins[2]; /* P, Q */
    float scale;     /* of the regions' borders */
    bool sensitive;
};
struct crema_tensor *crema_region_pooling(struct crema_program *,
                                          const struct crema_regions *,
                                          struct crema_tensor *x,
                                          struct crema_tensor *regions);

/* Y[N,C,height,width] has X[i] at mask[i] of its plane, 0 elsewhere; mask: as
 * crema_pooling makes it.  Of several that point to one place the last counts;
 * one that points beyond the plane is a failure on the host, and counts for
 * nothing on a GPU (ops/unpool.c). */
struct crema_tensor *crema_unpool(struct crema_program *, int64_t height,
                                  int64_t width, struct crema_tensor *x,
                                  struct crema_tensor *mask);
/* Y[N,C,to]: the window of `from` elements from `first` on, by rows and by
 * columns, bilinearly; its corners are Y's (ops/resize.c). */
struct crema_tensor *crema_resize(struct crema_program *,
                                  const int64_t first[2], const int64_t from[2],
                                  const int64_t to[2], struct crema_tensor *x);

/* Y = X (k + alpha/size sum of X^2 over `size` channels)^-beta; size is odd */
struct crema_lrn {
    int size;
    float alpha, beta, k;
};
struct crema_tensor *crema_lrn(struct crema_program *, const struct crema_lrn *,
                               struct crema_tensor *x);

/* Y = (X - mean) / sqrt(var + eps) over all but axis 1, biased variance;
 * *mean and *var, [C], are what this batch had. */
struct crema_tensor *crema_batch_norm(struct crema_program *, float eps,
                                      struct crema_tensor *x,
                                      struct crema_tensor **mean,
                                      struct crema_tensor **var);
/* Caffe's running sums: factor = factor f + 1, sum_mean = sum_mean f + mean,
 * sum_var = sum_var f + var m / (m - 1); the three are params.  factor NULL:
 * averages, mean' = mean' f + mean (1 - f), and so the biased variance. */
void crema_batch_norm_update(struct crema_program *, float fraction, int64_t m,
                             struct crema_tensor *mean,
                             struct crema_tensor *var,
                             struct crema_tensor *sum_mean,
                             struct crema_tensor *sum_var,
                             struct crema_tensor *factor);
/* Y = (X - sum_mean/factor) / sqrt(sum_var/factor + eps); factor 0 counts as
 * mean 0, variance 0; factor NULL is 1 */
struct crema_tensor *crema_batch_norm_global(struct crema_program *, float eps,
                                             struct crema_tensor *x,
                                             struct crema_tensor *sum_mean,
                                             struct crema_tensor *sum_var,
                                             struct crema_tensor *factor);

/* Y = X s + b where s and b have the shape of X's axes axis.. ; either may be
 * NULL */
struct crema_tensor *crema_scale(struct crema_program *, int axis,
                                 struct crema_tensor *x, struct crema_tensor *s,
                                 struct crema_tensor *b);

/* ---- classification (ops/softmax.c, softmax_loss.c, accuracy.c) */

/* Along `axis`. */
struct crema_tensor *crema_softmax(struct crema_program *, int axis,
                                   struct crema_tensor *x);

enum crema_normalization { /* Caffe's LossParameter numbers */
                           CREMA_NORMALIZE_FULL,
                           CREMA_NORMALIZE_VALID,
                           CREMA_NORMALIZE_BATCH_SIZE,
                           CREMA_NORMALIZE_NONE,
                           CREMA_NORMALIZE_FIXED /* of forks */
};
struct crema_softmax_loss {
    int axis;
    bool ignores; /* label ignore_label is left out */
    int ignore_label;
    enum crema_normalization normalization;
    float fixed;     /* the normalizer where it is FIXED */
    float smoothing; /* share of the target that all classes have together */
};
/* loss (scalar) = -sum log max(softmax(X)[label], FLT_MIN) / normalizer; label
 * has one entry for each position outside `axis`.  weight: what a position
 * whose label is c counts, [classes], or NULL.  *prob may be asked for. */
struct crema_tensor *crema_softmax_with_loss(struct crema_program *,
                                             const struct crema_softmax_loss *,
                                             struct crema_tensor *x,
                                             struct crema_tensor *label,
                                             struct crema_tensor *weight,
                                             struct crema_tensor **prob);

struct crema_accuracy {
    int axis, top_k;
    bool ignores;
    int ignore_label;
};
/* Says that t holds labels in [0, count), or ignore_label: the host checks as
 * it writes an INPUT.  The two ops here say it of their label. */
void crema_expect_labels(struct crema_tensor *t, int64_t count, bool ignores,
                         int ignore_label);

/* Share of positions whose label is among the top_k; ties count against the
 * true class.  *per_class: [C], 0 where a class does not occur; or NULL. */
struct crema_tensor *crema_top_accuracy(struct crema_program *,
                                        const struct crema_accuracy *,
                                        struct crema_tensor *x,
                                        struct crema_tensor *label,
                                        struct crema_tensor **per_class);

/* One step of LSTM cells (ops/lstm.c): c and h [N,H] from c_prev[N,H], the sums
 * of the gates[N,4H] in the order input, forget, output, cell, and cont[N], 0
 * where a sequence begins. */
void crema_lstm_step(struct crema_program *, struct crema_tensor *c_prev,
                     struct crema_tensor *gates, struct crema_tensor *cont,
                     struct crema_tensor **c, struct crema_tensor **h);

/* ---- sums (ops/reduce.c) */

enum crema_reduction {
    CREMA_REDUCE_SUM,
    CREMA_REDUCE_ABS,
    CREMA_REDUCE_SQUARES,
};
/* Y = coeff * sum of X, |X| or X^2 over the axes from .. to - 1, which Y lacks */
struct crema_tensor *crema_reduce(struct crema_program *, enum crema_reduction,
                                  float coeff, int from, int to,
                                  struct crema_tensor *x);

/* Y = (X - mean) / (deviation + eps) over the axes from `from` on, for each
 * index of those before (ops/standardize.c) */
struct crema_tensor *crema_standardize(struct crema_program *, float eps,
                                       int from, struct crema_tensor *x);

/* ---- shapes (ops/join.c, view.c, fill.c, arrange.c) */

struct crema_tensor *crema_concat(struct crema_program *, int axis, int n,
                                  struct crema_tensor *const *x);
/* y[i] gets size[i] entries of `axis`, in order. */
void crema_slice(struct crema_program *, int axis, struct crema_tensor *x,
                 int n, const int64_t *size, struct crema_tensor **y);
/* The same numbers in row-major order under another shape. */
struct crema_tensor *crema_view(struct crema_program *,
                                const struct crema_shape *,
                                struct crema_tensor *x);
/* Y[i0, i1, ..] = X[offset + i0 stride[0] + ..], X in row-major order.  Dims of
 * stride 0 repeat; no two others may meet one element of X. */
struct crema_tensor *crema_arrange(struct crema_program *,
                                   const struct crema_shape *y,
                                   const int64_t *stride, int64_t offset,
                                   struct crema_tensor *x);
/* Axis k of Y is axis order[k] of X. */
struct crema_tensor *crema_permute(struct crema_program *, const int *order,
                                   struct crema_tensor *x);
/* Y, as many axes as X, is what X has from first[k] on. */
struct crema_tensor *crema_crop(struct crema_program *,
                                const struct crema_shape *y,
                                const int64_t *first, struct crema_tensor *x);
/* X n times, one behind the other on the axis. */
struct crema_tensor *crema_repeat(struct crema_program *, int axis, int64_t n,
                                  struct crema_tensor *x);
/* Y[i.., :] = X[index[i..], :]: rows of X by their numbers, which are checked
 * (ops/gather.c) */
struct crema_tensor *crema_gather(struct crema_program *,
                                  struct crema_tensor *x,
                                  struct crema_tensor *index);
/* X as a tensor of its own: with a gradient of its own (a top of Split). */
struct crema_tensor *crema_alias(struct crema_program *,
                                 struct crema_tensor *x);
/* X, through which no gradient flows back. */
struct crema_tensor *crema_detach(struct crema_program *,
                                  struct crema_tensor *x);
/* Every element is `value`. */
struct crema_tensor *crema_fill(struct crema_program *,
                                const struct crema_shape *, float value);
/* Every element is value times[0]. */
struct crema_tensor *crema_fill_times(struct crema_program *,
                                      const struct crema_shape *, float value,
                                      struct crema_tensor *times);

/* ---- the user's own C (ops/host.c): host memory, dense float32 */

struct crema_host_tensor {
    struct crema_shape shape;
    const float *data; /* NULL: absent */
    float *diff;       /* NULL: not wanted */
};
struct crema_host_op {
    /* y[i].diff is where output i goes. */
    enum crema_status (*forward)(void *state, struct crema_ctx *, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y);
    /* y[i].data is dL/dY (NULL: none came back); overwrites x[i].diff. */
    enum crema_status (*backward)(void *state, struct crema_ctx *, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y);
    void *state; /* outlives the program */
};
/* backward NULL: no gradient flows back. */
void crema_host(struct crema_program *, const struct crema_host_op *, int nx,
                struct crema_tensor *const *x, int ny,
                const struct crema_shape *shapes, struct crema_tensor **y);

#endif
