/* convolution.h - what layers with a convolution_param share. */
#ifndef CREMA_LAYERS_CONVOLUTION_H
#define CREMA_LAYERS_CONVOLUTION_H

#include "layers/layer.h"

/* kernel, stride, pad and dilation along `spatial` axes, at most
 * CREMA_MAX_SPATIAL; groups are left alone. */
enum crema_status crema_layer_conv(const struct crema_layer *, int spatial,
                                   struct crema_conv *) CREMA_MUST_USE;
/* Refuses an X whose spatial axes, from `axis` + 1 on, are smaller with their
 * padding than the kernel. */
enum crema_status crema_layer_conv_fits(const struct crema_layer *,
                                        const struct crema_conv *,
                                        const struct crema_shape *x,
                                        int axis) CREMA_MUST_USE;

#endif
