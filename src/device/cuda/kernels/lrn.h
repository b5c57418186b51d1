/* lrn.h - one thread's share of response normalization: one element.
 *
 * The scale S is made anew in backward: nothing is kept from forward.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LRN_H
#define CREMA_DEVICE_CUDA_KERNELS_LRN_H

#include "device/cuda/kernels/launch.h"
#include "device/ops.h"

#include <math.h>

/* s^-beta; AlexNet's 0.75 without powf */
CREMA_FORMULA float crema_inverse_power(float s, float beta)
{
    if (beta == 0.75f) {
        float r = 1.0f / sqrtf(s);

        return r * sqrtf(r);
    }
    return powf(s, -beta);
}

/* The channels [from, to] round c. */
struct crema_reach {
    int64_t from, to;
};

CREMA_FORMULA struct crema_reach crema_lrn_reach(const struct crema_lrn *l,
                                                 int64_t c, int64_t channels)
{
    int64_t half = (l->size - 1) / 2;
    struct crema_reach r;

    r.from = c < half ? 0 : c - half;
    r.to = half < channels - c ? c + half : channels - 1;
    return r;
}

/* S of channel c; x: channel 0 of the same image and position, channels lie
 * `step` apart. */
CREMA_FORMULA float crema_lrn_scale(const struct crema_lrn *l, const float *x,
                                    int64_t c, int64_t channels, int64_t step)
{
    struct crema_reach r = crema_lrn_reach(l, c, channels);
    float sum = 0;

    for (int64_t i = r.from; i <= r.to; i++) sum += x[i * step] * x[i * step];
    return l->k + l->alpha / (float)l->size * sum;
}

/* Y at offset i; a: X from its channels. */
CREMA_FORMULA float crema_at_lrn(const struct crema_lrn *l,
                                 const struct crema_axis *a, const float *x,
                                 int64_t i)
{
    int64_t c = i / a->inner % a->length;
    float s =
        crema_lrn_scale(l, x + (i - c * a->inner), c, a->length, a->inner);

    return x[i] * crema_inverse_power(s, l->beta);
}

CREMA_FORMULA float crema_at_lrn_bwd(const struct crema_lrn *l,
                                     const struct crema_axis *a, const float *x,
                                     const float *dy, int64_t i)
{
    int64_t step = a->inner, c = i / step % a->length;
    int64_t first = i - c * step; /* channel 0 */
    struct crema_reach r = crema_lrn_reach(l, c, a->length);
    float sum = 0, own = 0;

    for (int64_t j = r.from; j <= r.to; j++) {
        float s = crema_lrn_scale(l, x + first, j, a->length, step);
        float power = crema_inverse_power(s, l->beta);

        sum += dy[first + j * step] * x[first + j * step] * power / s;
        if (j == c) own = dy[i] * power;
    }
    return own - 2.0f * l->beta * l->alpha / (float)l->size * x[i] * sum;
}

#endif
