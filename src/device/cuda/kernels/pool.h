/* pool.h - one thread's share of pooling: one output forward, one input
 * backward, which gathers from every window that holds it, in a fixed order.
 * Channels innermost, and enough of them: a pack of neighbouring channels.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_POOL_H
#define CREMA_DEVICE_CUDA_KERNELS_POOL_H

#include "device/cuda/kernels/values.h"
#include "device/formula/pool.h"

/* ws: of each maximum the index in the plane as float32, or where windows are
 * small the index in the window as a byte. */
enum { CREMA_POOL_NONE = 255, CREMA_POOL_BYTES = 255 /* elements at most */ };

struct crema_pool_shape {
    struct crema_planes x, y, ws; /* ws: y's shape, its own layout */
    int64_t kernel[2], stride[2], pad[2];
    int ws_type;           /* CREMA_F32 or CREMA_U8 */
    uint32_t seed, stream; /* of draws */
};

/* Are packs worked on?  Then ws, if there is any, has bytes and lies as y. */
CREMA_FORMULA bool crema_pool_in_packs(const struct crema_pool_shape *s,
                                       int type, bool with_ws)
{
    return s->x.last && s->y.last && s->x.c % crema_pack_size(type) == 0 &&
           (!with_ws || (s->ws.last && s->ws_type == CREMA_U8));
}

CREMA_FORMULA struct crema_window
crema_pool_rows(const struct crema_pool_shape *s, int64_t p)
{
    return crema_pool_window(p, s->kernel[0], s->stride[0], s->pad[0], s->x.h);
}

CREMA_FORMULA struct crema_window
crema_pool_columns(const struct crema_pool_shape *s, int64_t q)
{
    return crema_pool_window(q, s->kernel[1], s->stride[1], s->pad[1], s->x.w);
}

/* What ws holds for the window of output (p, q) when its maximum is at
 * (h, w). */
CREMA_FORMULA int64_t crema_pool_mark(const struct crema_pool_shape *s,
                                      int64_t p, int64_t q, int64_t h,
                                      int64_t w)
{
    if (s->ws_type == CREMA_F32) return h * s->x.w + w;
    return (h - p * s->stride[0] + s->pad[0]) * s->kernel[1] +
           (w - q * s->stride[1] + s->pad[1]);
}

/* ---- forward ------------------------------------------------------------- */

/* A window's maximum, as far as it has been seen, and its mark. */
struct crema_pool_best {
    float most, mark;
    bool none;
};

CREMA_FORMULA struct crema_pool_best
crema_pool_nothing(const struct crema_pool_shape *s)
{
    struct crema_pool_best b = { 0, CREMA_POOL_NONE, true };

    if (s->ws_type == CREMA_F32) b.mark = -1;
    return b;
}

/* v stands at (h, w) of the window of output o. */
CREMA_FORMULA void crema_pool_see(struct crema_pool_best *b,
                                  const struct crema_pool_shape *s,
                                  const struct crema_place4 *o, int64_t h,
                                  int64_t w, float v)
{
    if (!b->none && !(v > b->most)) return;
    b->none = false;
    b->mark = (float)crema_pool_mark(s, o->h, o->w, h, w);
    b->most = v;
}

/* Output i, which is o. */
CREMA_FORMULA void crema_pool_write(const struct crema_pool_best *b,
                                    const struct crema_pool_shape *s, int type,
                                    const struct crema_place4 *o, void *y,
                                    void *ws, int64_t i)
{
    crema_store(y, type, i, b->most);
    crema_store(ws, s->ws_type, crema_offset4(&s->ws, o->n, o->c, o->h, o->w),
                b->mark);
}

/* Output i: y[i], and its mark in ws. */
CREMA_FORMULA void crema_at_pool_max(const struct crema_pool_shape *s, int type,
                                     const void *x, void *y, void *ws,
                                     int64_t i)
{
    struct crema_place4 o = crema_place4(&s->y, i);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    struct crema_pool_best best = crema_pool_nothing(s);

    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++)
            crema_pool_see(
                &best, s, &o, a, b,
                crema_load(x, type, crema_offset4(&s->x, o.n, o.c, a, b)));
    crema_pool_write(&best, s, type, &o, y, ws, i);
}

CREMA_FORMULA void crema_at_pool_ave(const struct crema_pool_shape *s, int type,
                                     const void *x, void *y, int64_t i)
{
    struct crema_place4 o = crema_place4(&s->y, i);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    float sum = 0;

    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++)
            sum += crema_load(x, type, crema_offset4(&s->x, o.n, o.c, a, b));
    if (h.from < h.to && w.from < w.to) sum /= (float)(h.width * w.width);
    crema_store(y, type, i, sum);
}

