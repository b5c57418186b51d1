/* pool.h - what a pooling window covers, and which of its elements is drawn,
 * for gcc and nvcc alike. */
#ifndef CREMA_DEVICE_FORMULA_POOL_H
#define CREMA_DEVICE_FORMULA_POOL_H

#include "device/formula/dropout.h"

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

/* An element's share in a draw. */
CREMA_FORMULA float crema_pool_share(float x)
{
    return x > 0 ? x : 0;
}

/* Drawn is the first element, in rows, at which the sum of the shares so far is
 * at least the sum of all times this, which is in (0, 1]; i: index of the
 * output in N,C,H,W order. */
CREMA_FORMULA float crema_pool_draw(uint32_t seed, uint32_t stream,
                                    uint32_t step, int64_t i)
{
    struct crema_philox r =
        crema_dropout_bits(seed, stream, step, (uint64_t)i / 4);

    return 1 - crema_uniform(r.v[i % 4]);
}

#endif
