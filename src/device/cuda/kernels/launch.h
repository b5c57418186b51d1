/* launch.h - launch arithmetic, for gcc (which tests it) and nvcc alike. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LAUNCH_H
#define CREMA_DEVICE_CUDA_KERNELS_LAUNCH_H

#include "base/philox.h"

#include <stdbool.h>

enum { CREMA_BLOCK = 256, CREMA_MOST_BLOCKS = 1 << 20 };

/* Blocks for `items` of which one block does `each` at a time.  Not more than a
 * grid can have: a kernel loops until all items are done. */
CREMA_FORMULA unsigned crema_blocks(int64_t items, int64_t each)
{
    int64_t n = items / each + (items % each != 0);

    return n < CREMA_MOST_BLOCKS ? (unsigned)n : (unsigned)CREMA_MOST_BLOCKS;
}

/* N x C x H x W numbers, dense or with the channels innermost. */
struct crema_planes {
    int64_t n, c, h, w;
    bool last; /* channels innermost */
};

struct crema_place4 {
    int64_t n, c, h, w;
};

/* Which element lies at offset i. */
CREMA_FORMULA struct crema_place4 crema_place4(const struct crema_planes *p,
                                               int64_t i)
{
    struct crema_place4 at;

    if (p->last) {
        at.c = i % p->c;
        i /= p->c;
    }
    at.w = i % p->w;
    i /= p->w;
    at.h = i % p->h;
    i /= p->h;
    if (!p->last) {
        at.c = i % p->c;
        i /= p->c;
    }
    at.n = i;
    return at;
}

CREMA_FORMULA int64_t crema_offset4(const struct crema_planes *p, int64_t n,
                                    int64_t c, int64_t h, int64_t w)
{
    return p->last ? ((n * p->h + h) * p->w + w) * p->c + c
                   : ((n * p->c + c) * p->h + h) * p->w + w;
}

CREMA_FORMULA int64_t crema_count4(const struct crema_planes *p)
{
    return p->n * p->c * p->h * p->w;
}

/* A dense tensor seen from one axis: [outer][length][inner]. */
struct crema_axis {
    int64_t outer, length, inner;
};

CREMA_FORMULA int64_t crema_count3(const struct crema_axis *a)
{
    return a->outer * a->length * a->inner;
}

/* Offset of entry `at` of the axis, at `position` of outer x inner. */
CREMA_FORMULA int64_t crema_offset3(const struct crema_axis *a,
                                    int64_t position, int64_t at)
{
    int64_t outer, inner;

    if (a->inner == 1) return position * a->length + at; /* no division */
    outer = position / a->inner;
    inner = position % a->inner;
    return (outer * a->length + at) * a->inner + inner;
}

/* A place on the axis: entry c, element r of its inner ones. */
struct crema_entry {
    int64_t c, r;
};

CREMA_FORMULA struct crema_entry crema_entry_at(const struct crema_axis *a,
                                                int64_t i)
{
    struct crema_entry at;

    at.c = i / a->inner % a->length;
    at.r = i % a->inner;
    return at;
}

/* That of the next element. */
CREMA_FORMULA void crema_next_entry(const struct crema_axis *a,
                                    struct crema_entry *at)
{
    if (++at->r < a->inner) return;
    at->r = 0;
    if (++at->c == a->length) at->c = 0;
}

#endif
