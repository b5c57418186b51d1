/* lrn_pool.h - one thread's share of a maximum pooling of what an LRN makes of
 * x, which itself is never stored.
 *
 * Channels innermost, in multiples of 8, a byte for each maximum, and windows
 * of which at most two hold a row: a thread has 8 channels of a column of
 * outputs and goes down the rows of x, so that what two windows share is
 * computed once. Anything else: an output a thread.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LRN_POOL_H
#define CREMA_DEVICE_CUDA_KERNELS_LRN_POOL_H

#include "device/cuda/kernels/lrn.h"
#include "device/cuda/kernels/pool.h"

struct crema_lrn_pool {
    struct crema_pool_shape pool;
    struct crema_lrn lrn;
};

CREMA_FORMULA int crema_lrn_pool_half(const struct crema_lrn_pool *l)
{
    return (int)(l->lrn.size - 1) / 2;
}

CREMA_FORMULA bool crema_lrn_pool_by_8(const struct crema_lrn_pool *l)
{
    const struct crema_pool_shape *p = &l->pool;
    const struct crema_axis channels = { 1, p->x.c, 1 };

    return p->x.last && p->y.last && p->ws.last && p->ws_type == CREMA_U8 &&
           p->kernel[0] <= 2 * p->stride[0] &&
           crema_lrn_by_8(&l->lrn, &channels);
}

/* ---- an output ----------------------------------------------------------- */

/* What the LRN makes of x at (n, c, h, w). */
CREMA_FORMULA float crema_lrn_pool_value(const struct crema_lrn_pool *l,
                                         int type, const void *x, int64_t n,
                                         int64_t c, int64_t h, int64_t w)
{
    const struct crema_planes *plane = &l->pool.x;
    int64_t step = plane->last ? 1 : plane->h * plane->w;
    int64_t first = crema_offset4(plane, n, 0, h, w);
    float s = crema_lrn_scale(&l->lrn, type, x, first, c, plane->c, step);

    return crema_load(x, type, first + c * step) *
           crema_inverse_powers(s, l->lrn.beta).power;
}

/* Output i: y[i], and its mark in ws. */
CREMA_FORMULA void crema_at_lrn_pool(const struct crema_lrn_pool *l, int type,
                                     const void *x, void *y, void *ws,
                                     int64_t i)
{
    const struct crema_pool_shape *s = &l->pool;
    struct crema_place4 o = crema_place4(&s->y, i);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    struct crema_pool_best best = crema_pool_nothing(s);

    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++)
            crema_pool_see(&best, s, &o, a, b,
                           crema_lrn_pool_value(l, type, x, o.n, o.c, a, b));
    crema_pool_write(&best, s, type, &o, y, ws, i);
}

/* ---- 8 channels of a column ---------------------------------------------- */

/* How the outputs are shared out, by shape alone: an item is `rows` of them,
 * one below the other, and 8 channels. */
struct crema_lrn_pool_cut {
    int64_t rows, segments; /* of an item; of a column */
    int64_t items;
};

enum {
    CREMA_LRN_POOL_ROWS = 8,         /* at most */
    CREMA_LRN_POOL_ITEMS = 256 << 10 /* that keep a GPU busy */
};

CREMA_FORMULA struct crema_lrn_pool_cut
crema_lrn_pool_cut(const struct crema_planes *y)
{
    int64_t columns = y->n * y->w * (y->c / 8);
    struct crema_lrn_pool_cut cut;

    cut.rows = columns * y->h / CREMA_LRN_POOL_ITEMS;
    if (cut.rows > CREMA_LRN_POOL_ROWS) cut.rows = CREMA_LRN_POOL_ROWS;
    if (cut.rows < 1) cut.rows = 1;
    cut.segments = y->h / cut.rows + (y->h % cut.rows != 0);
    /* as many to each as can be */
    cut.rows = y->h / cut.segments + (y->h % cut.segments != 0);
    cut.items = columns * cut.segments;
    return cut;
}

/* An item's outputs: rows [from, to) of column w, channels c .. c + 7. */
struct crema_lrn_pool_item {
    int64_t n, c, w, from, to;
};

/* Items whose channels lie side by side have neighbouring numbers. */
CREMA_FORMULA struct crema_lrn_pool_item
crema_lrn_pool_item(const struct crema_planes *y,
                    const struct crema_lrn_pool_cut *cut, int64_t i)
{
    int64_t packs = y->c / 8;
    struct crema_lrn_pool_item it;

    it.c = i % packs * 8;
    i /= packs;
    it.w = i % y->w;
    i /= y->w;
    it.from = i % cut->segments * cut->rows;
    it.n = i / cut->segments;
    it.to = it.from + cut->rows < y->h ? it.from + cut->rows : y->h;
    return it;
}

