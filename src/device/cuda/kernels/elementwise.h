/* elementwise.h - one thread's share of what works element by element. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_ELEMENTWISE_H
#define CREMA_DEVICE_CUDA_KERNELS_ELEMENTWISE_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/dropout.h"
#include "device/formula/unary.h"
#include "device/op.h"
#include "device/ops/params.h"
#include "device/ops/unary.h"

/* f(x) for any formula of the list */
CREMA_FORMULA float crema_at_unary(int formula, const float *p, float x)
{
    switch (formula) {
#define X(name, reads, keeps_zero)                                             \
    case CREMA_UNARY_##name:                                                   \
        return crema_##name##_value(p, x);
#include "device/formula/list.h"
#undef X
    default:
        return 0.0f;
    }
}

/* df/dx, where v is x or y, whichever the formula reads */
CREMA_FORMULA float crema_at_slope(int formula, const float *p, float v)
{
    switch (formula) {
#define X(name, reads, keeps_zero)                                             \
    case CREMA_UNARY_##name:                                                   \
        return crema_##name##_slope(p, v, v);
#include "device/formula/list.h"
#undef X
    default:
        return 0.0f;
    }
}

/* Several tensors of one shape and layout. */
struct crema_many {
    int n;
    const float *x[CREMA_MAX_PORTS];
    float *dx[CREMA_MAX_PORTS]; /* NULL where nobody wants it */
    float coeff[CREMA_MAX_PORTS];
};

CREMA_FORMULA float crema_at_sum(const struct crema_many *m, bool relu,
                                 int64_t j)
{
    float sum = 0;

    for (int i = 0; i < m->n; i++) sum += m->coeff[i] * m->x[i][j];
    return relu && sum < 0 ? 0.0f : sum;
}

/* Over all but one; `but` -1: over all. */
CREMA_FORMULA float crema_at_product(const struct crema_many *m, int but,
                                     int64_t j)
{
    float product = 1;

    for (int i = 0; i < m->n; i++)
        if (i != but) product *= m->x[i][j];
    return product;
}

/* y NULL: gradients as products of the others, else as Y / X. */
CREMA_FORMULA void crema_at_product_bwd(const struct crema_many *m,
                                        const float *y, const float *dy,
                                        int64_t j)
{
    for (int i = 0; i < m->n; i++)
        if (m->dx[i])
            m->dx[i][j] =
                dy[j] * (y ? y[j] / m->x[i][j] : crema_at_product(m, i, j));
}

/* Which is the largest: of equal ones the second wins over the first, and any
 * later one loses. */
CREMA_FORMULA int crema_at_winner(const struct crema_many *m, int64_t j)
{
    int best = m->n > 1 && !(m->x[0][j] > m->x[1][j]);

    for (int i = 2; i < m->n; i++)
        if (m->x[i][j] > m->x[best][j]) best = i;
    return best;
}

CREMA_FORMULA void crema_at_maximum_bwd(const struct crema_many *m,
                                        const float *dy, int64_t j)
{
    int best = crema_at_winner(m, j);

    for (int i = 0; i < m->n; i++)
        if (m->dx[i]) m->dx[i][j] = i == best ? dy[j] : 0;
}

/* Four elements from 4 * block on, of `count`, dense. */
CREMA_FORMULA void crema_at_dropout(const struct crema_dropout *d,
                                    uint32_t step, int64_t count, int64_t block,
                                    const float *x, float *y)
{
    struct crema_philox bits =
        crema_dropout_bits(d->seed, d->stream, step, (uint64_t)block);

    for (int k = 0; k < 4; k++) {
        int64_t i = 4 * block + k;

        if (i < count)
            y[i] = crema_dropout_value(bits.v[k], d->threshold, d->scale, x[i]);
    }
}

/* The element at offset i of other layouts; its number is that of N,C,H,W. */
CREMA_FORMULA float crema_at_dropout_one(const struct crema_dropout *d,
                                         uint32_t step,
                                         const struct crema_planes *p,
                                         int64_t i, float x)
{
    struct crema_place4 at = crema_place4(p, i);
    int64_t j = ((at.n * p->c + at.c) * p->h + at.h) * p->w + at.w;
    struct crema_philox bits =
        crema_dropout_bits(d->seed, d->stream, step, (uint64_t)j / 4);

    return crema_dropout_value(bits.v[j % 4], d->threshold, d->scale, x);
}

/* y = x s + b along one axis; s or b may be NULL */
CREMA_FORMULA float crema_at_scale(const struct crema_axis *a, const float *s,
                                   const float *b, int64_t i, float x)
{
    int64_t c = i / a->inner % a->length;

    return (s ? x * s[c] : x) + (b ? b[c] : 0.0f);
}

#endif
