/* resize.h - between which elements of an axis one of a resized axis lies, for
 * gcc and nvcc alike.
 */
#ifndef CREMA_DEVICE_FORMULA_RESIZE_H
#define CREMA_DEVICE_FORMULA_RESIZE_H

#include "base/formula.h"

#include <stdint.h>

/* Along one axis: `from` elements, the first of them number `first` of X,
 * become `to`; the corners of both meet. */
struct crema_resize_axis {
    int64_t size; /* of X */
    int64_t first, from, to;
};

/* Y = X[low] (1 - part) + X[high] part; low and high count within the window.
 */
struct crema_resize_point {
    int64_t low, high;
    float part;
};

/* Elements of the window from one of Y to the next. */
CREMA_FORMULA float crema_resize_step(const struct crema_resize_axis *a)
{
    return a->to > 1 ? (float)(a->from - 1) / (float)(a->to - 1) : 0.0f;
}

CREMA_FORMULA struct crema_resize_point
crema_resize_point(const struct crema_resize_axis *a, int64_t i)
{
    float at = crema_resize_step(a) * (float)i;
    struct crema_resize_point p;

    p.low = (int64_t)at;
    if (p.low > a->from - 1) p.low = a->from - 1;
    p.high = p.low < a->from - 1 ? p.low + 1 : p.low;
    p.part = at - (float)p.low;
    return p;
}

/* [from, to): the elements of Y that may read element i of the window. */
struct crema_resize_readers {
    int64_t from, to;
};
CREMA_FORMULA struct crema_resize_readers
crema_resize_readers(const struct crema_resize_axis *a, int64_t i)
{
    float step = crema_resize_step(a);
    struct crema_resize_readers r = { 0, a->to };

    if (step == 0.0f) return r;
    /* one more on either side, for what rounding may move */
    r.from = (int64_t)((float)(i - 1) / step) - 1;
    r.to = (int64_t)((float)(i + 1) / step) + 3;
    if (r.from < 0) r.from = 0;
    if (r.to > a->to) r.to = a->to;
    return r;
}

/* What element i of the window counts in a point. */
CREMA_FORMULA float crema_resize_share(const struct crema_resize_point *p,
                                       int64_t i)
{
    return (p->low == i ? 1.0f - p->part : 0.0f) +
           (p->high == i ? p->part : 0.0f);
}

/* ---- planes -------------------------------------------------------------- */

/* Both axes of planes: rows, then columns. */
struct crema_resize {
    struct crema_resize_axis axis[2];
};

/* Element (h, w) of Y's plane; x: X's. */
CREMA_FORMULA float crema_at_resize(const struct crema_resize *r,
                                    const float *x, int64_t h, int64_t w)
{
    struct crema_resize_point p = crema_resize_point(&r->axis[0], h);
    struct crema_resize_point q = crema_resize_point(&r->axis[1], w);
    int64_t width = r->axis[1].size;
    const float *low = x + (r->axis[0].first + p.low) * width;
    const float *high = x + (r->axis[0].first + p.high) * width;
    float a, b;

    low += r->axis[1].first;
    high += r->axis[1].first;
    a = low[q.low] * (1.0f - q.part) + low[q.high] * q.part;
    b = high[q.low] * (1.0f - q.part) + high[q.high] * q.part;
    return a * (1.0f - p.part) + b * p.part;
}

/* Element (h, w) of dX's plane; dy: dY's. */
CREMA_FORMULA float crema_at_resize_bwd(const struct crema_resize *r,
                                        const float *dy, int64_t h, int64_t w)
{
    const struct crema_resize_axis *rows = &r->axis[0], *columns = &r->axis[1];
    struct crema_resize_readers p, q;
    float sum = 0;

    h -= rows->first;
    w -= columns->first;
    if (h < 0 || h >= rows->from || w < 0 || w >= columns->from) return 0.0f;
    p = crema_resize_readers(rows, h);
    q = crema_resize_readers(columns, w);
    for (int64_t i = p.from; i < p.to; i++) {
        struct crema_resize_point row = crema_resize_point(rows, i);
        float share = crema_resize_share(&row, h), line = 0;

        if (share == 0.0f) continue;
        for (int64_t j = q.from; j < q.to; j++) {
            struct crema_resize_point column = crema_resize_point(columns, j);

            line += dy[i * columns->to + j] * crema_resize_share(&column, w);
        }
        sum += line * share;
    }
    return sum;
}

#endif
