/* update.h - the update rules, for gcc and nvcc alike.
 *
 * A rule changes one weight and its histories, given its gradient g, which is
 * already scaled, clipped and regularized.
 */
#ifndef CREMA_DEVICE_FORMULA_UPDATE_H
#define CREMA_DEVICE_FORMULA_UPDATE_H

#include "base/philox.h"

/* The numbers of one update: rate is this weight's own. */
struct crema_step {
    float rate, momentum, momentum2, delta, rms_decay;
};

/* h = momentum h + rate g;  w -= h */
CREMA_FORMULA void crema_rule_sgd(const struct crema_step *s, float g, float *w,
                                  float *h0, float *h1)
{
    (void)h1;
    *h0 = s->momentum * *h0 + s->rate * g;
    *w -= *h0;
}

/* Is this step's update left out?  Either may be NULL. */
CREMA_FORMULA int crema_held(const float *clip, const float *held)
{
    return (clip && *clip < 0) || (held && *held != 0);
}

/* g as the rules want it. */
CREMA_FORMULA float crema_regularized(float dw, float scale, float decay,
                                      int l1, float w)
{
    float direction = l1 ? (float)((w > 0) - (w < 0)) : w;

    return scale * dw + decay * direction;
}

#endif
