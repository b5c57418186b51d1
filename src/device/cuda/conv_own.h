/* conv_own.h - convolutions by kernels of our own: kernels/conv_own.h.  Free of
 * vendors' headers. */
#ifndef CREMA_DEVICE_CUDA_CONV_OWN_H
#define CREMA_DEVICE_CUDA_CONV_OWN_H

#include "device/cuda/libraries.h"

/* Columns that tiles can have, the widest first. */
enum { CONV_OWN_WIDTHS = 2 };
extern const int crema_conv_own_widths[CONV_OWN_WIDTHS];
/* ... and have in this case: not where half of them would be idle. */
bool crema_conv_own_is_width(const struct conv_case *, int64_t width);

/* For a GPU of compute capability 8.0 or above: one or two axes, channels
 * innermost; bfloat16, float16, or float32 that may be rounded to TF32; the
 * channels of a group, both sides, a multiple of what has 16 bytes. */
bool crema_conv_own_fits(const struct conv_case *);

/* The launch, where so many blocks run at once; dW's partial sums take `room`
 * bytes at most.  The case fits; false where no grid is large enough. */
bool crema_conv_own_plan(const struct conv_case *, int width, int64_t at_once,
                         size_t room, struct crema_own *);
size_t crema_conv_own_workspace(const struct crema_own *);
struct crema_own_data crema_conv_own_data(const struct conv_case *,
                                          const struct conv_data *,
                                          void *workspace);

#endif
