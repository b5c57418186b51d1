/* conv.h - what the convolutions of our own share, and their planners.
 *
 * For the files in conv/ only.
 */
#ifndef CREMA_DEVICE_CPU_CONV_CONV_H
#define CREMA_DEVICE_CPU_CONV_CONV_H

#include "device/cpu/own.h"

/* ---- sides.c --------------------------------------------------------------
 */

/* The sides of a convolution of images in one group: X is n x c x xh x xw, Y is
 * n x k x yh x yw, W is k x c x kh x kw; the padding is that on top and left.
 */
struct crema_cpu_sides {
    int64_t n, c, xh, xw;
    int64_t k, yh, yw;
    int64_t kh, kw;
    int64_t stride_h, stride_w, pad_h, pad_w;
};
struct crema_cpu_sides crema_cpu_sides(const struct crema_conv *,
                                       const struct crema_shape *x,
                                       const struct crema_shape *w,
                                       const struct crema_shape *y);

/* First member of a convolution's own call. */
struct crema_cpu_conv_call {
    struct crema_call base;
    void *scratch;
};
/* Leaves op a copy of `call`, which is the beginning of `size` bytes.  Of base,
 * run and scratch_bytes are the caller's to fill in. */
enum crema_status crema_cpu_conv_leave(struct crema_device *, struct crema_op *,
                                       const struct crema_cpu_conv_call *call,
                                       size_t size) CREMA_MUST_USE;

static inline int64_t crema_cpu_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t crema_cpu_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- tile.c ---------------------------------------------------------------
 */

/* c[h c_high + l] += sum over i < rows, s < count of
 *     a[i a_row + s a_step + h a_high] b[i b_row + s b_step + l]
 *
 * for the lanes l of `wide` vectors of 16, 1 to 4.  The last vector begins at
 * lane b_last of b and c_last of c, and its first `skip` lanes are left out, so
 * it may overlap the one before. */
struct crema_cpu_tile {
    int64_t rows, count;
    const float *a, *b;
    int64_t a_row, a_step, a_high, b_row, b_step, b_last;
    float *c;
    int64_t c_high, c_last;
    int skip;
};
/* For all h < high. */
void crema_cpu_tiles(int wide, int64_t high, struct crema_cpu_tile);

/* ---- the planners ---------------------------------------------------------
 */

/* Gradients of a crema_op_conv's X and W, in float32 and with channels
 * innermost; CREMA_EUNSUPPORTED where that is not fast. */
crema_cpu_planner crema_cpu_conv_turned, crema_cpu_conv_few;
/* The same and the forward pass, of few channels and outputs. */
crema_cpu_planner crema_cpu_conv_small, crema_cpu_conv_small_data,
    crema_cpu_conv_small_weights;
bool crema_cpu_conv_is_small(const struct crema_conv *,
                             const struct crema_shape *w);
/* A convolution and both gradients by matrix products of our own; for those
 * that _packs tells. */
bool crema_cpu_conv_packs(const struct crema_op *);
crema_cpu_planner crema_cpu_conv_packed, crema_cpu_conv_packed_back,
    crema_cpu_conv_packed_weights;

#endif