CREMA_FORMULA float crema_pool_shares(const struct crema_pool_shape *s,
                                      int type, const void *x,
                                      const struct crema_place4 *o)
{
    struct crema_window h = crema_pool_rows(s, o->h);
    struct crema_window w = crema_pool_columns(s, o->w);
    float sum = 0;

    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++)
            sum += crema_pool_share(
                crema_load(x, type, crema_offset4(&s->x, o->n, o->c, a, b)));
    return sum;
}

/* Output i: an element drawn, and its mark. */
CREMA_FORMULA void crema_at_pool_draw(const struct crema_pool_shape *s,
                                      int type, uint32_t step, const void *x,
                                      void *y, void *ws, int64_t i)
{
    struct crema_place4 o = crema_place4(&s->y, i);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    int64_t number = ((o.n * s->y.c + o.c) * s->y.h + o.h) * s->y.w + o.w;
    float until = crema_pool_shares(s, type, x, &o) *
                  crema_pool_draw(s->seed, s->stream, step, number);
    float value = 0, sum = 0;
    float mark = s->ws_type == CREMA_F32 ? -1 : CREMA_POOL_NONE;
    bool found = false;

    for (int64_t a = h.from; a < h.to && !found; a++)
        for (int64_t b = w.from; b < w.to && !found; b++) {
            float v = crema_load(x, type, crema_offset4(&s->x, o.n, o.c, a, b));

            sum += crema_pool_share(v);
            found = sum >= until;
            if (!found) continue;
            value = v;
            mark = (float)crema_pool_mark(s, o.h, o.w, a, b);
        }
    crema_store(y, type, i, value);
    crema_store(ws, s->ws_type, crema_offset4(&s->ws, o.n, o.c, o.h, o.w),
                mark);
}

/* Pack number `pack` of a tensor with the channels innermost: where it is, and
 * how many packs the channels are. */
CREMA_FORMULA struct crema_place4 crema_pack_place(const struct crema_planes *p,
                                                   int type, int64_t pack)
{
    return crema_place4(p, pack * crema_pack_size(type));
}

CREMA_FORMULA struct crema_pack crema_pool_load(const struct crema_planes *p,
                                                int type, const void *data,
                                                const struct crema_place4 *at,
                                                int64_t h, int64_t w)
{
    return crema_load_pack(data, type, crema_count4(p),
                           crema_offset4(p, at->n, at->c, h, w) /
                               crema_pack_size(type));
}

CREMA_FORMULA void crema_pack_pool_max(const struct crema_pool_shape *s,
                                       int type, const void *x, void *y,
                                       void *ws, int64_t pack)
{
    int n = crema_pack_size(type);
    struct crema_place4 o = crema_pack_place(&s->y, type, pack);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    struct crema_pack most = { { 0 } };
    uint8_t mark[CREMA_PACK];
    bool none = true;

    for (int k = 0; k < n; k++) mark[k] = CREMA_POOL_NONE;
    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++) {
            struct crema_pack v = crema_pool_load(&s->x, type, x, &o, a, b);
            uint8_t here = (uint8_t)crema_pool_mark(s, o.h, o.w, a, b);

            for (int k = 0; k < n; k++) {
                if (!none && !(v.v[k] > most.v[k])) continue;
                most.v[k] = v.v[k];
                mark[k] = here;
            }
            none = false;
        }
    crema_store_pack(y, type, crema_count4(&s->y), pack, &most);
    memcpy(__builtin_assume_aligned((uint8_t *)ws + pack * n, 4), mark, 4);
    if (n > 4)
        memcpy(__builtin_assume_aligned((uint8_t *)ws + pack * n + 4, 4),
               mark + 4, 4);
}

CREMA_FORMULA void crema_pack_pool_ave(const struct crema_pool_shape *s,
                                       int type, const void *x, void *y,
                                       int64_t pack)
{
    int n = crema_pack_size(type);
    struct crema_place4 o = crema_pack_place(&s->y, type, pack);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    struct crema_pack sum = { { 0 } };
    float size = 1;

    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++) {
            struct crema_pack v = crema_pool_load(&s->x, type, x, &o, a, b);

            for (int k = 0; k < n; k++) sum.v[k] += v.v[k];
        }
    if (h.from < h.to && w.from < w.to) size = (float)(h.width * w.width);
    for (int k = 0; k < n; k++) sum.v[k] /= size;
    crema_store_pack(y, type, crema_count4(&s->y), pack, &sum);
}

/* ---- backward ------------------------------------------------------------ */

/* [from, to): outputs along one axis whose windows hold input i. */
struct crema_holders {
    int64_t from, to;
};

CREMA_FORMULA struct crema_holders crema_pool_holders(int64_t i, int64_t kernel,
                                                      int64_t stride,
                                                      int64_t pad,
                                                      int64_t outputs)
{
    struct crema_holders r;

    r.from = i + pad < kernel ? 0 : (i + pad - kernel) / stride + 1;
    r.to = (i + pad) / stride + 1;
    if (r.to > outputs) r.to = outputs;
    return r;
}

