/* chain.h - one thread's share of the gradient of a maximum pooling, of an LRN
 * and a ReLU in front of it, and of its sums for a bias, in one pass.
 *
 * Channels innermost, in multiples of 8, and a byte for each maximum: a thread
 * has 8 channels of one position after the other.  What the channels beside
 * them have comes from the threads beside it, through a block's room, so each
 * power is taken once.  Anything else: an element a thread, and sums behind.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CHAIN_H
#define CREMA_DEVICE_CUDA_KERNELS_CHAIN_H

#include "device/cuda/kernels/cut8.h"
#include "device/cuda/kernels/lrn.h"
#include "device/cuda/kernels/pool.h"

struct crema_chain {
    struct crema_pool_shape pool;
    struct crema_lrn lrn; /* size 0: none */
    bool passes;          /* a ReLU made x */
};

/* Channels to either side that count. */
CREMA_FORMULA int crema_chain_half(const struct crema_chain *c)
{
    return c->lrn.size > 0 ? (int)(c->lrn.size - 1) / 2 : 0;
}

CREMA_FORMULA bool crema_chain_by_8(const struct crema_chain *c)
{
    const struct crema_pool_shape *p = &c->pool;

    return p->x.last && p->y.last && p->ws.last && p->ws_type == CREMA_U8 &&
           p->x.c % 8 == 0 && p->x.c <= 8 * CREMA_BLOCK &&
           crema_chain_half(c) <= CREMA_LRN_HALF;
}

/* ---- an element ---------------------------------------------------------- */

/* dX at offset i of x, whose LRN has the channels of one position `step` apart.
 */
CREMA_FORMULA float crema_chain_lrn(const struct crema_chain *c, int type,
                                    const void *dy, const void *ws,
                                    const void *x, int64_t i)
{
    const struct crema_planes *plane = &c->pool.x;
    struct crema_place4 o = crema_place4(plane, i), near = o;
    int64_t step = plane->last ? 1 : plane->h * plane->w;
    int64_t first = i - o.c * step; /* channel 0 */
    struct crema_reach r = crema_lrn_reach(&c->lrn, o.c, plane->c);
    float sum = 0, own = 0;

    for (near.c = r.from; near.c <= r.to; near.c++) {
        float s =
            crema_lrn_scale(&c->lrn, type, x, first, near.c, plane->c, step);
        struct crema_powers p = crema_inverse_powers(s, c->lrn.beta);
        float d = crema_pool_gather(&c->pool, type, dy, ws, &near);

        sum += d * crema_load(x, type, first + near.c * step) * p.next;
        if (near.c == o.c) own = d * p.power;
    }
    return own - 2.0f * c->lrn.beta * c->lrn.alpha / (float)c->lrn.size *
                     crema_load(x, type, i) * sum;
}

/* x: NULL without an LRN */
CREMA_FORMULA void crema_at_chain(const struct crema_chain *c, int type,
                                  const void *dy, const void *ws, const void *x,
                                  void *dx, int64_t i)
{
    struct crema_place4 o = crema_place4(&c->pool.x, i);
    float d;

    if (!x)
        d = crema_pool_gather(&c->pool, type, dy, ws, &o);
    else if (c->passes && !(crema_load(x, type, i) > 0))
        d = 0;
    else
        d = crema_chain_lrn(c, type, dy, ws, x, i);
    crema_store(dx, type, i, d);
}

/* ---- 8 channels ---------------------------------------------------------- */

