/* elementwise.h - one thread's share of what works element by element: mostly
 * a pack of numbers (values.h). */
#ifndef CREMA_DEVICE_CUDA_KERNELS_ELEMENTWISE_H
#define CREMA_DEVICE_CUDA_KERNELS_ELEMENTWISE_H

#include "device/cuda/kernels/cut8.h"
#include "device/formula/dropout.h"
#include "device/formula/unary.h"
#include "device/op.h"
#include "device/ops/params.h"
#include "device/ops/unary.h"

/* v = f(v) for any formula of the list, n numbers */
CREMA_FORMULA void crema_apply_unary(int formula, const float *p, int n,
                                     float *v)
{
    switch (formula) {
#define X(name, reads, keeps_zero)                                             \
    case CREMA_UNARY_##name:                                                   \
        for (int k = 0; k < n; k++) v[k] = crema_##name##_value(p, v[k]);      \
        break;
#include "device/formula/list.h"
#undef X
    default:
        break;
    }
}

/* dy = dy df/dx, where v is x or y, whichever the formula reads */
CREMA_FORMULA void crema_apply_slope(int formula, const float *p, int n,
                                     const float *v, float *dy)
{
    switch (formula) {
#define X(name, reads, keeps_zero)                                             \
    case CREMA_UNARY_##name:                                                   \
        for (int k = 0; k < n; k++)                                            \
            dy[k] *= crema_##name##_slope(p, v[k], v[k]);                      \
        break;
#include "device/formula/list.h"
#undef X
    default:
        break;
    }
}

CREMA_FORMULA void crema_pack_unary(const struct crema_unary_params *u,
                                    int type, int64_t count, int64_t pack,
                                    const void *x, void *y)
{
    struct crema_pack v = crema_load_pack(x, type, count, pack);

    crema_apply_unary((int)u->formula, u->p, crema_pack_size(type), v.v);
    crema_store_pack(y, type, count, pack, &v);
}

/* dy comes in two parts where `more` is not NULL. */
CREMA_FORMULA void crema_pack_unary_bwd(const struct crema_unary_params *u,
                                        int type, int64_t count, int64_t pack,
                                        const void *v, const void *dy,
                                        const void *more, void *dx)
{
    struct crema_pack seen = crema_load_pack(v, type, count, pack);
    struct crema_pack d = crema_load_pack(dy, type, count, pack);
    struct crema_pack rest = { { 0 } };

    if (more) rest = crema_load_pack(more, type, count, pack);
    for (int k = 0; more && k < crema_pack_size(type); k++) d.v[k] += rest.v[k];
    crema_apply_slope((int)u->formula, u->p, crema_pack_size(type), seen.v,
                      d.v);
    crema_store_pack(dx, type, count, pack, &d);
}

/* The same of 8 numbers from 8 * at on, to be summed up. */
CREMA_FORMULA struct crema_pack
crema_unary_bwd_8(const struct crema_unary_params *u, int type, int64_t at,
                  const void *v, const void *dy, const void *more, void *dx)
{
    struct crema_pack seen = crema_load8(v, type, at);
    struct crema_pack d = crema_load8(dy, type, at), rest = { { 0 } };

    if (more) rest = crema_load8(more, type, at);
    for (int k = 0; more && k < 8; k++) d.v[k] += rest.v[k];
    crema_apply_slope((int)u->formula, u->p, 8, seen.v, d.v);
    crema_store8(dx, type, at, &d);
    return d;
}

/* ---- several tensors of one shape, layout and type ---------------------- */

struct crema_many {
    int n;
    const void *x[CREMA_MAX_PORTS];
    void *dx[CREMA_MAX_PORTS]; /* NULL where nobody wants it */
    float coeff[CREMA_MAX_PORTS];
};

CREMA_FORMULA void crema_pack_sum(const struct crema_many *m, bool relu,
                                  int type, int64_t count, int64_t pack,
                                  void *y)
{
    int n = crema_pack_size(type);
    struct crema_pack sum = { { 0 } };

    for (int i = 0; i < m->n; i++) {
        struct crema_pack v = crema_load_pack(m->x[i], type, count, pack);

        for (int k = 0; k < n; k++) sum.v[k] += m->coeff[i] * v.v[k];
    }
    for (int k = 0; k < n; k++)
        if (relu && sum.v[k] < 0) sum.v[k] = 0;
    crema_store_pack(y, type, count, pack, &sum);
}

/* Over all but one; `but` -1: over all. */
CREMA_FORMULA float crema_at_product(const struct crema_many *m, int type,
                                     int but, int64_t j)
{
    float product = 1;

    for (int i = 0; i < m->n; i++)
        if (i != but) product *= crema_load(m->x[i], type, j);
    return product;
}

