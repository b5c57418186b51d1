/* params.h - what op->params points to, where ops.h has no struct for it.
 *
 *   conv*  crema_conv        lrn*           crema_lrn
 *   fill   float             softmax_loss*  crema_softmax_loss
 *   unary* see unary.h       accuracy       crema_accuracy
 *   host*  crema_host_op     update         crema_update
 *   loss_scale  crema_loss_scaling          local_rate  crema_local_rate
 *   arrange* crema_arrange, formula/arrange.h
 *   resize*  crema_resize, formula/resize.h
 *   pictures  crema_picture_sizes, formula/picture.h
 *   regions* crema_region_grid, formula/regions.h
 *   none:  maximum*, accumulate, clear, view, reorder, gather*, lstm*, prelu*,
 *   unpool*
 */
#ifndef CREMA_DEVICE_OPS_PARAMS_H
#define CREMA_DEVICE_OPS_PARAMS_H

#include "device/formula/picture.h"
#include "device/formula/regions.h"
#include "device/op.h"

/* inner_product, and its gradients */
struct crema_inner_product {
    bool transposed; /* W[K,N] instead of W[N,K] */
};

/* sum */
struct crema_sum {
    float coeff[CREMA_MAX_PORTS];
};

/* product, product_bwd */
struct crema_product {
    bool stable;
};

/* dropout: formula/dropout.h */
struct crema_dropout {
    uint32_t threshold, seed, stream;
    float scale; /* of what is kept */
};

/* pool, pool_draw, and the gradient of both; formula/pool.h */
struct crema_pool_params {
    struct crema_pool pool;
    bool mask;             /* ws is a blob: indices as float, dense */
    uint32_t seed, stream; /* of pool_draw, whose method is MAX */
    /* Of an LRN in front of the pooling, which is done with it, or whose
     * gradient is; size 0: it is not.  passes: of a gradient, only where X,
     * which had a ReLU, is above 0. */
    struct crema_lrn lrn;
    bool passes;
};

/* batch_norm, batch_norm_global, their gradients, and batch_norm_affine */
struct crema_batch_norm {
    float eps;
    bool
        passes; /* of a gradient: only where Y, which had a ReLU, was above 0 */
};

/* batch_norm_update */
struct crema_batch_norm_update {
    float fraction;
    int64_t m; /* values per channel */
};

/* What a batch's mean and variance are multiplied by on their way into the
 * running ones: sums of unbiased ones, or averages (no factor). */
struct crema_new_statistics {
    float mean, var;
};
static inline struct crema_new_statistics
crema_new_statistics(const struct crema_batch_norm_update *u, bool average)
{
    float unbias = u->m > 1 ? (float)u->m / (float)(u->m - 1) : 1.0f;

    return average ? (struct crema_new_statistics){ 1 - u->fraction,
                                                    1 - u->fraction }
                   : (struct crema_new_statistics){ 1.0f, unbias };
}

/* softmax, softmax_bwd, concat, slice, scale, and scale's gradients */
struct crema_along {
    int axis;
};

/* loss_ring */
struct crema_ring_weights {
    float weight[CREMA_RING_LOSSES];
};

/* clip_factor */
struct crema_clip {
    float threshold;
    bool partial; /* y is the sum of the squares so far */
};

/* reduce, reduce_bwd; the axes between are summed */
struct crema_reduce {
    enum crema_reduction f;
    float coeff;
    struct crema_sides sides;
};

/* standardize, standardize_bwd */
struct crema_standardize {
    float eps;
    int64_t rows, length;
};

/* Refuses regions of an image that is not there; op: of type regions. */
enum crema_status crema_regions_check(struct crema_ctx *,
                                      const struct crema_op *,
                                      const float *regions) CREMA_MUST_USE;

/* sums[c]: of the dense x over all axes but 1; for definitions */
void crema_sum_channels(const struct crema_shape *, const float *x,
                        float *sums);

/* How prelu's slopes lie over X: by channel, or one for all. */
struct crema_sides crema_prelu_sides(const struct crema_shape *x,
                                     const struct crema_shape *a);

#endif
