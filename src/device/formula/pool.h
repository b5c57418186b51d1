/* pool.h - what a pooling window covers, for gcc and nvcc alike. */
#ifndef CREMA_DEVICE_FORMULA_POOL_H
#define CREMA_DEVICE_FORMULA_POOL_H

#include "base/philox.h"

/* One axis of one window. */
struct crema_window {
    int64_t from, to; /* [from, to) of the input; may be empty */
    int64_t width;    /* with the padding it covers: AVE divides
                         by the product of both axes */
};

/* p: index in the output; size: of the input along this axis.  A window that
 * reaches past the padded input ends there. */
CREMA_FORMULA struct crema_window crema_pool_window(int64_t p, int64_t kernel,
                                                    int64_t stride, int64_t pad,
                                                    int64_t size)
{
    struct crema_window w;

    w.from = p * stride - pad;
    w.to = w.from + kernel < size + pad ? w.from + kernel : size + pad;
    w.width = w.to - w.from;
    if (w.from < 0) w.from = 0;
    if (w.to > size) w.to = size;
    return w;
}

#endif