/* y NULL: gradients as products of the others, else as Y / X. */
CREMA_FORMULA void crema_at_product_bwd(const struct crema_many *m, int type,
                                        const void *y, const void *dy,
                                        int64_t j)
{
    float d = crema_load(dy, type, j);

    for (int i = 0; i < m->n; i++)
        if (m->dx[i])
            crema_store(
                m->dx[i], type, j,
                d * (y ? crema_load(y, type, j) / crema_load(m->x[i], type, j)
                       : crema_at_product(m, type, i, j)));
}

/* Which is the largest: of equal ones the second wins over the first, and any
 * later one loses. */
CREMA_FORMULA int crema_at_winner(const struct crema_many *m, int type,
                                  int64_t j)
{
    int best = 0;
    float most = crema_load(m->x[0], type, j);

    for (int i = 1; i < m->n; i++) {
        float v = crema_load(m->x[i], type, j);

        if (!(i == 1 ? !(most > v) : v > most)) continue;
        best = i;
        most = v;
    }
    return best;
}

CREMA_FORMULA void crema_at_maximum(const struct crema_many *m, int type,
                                    int64_t j, void *y)
{
    crema_store(y, type, j,
                crema_load(m->x[crema_at_winner(m, type, j)], type, j));
}

CREMA_FORMULA void crema_at_maximum_bwd(const struct crema_many *m, int type,
                                        const void *dy, int64_t j)
{
    int best = crema_at_winner(m, type, j);

    for (int i = 0; i < m->n; i++)
        if (m->dx[i])
            crema_store(m->dx[i], type, j,
                        i == best ? crema_load(dy, type, j) : 0.0f);
}

/* ---- fill, dropout ------------------------------------------------------ */

CREMA_FORMULA void crema_pack_fill(float value, int type, int64_t count,
                                   int64_t pack, void *y)
{
    struct crema_pack v;

    for (int k = 0; k < CREMA_PACK; k++) v.v[k] = value;
    crema_store_pack(y, type, count, pack, &v);
}

/* Elements in the order of N,C,H,W, four to a block of random bits. */
CREMA_FORMULA void crema_pack_dropout(const struct crema_dropout *d, int type,
                                      uint32_t step, int64_t count,
                                      int64_t pack, const void *x, void *y)
{
    int n = crema_pack_size(type);
    struct crema_pack v = crema_load_pack(x, type, count, pack);

    for (int k = 0; k < n; k += 4) {
        struct crema_philox bits = crema_dropout_bits(
            d->seed, d->stream, step, (uint64_t)(pack * n + k) / 4);

        for (int j = 0; j < 4; j++)
            v.v[k + j] = crema_dropout_value(bits.v[j], d->threshold, d->scale,
                                             v.v[k + j]);
    }
    crema_store_pack(y, type, count, pack, &v);
}

/* The element at offset i of other layouts; its number is that of N,C,H,W. */
CREMA_FORMULA void crema_at_dropout(const struct crema_dropout *d, int type,
                                    uint32_t step, const struct crema_planes *p,
                                    int64_t i, const void *x, void *y)
{
    struct crema_place4 at = crema_place4(p, i);
    int64_t j = ((at.n * p->c + at.c) * p->h + at.h) * p->w + at.w;
    struct crema_philox bits =
        crema_dropout_bits(d->seed, d->stream, step, (uint64_t)j / 4);

    crema_store(y, type, i,
                crema_dropout_value(bits.v[j % 4], d->threshold, d->scale,
                                    crema_load(x, type, i)));
}

/* ---- scale -------------------------------------------------------------- */

/* y = x s + b along one axis, and max(y, 0) if relu; s, b: float32, either may
 * be NULL */
struct crema_scaled {
    struct crema_axis axis;
    const float *s, *b;
    bool relu;
};

CREMA_FORMULA void crema_pack_scale(const struct crema_scaled *s, int type,
                                    int64_t pack, const void *x, void *y)
{
    int n = crema_pack_size(type);
    int64_t count = crema_count3(&s->axis);
    struct crema_pack v = crema_load_pack(x, type, count, pack);
    struct crema_entry at = crema_entry_at(&s->axis, pack * n);

    for (int k = 0; k < n; k++) {
        float y1 = s->s ? v.v[k] * s->s[at.c] : v.v[k];

        if (s->b) y1 += s->b[at.c];
        v.v[k] = s->relu && !(y1 > 0) ? 0.0f : y1;
        crema_next_entry(&s->axis, &at);
    }
    crema_store_pack(y, type, count, pack, &v);
}

#endif
