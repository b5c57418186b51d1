/* lrn.h - one thread's share of response normalization: one element, or where
 * channels are innermost 8 of them, with their neighbours in registers.
 *
 * The scale S is made anew in backward: nothing is kept from forward.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LRN_H
#define CREMA_DEVICE_CUDA_KERNELS_LRN_H

#include "device/cuda/kernels/values.h"
#include "device/ops.h"

#include <math.h>

/* s^-beta and s^(-beta - 1) */
struct crema_powers {
    float power, next;
};

/* AlexNet's 0.75 without powf */
CREMA_FORMULA struct crema_powers crema_inverse_powers(float s, float beta)
{
    struct crema_powers p;

    if (beta == 0.75f) {
        float r = CREMA_RSQRT(s);

        p.power = r * (r * CREMA_RSQRT(r));
        p.next = p.power * (r * r);
    } else {
        p.power = powf(s, -beta);
        p.next = p.power / s;
    }
    return p;
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

/* S of channel c; first: the offset of channel 0 of the same image and
 * position, channels lie `step` apart. */
CREMA_FORMULA float crema_lrn_scale(const struct crema_lrn *l, int type,
                                    const void *x, int64_t first, int64_t c,
                                    int64_t channels, int64_t step)
{
    struct crema_reach r = crema_lrn_reach(l, c, channels);
    float sum = 0;

    for (int64_t i = r.from; i <= r.to; i++) {
        float v = crema_load(x, type, first + i * step);

        sum += v * v;
    }
    return l->k + l->alpha / (float)l->size * sum;
}

/* Y at offset i; a: X from its channels. */
CREMA_FORMULA void crema_at_lrn(const struct crema_lrn *l,
                                const struct crema_axis *a, int type,
                                const void *x, void *y, int64_t i)
{
    int64_t c = i / a->inner % a->length;
    float s =
        crema_lrn_scale(l, type, x, i - c * a->inner, c, a->length, a->inner);

    crema_store(y, type, i,
                crema_load(x, type, i) *
                    crema_inverse_powers(s, l->beta).power);
}

CREMA_FORMULA void crema_at_lrn_bwd(const struct crema_lrn *l,
                                    const struct crema_axis *a, int type,
                                    const void *x, const void *dy, void *dx,
                                    int64_t i)
{
    int64_t step = a->inner, c = i / step % a->length;
    int64_t first = i - c * step; /* channel 0 */
    struct crema_reach r = crema_lrn_reach(l, c, a->length);
    float sum = 0, own = 0;

    for (int64_t j = r.from; j <= r.to; j++) {
        float s = crema_lrn_scale(l, type, x, first, j, a->length, step);
        struct crema_powers p = crema_inverse_powers(s, l->beta);
        float d = crema_load(dy, type, first + j * step);

        sum += d * crema_load(x, type, first + j * step) * p.next;
        if (j == c) own = d * p.power;
    }
    crema_store(dx, type, i,
                own - 2.0f * l->beta * l->alpha / (float)l->size *
                          crema_load(x, type, i) * sum);
}

/* ---- 8 channels at a time ------------------------------------------------ */

enum { CREMA_LRN_HALF = 4 }; /* channels to either side, at most */

CREMA_FORMULA bool crema_lrn_by_8(const struct crema_lrn *l,
                                  const struct crema_axis *a)
{
    return a->inner == 1 && a->length % 8 == 0 &&
           (l->size - 1) / 2 <= CREMA_LRN_HALF;
}

/* 8 channels, the 8 before and the 8 behind them; 0 where there are none. */
struct crema_nearby {
    float v[24];
};

/* at: of the 8, among all of the tensor; c: their first channel */
CREMA_FORMULA struct crema_nearby crema_load_nearby(const struct crema_axis *a,
                                                    int type, const void *x,
                                                    int64_t at, int64_t c)
{
    struct crema_nearby near;

    for (int i = 0; i < 3; i++) {
        struct crema_pack p = { { 0 } };
        int64_t from = c + 8 * (i - 1);

        if (from >= 0 && from < a->length) p = crema_load8(x, type, at + i - 1);
        for (int k = 0; k < 8; k++) near.v[8 * i + k] = p.v[k];
    }
    return near;
}

/* Sum of v[i - half .. i + half]; the loop has constant bounds, so that v stays
 * in registers. */
CREMA_FORMULA float crema_sum_nearby(const float *v, int i, int half)
{
    float sum = 0;

    CREMA_UNROLL
    for (int d = -CREMA_LRN_HALF; d <= CREMA_LRN_HALF; d++)
        if (d >= -half && d <= half) sum += v[i + d];
    return sum;
}

/* Y of the 8 in the middle. */
CREMA_FORMULA struct crema_pack crema_lrn_of_8(const struct crema_lrn *l,
                                               int half,
                                               const struct crema_nearby *near)
{
    float square[24];
    struct crema_pack out;

    for (int i = 0; i < 24; i++) square[i] = near->v[i] * near->v[i];
    CREMA_UNROLL
    for (int k = 0; k < 8; k++) {
        float s = l->k + l->alpha / (float)l->size *
                             crema_sum_nearby(square, 8 + k, half);

        out.v[k] = near->v[8 + k] * crema_inverse_powers(s, l->beta).power;
    }
    return out;
}

CREMA_FORMULA void crema_lrn_8(const struct crema_lrn *l,
                               const struct crema_axis *a, int type,
                               const void *x, void *y, int64_t at)
{
    struct crema_nearby near =
        crema_load_nearby(a, type, x, at, 8 * at % a->length);
    struct crema_pack out = crema_lrn_of_8(l, (int)(l->size - 1) / 2, &near);

    crema_store8(y, type, at, &out);
}

CREMA_FORMULA void crema_lrn_bwd_8(const struct crema_lrn *l,
                                   const struct crema_axis *a, int type,
                                   const void *x, const void *dy, void *dx,
                                   int64_t at)
{
    int64_t c = 8 * at % a->length;
    struct crema_nearby near = crema_load_nearby(a, type, x, at, c);
    struct crema_nearby back = crema_load_nearby(a, type, dy, at, c);
    int half = (int)(l->size - 1) / 2;
    float square[24], term[24], own[8];
    struct crema_pack out;

    for (int i = 0; i < 24; i++) {
        square[i] = near.v[i] * near.v[i];
        term[i] = 0;
    }
    CREMA_UNROLL
    for (int i = 8 - CREMA_LRN_HALF; i < 16 + CREMA_LRN_HALF; i++) {
        float s = l->k +
                  l->alpha / (float)l->size * crema_sum_nearby(square, i, half);
        struct crema_powers p = crema_inverse_powers(s, l->beta);

        if (i >= 8 && i < 16) own[i - 8] = back.v[i] * p.power;
        if (c + i >= 8 && c + i < a->length + 8)
            term[i] = back.v[i] * near.v[i] * p.next;
    }
    for (int k = 0; k < 8; k++)
        out.v[k] = own[k] - 2.0f * l->beta * l->alpha / (float)l->size *
                                near.v[8 + k] *
                                crema_sum_nearby(term, 8 + k, half);
    crema_store8(dx, type, at, &out);
}

#endif
