/* loss_scale.h - how large gradients are on their way, for gcc and nvcc alike.
 *
 * Gradients of 16 bits are small: the loss's own is multiplied with a scale,
 * and what updates read is divided by it.  The scale is as large as it can be:
 * halved when a gradient was not finite, doubled after some steps without.
 */
#ifndef CREMA_DEVICE_FORMULA_LOSS_SCALE_H
#define CREMA_DEVICE_FORMULA_LOSS_SCALE_H

#include "base/formula.h"

#include <math.h>

/* 2^-24 and 2^24: beyond them no scale is of use to 16 bits. */
#define CREMA_LEAST_SCALE (1.0f / 16777216.0f)
#define CREMA_MOST_SCALE  16777216.0f

struct crema_loss_scaling {
    float clip;  /* norm of the gradients at most; below 0: any */
    float steps; /* until the scale is doubled */
};

/* What updates multiply gradients with, given the sum of their squares; below
 * 0: this step changes nothing.  state: the scale, and steps since it changed.
 */
CREMA_FORMULA float crema_loss_scale_step(const struct crema_loss_scaling *s,
                                          float squares, float state[2])
{
    float scale = state[0], norm = sqrtf(squares) / scale;

    if (!isfinite(squares)) {
        if (scale > CREMA_LEAST_SCALE) state[0] = scale / 2;
        state[1] = 0;
        return -1.0f;
    }
    state[1] += 1.0f;
    if (state[1] >= s->steps) {
        if (scale < CREMA_MOST_SCALE) state[0] = scale * 2;
        state[1] = 0;
    }
    return (s->clip >= 0 && norm > s->clip ? s->clip / norm : 1.0f) / scale;
}

#endif