/* The maxima of a window, as far as it has been seen, and their marks: byte k
 * of 8, four in a word, so that they take few registers. */
struct crema_lrn_pool_best {
    struct crema_pack most;
    uint32_t mark[2];
    bool none;
};

CREMA_FORMULA struct crema_lrn_pool_best crema_lrn_pool_nothing(void)
{
    struct crema_lrn_pool_best b;

    for (int k = 0; k < 8; k++) b.most.v[k] = 0;
    b.mark[0] = b.mark[1] = CREMA_POOL_NONE * 0x01010101u;
    b.none = true;
    return b;
}

CREMA_FORMULA void crema_lrn_pool_see(struct crema_lrn_pool_best *b,
                                      const struct crema_pack *v, uint8_t mark)
{
    CREMA_UNROLL
    for (int k = 0; k < 8; k++) {
        uint32_t place = 0xffu << 8 * (k % 4), *word = &b->mark[k / 4];

        if (!b->none && !(v->v[k] > b->most.v[k])) continue;
        b->most.v[k] = v->v[k];
        *word = (*word & ~place) | (mark * 0x01010101u & place);
    }
    b->none = false;
}

/* at: the offset of the first of the 8 outputs */
CREMA_FORMULA void crema_lrn_pool_write(const struct crema_lrn_pool_best *b,
                                        int type, void *y, void *ws, int64_t at)
{
    crema_store8(y, type, at / 8, &b->most);
    memcpy(__builtin_assume_aligned((uint8_t *)ws + at, 8), b->mark, 8);
}

/* Row h of x, for the window of output row p, in `now`, and for the one below
 * it, in `next`, where both hold the row. */
CREMA_FORMULA void crema_lrn_pool_row(const struct crema_lrn_pool *l, int type,
                                      int half, const void *x,
                                      const struct crema_lrn_pool_item *it,
                                      int64_t p, int64_t h, bool both,
                                      struct crema_lrn_pool_best *now,
                                      struct crema_lrn_pool_best *next)
{
    const struct crema_pool_shape *s = &l->pool;
    const struct crema_axis channels = { 1, s->x.c, 1 };
    struct crema_window w = crema_pool_columns(s, it->w);

    for (int64_t b = w.from; b < w.to; b++) {
        int64_t at = crema_offset4(&s->x, it->n, it->c, h, b) / 8;
        struct crema_nearby near =
            crema_load_nearby(&channels, type, x, at, it->c);
        struct crema_pack v = crema_lrn_of_8(&l->lrn, half, &near);

        crema_lrn_pool_see(now, &v,
                           (uint8_t)crema_pool_mark(s, p, it->w, h, b));
        if (both)
            crema_lrn_pool_see(next, &v,
                               (uint8_t)crema_pool_mark(s, p + 1, it->w, h, b));
    }
}

/* half: crema_lrn_pool_half, a constant where a kernel is compiled for it */
CREMA_FORMULA void crema_lrn_pool_8(const struct crema_lrn_pool *l, int type,
                                    int half,
                                    const struct crema_lrn_pool_cut *cut,
                                    const void *x, void *y, void *ws, int64_t i)
{
    const struct crema_pool_shape *s = &l->pool;
    struct crema_lrn_pool_item it = crema_lrn_pool_item(&s->y, cut, i);
    struct crema_lrn_pool_best now = crema_lrn_pool_nothing(), next = now;
    int64_t seen = 0; /* rows of x before this one are in `now` */

    for (int64_t p = it.from; p < it.to; p++) {
        struct crema_window here = crema_pool_rows(s, p);
        int64_t shared =
            p + 1 < it.to ? crema_pool_rows(s, p + 1).from : here.to;

        for (int64_t h = here.from > seen ? here.from : seen; h < here.to; h++)
            crema_lrn_pool_row(l, type, half, x, &it, p, h, h >= shared, &now,
                               &next);
        crema_lrn_pool_write(&now, type, y, ws,
                             crema_offset4(&s->y, it.n, it.c, p, it.w));
        if (here.to > seen) seen = here.to;
        now = next;
        next = crema_lrn_pool_nothing();
    }
}

#endif
