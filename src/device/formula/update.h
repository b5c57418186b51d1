/* update.h - the update rules, for gcc and nvcc alike.
 *
 * A rule changes one weight and its histories, given its gradient g, which is
 * already scaled, clipped and regularized.
 */
#ifndef CREMA_DEVICE_FORMULA_UPDATE_H
#define CREMA_DEVICE_FORMULA_UPDATE_H

#include "base/formula.h"

#include <math.h>

/* The numbers of one update: rate is this weight's own. */
struct crema_step {
    float rate, momentum, momentum2, delta, rms_decay;
    float scale; /* of dW */
    float decay; /* of what is added to it */
    float keep;  /* what stays of a weight before the rule, 1 - rate decay
                    where decay is no part of the gradient; else 1 */
};

/* h = momentum h + rate g;  w -= h */
CREMA_FORMULA void crema_rule_sgd(const struct crema_step *s, float g, float *w,
                                  float *h0, float *h1)
{
    (void)h1;
    *h0 = s->momentum * *h0 + s->rate * g;
    *w -= *h0;
}

/* h' = momentum h + rate g;  w -= (1 + momentum) h' - momentum h */
CREMA_FORMULA void crema_rule_nesterov(const struct crema_step *s, float g,
                                       float *w, float *h0, float *h1)
{
    float before = *h0;

    (void)h1;
    *h0 = s->momentum * before + s->rate * g;
    *w -= (1 + s->momentum) * *h0 - s->momentum * before;
}

/* a / b, 0 where both are: of a weight that never had a gradient, delta 0. */
CREMA_FORMULA float crema_quotient(float a, float b)
{
    return a == 0 ? 0.0f : a / b;
}

/* h += g^2;  w -= rate g / (sqrt(h) + delta) */
CREMA_FORMULA void crema_rule_adagrad(const struct crema_step *s, float g,
                                      float *w, float *h0, float *h1)
{
    (void)h1;
    *h0 += g * g;
    *w -= s->rate * crema_quotient(g, sqrtf(*h0) + s->delta);
}

/* h = rms_decay h + (1 - rms_decay) g^2;  w as in adagrad */
CREMA_FORMULA void crema_rule_rmsprop(const struct crema_step *s, float g,
                                      float *w, float *h0, float *h1)
{
    (void)h1;
    *h0 = s->rms_decay * *h0 + (1 - s->rms_decay) * g * g;
    *w -= s->rate * crema_quotient(g, sqrtf(*h0) + s->delta);
}

/* h0 = momentum h0 + (1 - momentum) g^2;  u = g sqrt((h1 + delta) / (h0 +
 * delta));  h1 likewise of u;  w -= rate u */
CREMA_FORMULA void crema_rule_adadelta(const struct crema_step *s, float g,
                                       float *w, float *h0, float *h1)
{
    float u;

    *h0 = s->momentum * *h0 + (1 - s->momentum) * g * g;
    u = g * sqrtf(crema_quotient(*h1 + s->delta, *h0 + s->delta));
    *h1 = s->momentum * *h1 + (1 - s->momentum) * u * u;
    *w -= s->rate * u;
}

/* h0 = momentum h0 + (1 - momentum) g;  h1 = momentum2 h1 + (1 - momentum2)
 * g^2;  w -= rate h0 / (sqrt(h1) + delta).  The rate holds what corrects the
 * averages for their beginning at 0. */
CREMA_FORMULA void crema_rule_adam(const struct crema_step *s, float g,
                                   float *w, float *h0, float *h1)
{
    *h0 = s->momentum * *h0 + (1 - s->momentum) * g;
    *h1 = s->momentum2 * *h1 + (1 - s->momentum2) * g * g;
    *w -= s->rate * crema_quotient(*h0, sqrtf(*h1) + s->delta);
}

/* Is this step's update left out?  Either may be NULL. */
CREMA_FORMULA int crema_held(const float *clip, const float *held)
{
    return (clip && *clip < 0) || (held && *held != 0);
}

/* g as the rules want it. */
CREMA_FORMULA float crema_regularized(const struct crema_step *s, float dw,
                                      int l1, float w)
{
    float direction = l1 ? (float)((w > 0) - (w < 0)) : w;

    return s->scale * dw + s->decay * direction;
}

#endif
