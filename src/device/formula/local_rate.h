/* local_rate.h - a rate of each weight's own, from how large it and its
 * gradient are, for gcc and nvcc alike.
 */
#ifndef CREMA_DEVICE_FORMULA_LOCAL_RATE_H
#define CREMA_DEVICE_FORMULA_LOCAL_RATE_H

#include "base/formula.h"

#include <math.h>

struct crema_local_rate {
    float eta;      /* what the weight's norm counts */
    float scale;    /* of dW, as in its update */
    float decay;    /* share of the weight's norm in the divisor */
    float momentum; /* times that of the step: 1 less it is a factor */
    int clips;      /* it only bounds the common rate */
};

/* Sums over a weight: of w^2, dw^2, and where the directions count, of h^2 and
 * dw h. */
struct crema_local_sums {
    float w, dw, h, dw_h;
    int directed;
};

/* What an update's rate is multiplied with:
 *
 *   r = (1 - m) eta |w| / (|g| + decay |w|), 1 where a norm is 0;  g = clip
 *       scale dW
 *   r -= 0.9 c, c = 0.95 c + 0.05 cos(dW, h)   where directions count
 *
 * or, where it only clips, min(1, r / rate).  A step that is left out (clip
 * below 0) does not change c. */
CREMA_FORMULA float crema_local_rate_now(const struct crema_local_rate *l,
                                         const struct crema_local_sums *sums,
                                         float clip, float rate, float momentum,
                                         float *correlation)
{
    float w = sqrtf(sums->w), g = sqrtf(sums->dw), r = 1.0f, cosine = 0;
    float divisor = l->scale * clip * g + l->decay * w;

    if (clip < 0) return 1.0f;
    if (w > 0 && g > 0)
        r = (1.0f - l->momentum * momentum) * l->eta * w / divisor;
    if (sums->directed) {
        if (g > 0 && sums->h > 0) cosine = sums->dw_h / (g * sqrtf(sums->h));
        *correlation = 0.95f * *correlation + 0.05f * cosine;
        r -= 0.9f * *correlation;
    }
    if (!l->clips) return r;
    return rate > r ? r / rate : 1.0f;
}

#endif