/* dX of the pooling: channels o->c .. o->c + 7. */
CREMA_FORMULA struct crema_pack
crema_pool_gather8(const struct crema_pool_shape *s, int type, const void *dy,
                   const void *ws, const struct crema_place4 *o)
{
    struct crema_holders2 r = crema_pool_around(s, o);
    struct crema_pack sum = { { 0 } };

    for (int64_t p = r.h.from; p < r.h.to; p++)
        for (int64_t q = r.w.from; q < r.w.to; q++) {
            int64_t at = crema_offset4(&s->y, o->n, o->c, p, q);
            struct crema_pack v = crema_load8(dy, type, at / 8);
            uint8_t me = (uint8_t)crema_pool_mark(s, p, q, o->h, o->w);
            uint8_t mark[8];

            memcpy(mark, __builtin_assume_aligned((const uint8_t *)ws + at, 8),
                   8);
            for (int k = 0; k < 8; k++)
                sum.v[k] += mark[k] == me ? v.v[k] : 0.0f;
        }
    return sum;
}

/* What a thread holds of one position. */
struct crema_chain_turn {
    struct crema_pack x;    /* of an LRN */
    struct crema_pack own;  /* dY S^-beta; without an LRN dX */
    struct crema_pack term; /* dY X S^(-beta - 1) */
};

/* half: crema_chain_half, a constant where a kernel is compiled for it */
CREMA_FORMULA struct crema_chain_turn
crema_chain_begin(const struct crema_chain *c, int type, int half,
                  const void *dy, const void *ws, const void *x,
                  int64_t position, int pack)
{
    const struct crema_planes *plane = &c->pool.x;
    const struct crema_axis a = { 0, plane->c, 1 };
    int64_t row = position / plane->w;
    const struct crema_place4 o = { row / plane->h, 8 * pack, row % plane->h,
                                    position % plane->w };
    struct crema_chain_turn t = { { { 0 } }, { { 0 } }, { { 0 } } };
    struct crema_nearby near;
    float square[24];

    t.own = crema_pool_gather8(&c->pool, type, dy, ws, &o);
    if (c->lrn.size == 0) return t;
    near =
        crema_load_nearby(&a, type, x, position * (a.length / 8) + pack, o.c);
    for (int k = 0; k < 24; k++) square[k] = near.v[k] * near.v[k];
    CREMA_UNROLL
    for (int k = 0; k < 8; k++) {
        float s = c->lrn.k + c->lrn.alpha / (float)c->lrn.size *
                                 crema_sum_nearby(square, 8 + k, half);
        struct crema_powers p = crema_inverse_powers(s, c->lrn.beta);

        t.x.v[k] = near.v[8 + k];
        t.term.v[k] = t.own.v[k] * t.x.v[k] * p.next;
        t.own.v[k] *= p.power;
    }
    return t;
}

/* dX of the 8 channels, when all threads have shown their terms; half 0: when
 * none needs others'. */
CREMA_FORMULA struct crema_pack
crema_chain_end(const struct crema_chain *c, const struct crema_cut8 *cut,
                int half, const struct crema_chain_turn *t, int thread,
                const float *room)
{
    int pack = thread % cut->packs;
    struct crema_pack d = t->own;
    float term[8 + 2 * CREMA_LRN_HALF] = { 0 }, factor;

    if (c->lrn.size == 0) return d;
    factor = 2.0f * c->lrn.beta * c->lrn.alpha / (float)c->lrn.size;
    for (int k = 0; k < 8; k++) term[CREMA_LRN_HALF + k] = t->term.v[k];
    CREMA_UNROLL
    for (int k = 0; k < CREMA_LRN_HALF; k++) {
        if (k >= CREMA_LRN_HALF - half && pack > 0)
            term[k] = room[crema_cut8_at(8 - CREMA_LRN_HALF + k, thread - 1)];
        if (k < half && pack + 1 < cut->packs)
            term[8 + CREMA_LRN_HALF + k] = room[crema_cut8_at(k, thread + 1)];
    }
    CREMA_UNROLL
    for (int k = 0; k < 8; k++) {
        d.v[k] -= factor * t->x.v[k] *
                  crema_sum_nearby(term, CREMA_LRN_HALF + k, half);
        if (c->passes && !(t->x.v[k] > 0)) d.v[k] = 0;
    }
    return d;
}

#endif
