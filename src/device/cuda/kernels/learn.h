/* learn.h - one thread's share of what is done to weights. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LEARN_H
#define CREMA_DEVICE_CUDA_KERNELS_LEARN_H

#include "device/cuda/kernels/values.h"
#include "device/formula/loss_scale.h"
#include "device/formula/ring.h"
#include "device/ops/params.h"
#include "device/ops/update.h"

#include <math.h>

/* What all updates of a step go by.  clip is one number, NULL where nothing is
 * clipped; nothing changes where *clip is below 0 or *held is not 0. */
struct crema_pace {
    const struct crema_rates *rates;
    const float *clip, *held;
};

/* Memory of one update; h0, h1 are NULL where the rule has none, local, one
 * number, where the rate is the common one, copy where nobody reads w in
 * another type. */
struct crema_updated {
    float *w, *h0, *h1;
    const void *dw;
    void *copy; /* w as copy_type */
    const float *local;
    int dw_type, copy_type;
};

/* One weight by the rule of u. */
CREMA_FORMULA void crema_at_update(const struct crema_update *u,
                                   const struct crema_step *step, float dw,
                                   float *w, float *h0, float *h1)
{
    float g = crema_regularized(step, dw, u->l1, *w);

    *w *= step->keep;
    switch (u->rule) {
#define X(name, histories)                                                     \
    case CREMA_RULE_##name:                                                    \
        crema_rule_##name(step, g, w, h0, h1);                                 \
        break;
#include "device/formula/rules.h"
#undef X
    default:
        break;
    }
}

/* Elements 4 * at .. 4 * at + 3 of `count`. */
CREMA_FORMULA void crema_update_4(const struct crema_update *u,
                                  const struct crema_pace *pace,
                                  const struct crema_updated *m, int64_t count,
                                  int64_t at)
{
    const struct crema_step step =
        crema_step_of(u, pace->rates, pace->clip ? *pace->clip : 1.0f,
                      m->local ? *m->local : 1.0f);
    struct crema_four w = crema_load4(m->w, CREMA_F32, count, at);
    struct crema_four dw = crema_load4(m->dw, m->dw_type, count, at);
    struct crema_four h0 = crema_load4(m->h0, CREMA_F32, count, at);
    struct crema_four h1 = crema_load4(m->h1, CREMA_F32, count, at);

    if (crema_held(pace->clip, pace->held)) return;
    for (int k = 0; k < 4; k++)
        crema_at_update(u, &step, dw.v[k], &w.v[k], &h0.v[k], &h1.v[k]);
    crema_store4(m->w, CREMA_F32, count, at, &w);
    crema_store4(m->h0, CREMA_F32, count, at, &h0);
    crema_store4(m->h1, CREMA_F32, count, at, &h1);
    crema_store4(m->copy, m->copy_type, count, at, &w);
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
    struct crema_pace pace;
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
    int64_t at = (int64_t)(block - one->first) * CREMA_BLOCK + thread;
    struct crema_update u = j->update;

    u.lr_mult = one->lr_mult;
    u.decay = one->decay;
    if (4 * at < one->count)
        crema_update_4(&u, &j->pace, &one->m, one->count, at);
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

/* Elements 4 * at .. 4 * at + 3 of `count`. */
CREMA_FORMULA void crema_accumulate_4(int type, int64_t count, int64_t at,
                                      const void *x, float *sum)
{
    struct crema_four s = crema_load4(sum, CREMA_F32, count, at);
    struct crema_four v = crema_load4(x, type, count, at);

    for (int k = 0; k < 4; k++) s.v[k] += v.v[k];
    crema_store4(sum, CREMA_F32, count, at, &s);
}

/* Sum of squares of the fours first, first + step, ... of `count` elements. */
CREMA_FORMULA float crema_part_of_squares(const void *x, int type,
                                          int64_t count, int64_t first,
                                          int64_t step)
{
    float sum = 0;

    for (int64_t i = first; 4 * i < count; i += step) {
        struct crema_four v = crema_load4(x, type, count, i);

        for (int k = 0; k < 4; k++) sum += v.v[k] * v.v[k];
    }
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