/* The same of both axes for the input at o. */
struct crema_holders2 {
    struct crema_holders h, w;
};

CREMA_FORMULA struct crema_holders2
crema_pool_around(const struct crema_pool_shape *s,
                  const struct crema_place4 *o)
{
    struct crema_holders2 r;

    r.h =
        crema_pool_holders(o->h, s->kernel[0], s->stride[0], s->pad[0], s->y.h);
    r.w =
        crema_pool_holders(o->w, s->kernel[1], s->stride[1], s->pad[1], s->y.w);
    return r;
}

/* dX at o. */
CREMA_FORMULA float crema_pool_gather(const struct crema_pool_shape *s,
                                      int type, const void *dy, const void *ws,
                                      const struct crema_place4 *o)
{
    struct crema_holders2 r = crema_pool_around(s, o);
    float sum = 0;

    for (int64_t p = r.h.from; p < r.h.to; p++)
        for (int64_t q = r.w.from; q < r.w.to; q++) {
            float me = (float)crema_pool_mark(s, p, q, o->h, o->w);
            float mark = crema_load(ws, s->ws_type,
                                    crema_offset4(&s->ws, o->n, o->c, p, q));

            if (mark == me)
                sum += crema_load(dy, type,
                                  crema_offset4(&s->y, o->n, o->c, p, q));
        }
    return sum;
}

/* dX at offset i. */
CREMA_FORMULA void crema_at_pool_max_bwd(const struct crema_pool_shape *s,
                                         int type, const void *dy,
                                         const void *ws, void *dx, int64_t i)
{
    struct crema_place4 o = crema_place4(&s->x, i);

    crema_store(dx, type, i, crema_pool_gather(s, type, dy, ws, &o));
}

CREMA_FORMULA void crema_pack_pool_max_bwd(const struct crema_pool_shape *s,
                                           int type, const void *dy,
                                           const void *ws, void *dx,
                                           int64_t pack)
{
    int n = crema_pack_size(type);
    struct crema_place4 o = crema_pack_place(&s->x, type, pack);
    struct crema_holders2 r = crema_pool_around(s, &o);
    struct crema_pack sum = { { 0 } };

    for (int64_t p = r.h.from; p < r.h.to; p++)
        for (int64_t q = r.w.from; q < r.w.to; q++) {
            struct crema_pack v = crema_pool_load(&s->y, type, dy, &o, p, q);
            const uint8_t *marks =
                (const uint8_t *)ws + crema_offset4(&s->ws, o.n, o.c, p, q);
            uint8_t me = (uint8_t)crema_pool_mark(s, p, q, o.h, o.w);
            uint8_t mark[CREMA_PACK];

            memcpy(mark, __builtin_assume_aligned(marks, 4), 4);
            if (n > 4)
                memcpy(mark + 4, __builtin_assume_aligned(marks + 4, 4), 4);
            for (int k = 0; k < n; k++)
                sum.v[k] += mark[k] == me ? v.v[k] : 0.0f;
        }
    crema_store_pack(dx, type, crema_count4(&s->x), pack, &sum);
}

/* What each element of the window of output (p, q) gets of its dY is divided
 * by this. */
CREMA_FORMULA float crema_pool_size(const struct crema_pool_shape *s, int64_t p,
                                    int64_t q)
{
    return (float)(crema_pool_rows(s, p).width *
                   crema_pool_columns(s, q).width);
}

CREMA_FORMULA void crema_at_pool_ave_bwd(const struct crema_pool_shape *s,
                                         int type, const void *dy, void *dx,
                                         int64_t i)
{
    struct crema_place4 o = crema_place4(&s->x, i);
    struct crema_holders2 r = crema_pool_around(s, &o);
    float sum = 0;

    for (int64_t p = r.h.from; p < r.h.to; p++)
        for (int64_t q = r.w.from; q < r.w.to; q++)
            sum += crema_load(dy, type, crema_offset4(&s->y, o.n, o.c, p, q)) /
                   crema_pool_size(s, p, q);
    crema_store(dx, type, i, sum);
}

CREMA_FORMULA void crema_pack_pool_ave_bwd(const struct crema_pool_shape *s,
                                           int type, const void *dy, void *dx,
                                           int64_t pack)
{
    int n = crema_pack_size(type);
    struct crema_place4 o = crema_pack_place(&s->x, type, pack);
    struct crema_holders2 r = crema_pool_around(s, &o);
    struct crema_pack sum = { { 0 } };

    for (int64_t p = r.h.from; p < r.h.to; p++)
        for (int64_t q = r.w.from; q < r.w.to; q++) {
            struct crema_pack v = crema_pool_load(&s->y, type, dy, &o, p, q);
            float size = crema_pool_size(s, p, q);

            for (int k = 0; k < n; k++) sum.v[k] += v.v[k] / size;
        }
    crema_store_pack(dx, type, crema_count4(&s->x), pack, &sum);
}

#endif
