/* learn.h - one thread's share of what is done to weights. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LEARN_H
#define CREMA_DEVICE_CUDA_KERNELS_LEARN_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/update.h"
#include "device/ops/params.h"

#include <math.h>

/* Memory of one update; h0, h1 are NULL where the rule has none, clip where
 * nothing is clipped.  rate and clip are one number each. */
struct crema_updated {
    float *w, *h0, *h1;
    const float *dw, *rate, *clip;
};

/* Element i by the rule of u. */
CREMA_FORMULA void crema_at_update(const struct crema_update *u,
                                   const struct crema_updated *m, int64_t i)
{
    struct crema_step step;
    float scale = u->scale * (m->clip ? *m->clip : 1.0f), w = m->w[i], g;
    float h0 = m->h0 ? m->h0[i] : 0.0f, h1 = m->h1 ? m->h1[i] : 0.0f;

    step.rate = u->lr_mult * *m->rate;
    step.momentum = u->momentum;
    step.momentum2 = u->momentum2;
    step.delta = u->delta;
    step.rms_decay = u->rms_decay;
    g = crema_regularized(m->dw[i], scale, u->decay, u->l1, w);
    switch (u->rule) {
#define X(name, histories)                                                     \
    case CREMA_RULE_##name:                                                    \
        crema_rule_##name(&step, g, &w, &h0, &h1);                             \
        break;
#include "device/formula/rules.h"
#undef X
    default:
        break;
    }
    m->w[i] = w;
    if (m->h0) m->h0[i] = h0;
    if (m->h1) m->h1[i] = h1;
}

/* Sum of squares of the elements first, first + step, ... */
CREMA_FORMULA float crema_part_of_squares(const float *x, int64_t count,
                                          int64_t first, int64_t step)
{
    float sum = 0;

    for (int64_t i = first; i < count; i += step) sum += x[i] * x[i];
    return sum;
}

/* What all gradients are multiplied with; sum: of all squares. */
CREMA_FORMULA float crema_at_clip(const struct crema_clip *c, float sum)
{
    float norm = sqrtf(sum);

    if (c->partial) return sum;
    return norm > c->threshold ? c->threshold / norm : 1.0f;
}

#endif
