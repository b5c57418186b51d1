/* learn.h - one thread's share of what is done to weights. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LEARN_H
#define CREMA_DEVICE_CUDA_KERNELS_LEARN_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/loss_scale.h"
#include "device/formula/ring.h"
#include "device/ops/params.h"
#include "device/ops/update.h"

#include <math.h>

/* Memory of one update; h0, h1 are NULL where the rule has none, clip where
 * nothing is clipped, local where the rate is the common one.  clip and local
 * are one number each; nothing changes where *clip is below 0 or *held is not
 * 0. */
struct crema_updated {
    float *w, *h0, *h1;
    const float *dw, *clip, *held, *local;
    const struct crema_rates *rates;
};

/* Element i by the rule of u. */
CREMA_FORMULA void crema_at_update(const struct crema_update *u,
                                   const struct crema_updated *m, int64_t i)
{
    const struct crema_step step =
        crema_step_of(u, m->rates, m->clip ? *m->clip : 1.0f,
                      m->local ? *m->local : 1.0f);
    float w = m->w[i], g = crema_regularized(&step, m->dw[i], u->l1, w);
    float h0 = m->h0 ? m->h0[i] : 0.0f, h1 = m->h1 ? m->h1[i] : 0.0f;

    if (crema_held(m->clip, m->held)) return;
    w *= step.keep;
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

/* Updates of several small weights in one launch, by one rule: each takes
 * blocks of its own, from `first` on. */
enum { CREMA_JOINED = 44, CREMA_JOINED_EACH = 4 * CREMA_BLOCK };
struct crema_joined_one {
    struct crema_updated m;
    int64_t count;
    unsigned first;
    float lr_mult, decay;
};
struct crema_joined {
    struct crema_update update; /* lr_mult and decay aside */
    int n;
    struct crema_joined_one one[CREMA_JOINED];
};

/* Which weight a block belongs to. */
CREMA_FORMULA int crema_joined_at(const struct crema_joined *j, unsigned block)
{
    int low = 0, high = j->n - 1;

    while (low < high) {
        int middle = (low + high + 1) / 2;

        if (j->one[middle].first <= block)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* The elements of one thread of a block. */
CREMA_FORMULA void crema_at_joined(const struct crema_joined *j, unsigned block,
                                   unsigned thread)
{
    const struct crema_joined_one *one = &j->one[crema_joined_at(j, block)];
    int64_t from = (int64_t)(block - one->first) * CREMA_JOINED_EACH;
    int64_t end = from + CREMA_JOINED_EACH;
    struct crema_update u = j->update;

    u.lr_mult = one->lr_mult;
    u.decay = one->decay;
    if (end > one->count) end = one->count;
    for (int64_t i = from + thread; i < end; i += CREMA_BLOCK)
        crema_at_update(&u, &one->m, i);
}

/* What one thread does for crema_loss_ring; the losses' memory. */
struct crema_ringed {
    int n;
    const float *loss[CREMA_RING_LOSSES];
};
CREMA_FORMULA void crema_at_ring(const struct crema_ring_weights *w,
                                 const struct crema_ringed *m,
                                 const uint32_t *step, float *ring)
{
    struct crema_ring_sum sum = { 0 };

    for (int i = 0; i < m->n; i++)
        crema_ring_add(&sum, w->weight[i], *m->loss[i]);
    crema_ring_note(ring, CREMA_RING, *step, &sum);
}

/* Sum of squares of the elements first, first + step, ... */
CREMA_FORMULA float crema_part_of_squares(const float *x, int64_t count,
                                          int64_t first, int64_t step)
{
    float sum = 0;

    for (int64_t i = first; i < count; i += step) sum += x[i] * x[i];
    return sum;
}

/* held may be NULL: as in an update. */
CREMA_FORMULA void crema_at_loss_scale(const struct crema_loss_scaling *s,
                                       const float *squares, const float *held,
                                       float *state, float *factor)
{
    *factor =
        held && *held != 0 ? -1.0f : crema_loss_scale_step(s, *squares, state);
}

/* Memory of crema_local_rate's op; h to correlation, and clip, may be NULL. */
struct crema_localized {
    const float *w, *dw, *h, *dw_h, *clip;
    float *correlation;
    const struct crema_rates *rates;
};
CREMA_FORMULA void crema_at_local_rate(const struct crema_local_rate *l,
                                       const struct crema_localized *m,
                                       float *factor)
{
    struct crema_local_sums sums;

    sums.w = *m->w;
    sums.dw = *m->dw;
    sums.directed = m->correlation != NULL;
    sums.h = sums.directed ? *m->h : 0.0f;
    sums.dw_h = sums.directed ? *m->dw_h : 0.0f;
    *factor = crema_local_rate_now(l, &sums, m->clip ? *m->clip : 1.0f,
                                   m->rates->rate, m->rates->momentum,
                                   m->correlation);
}

/* What all gradients are multiplied with; sum: of all squares. */
CREMA_FORMULA float crema_at_clip(const struct crema_clip *c, float sum)
{
    float norm = sqrtf(sum);

    if (c->partial) return sum;
    return norm > c->threshold ? c->threshold / norm : 1.0f;
}

#endif
