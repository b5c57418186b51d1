/* packed_rows.c - a convolution with channels innermost as matrix products.
 *
 * For some hundred pixels of Y at a time, what they read is copied into rows,
 * DEPTH numbers of each: they stay in the second cache while all panels of W
 * pass by.  Copying costs little, for each number is used by all outputs.
 */
#include "device/cpu/conv/packed.h"

#include <string.h>

enum {
    DEPTH = CREMA_CPU_DEPTH,
    PIXELS = 384, /* at a time; all heights of a tile divide it */
    ALIGN = 64,   /* bytes */
};

/* A pixel of Y among those that are computed. */
struct pixel {
    int64_t n, h, w;
};

static struct pixel pixel_of(const struct crema_cpu_packed *p, int64_t i)
{
    int64_t row = i / p->w.count;

    return (struct pixel){ row / p->h.count, row % p->h.count, i % p->w.count };
}

static void step(const struct crema_cpu_packed *p, struct pixel *at)
{
    if (++at->w < p->w.count) return;
    at->w = 0;
    if (++at->h < p->h.count) return;
    at->h = 0;
    at->n++;
}

/* All numbers of X that a pixel reads. */
static int64_t depth_of(const struct crema_cpu_packed *p)
{
    return p->h.taps * p->w.taps * p->c;
}

/* ---- rows of X ------------------------------------------------------------
 */

/* Numbers that lie side by side in X: from number `skip` of the tap in row
 * `tap_h` and column `tap_w`, perhaps into taps that follow in the row. */
struct run {
    int64_t tap_h, tap_w, skip, count;
};

/* For `pixels` pixels; what is beyond X's borders is zero. */
static void copy_run(const struct crema_cpu_packed *p, int64_t group,
                     struct pixel at, int64_t pixels, struct run r, float *to)
{
    int64_t all = p->groups * p->c;

    for (; pixels > 0; pixels--, step(p, &at), to += DEPTH) {
        int64_t h = at.h * p->h.stride + p->h.first + r.tap_h * p->h.step;
        int64_t w = at.w * p->w.stride + p->w.first + r.tap_w * p->w.step;
        int64_t from =
            crema_cpu_least(crema_cpu_most(-w * p->c - r.skip, 0), r.count);
        int64_t end = crema_cpu_least((p->xw - w) * p->c - r.skip, r.count);
        int64_t x = ((at.n * p->xh + h) * p->xw + w) * all + group * p->c;

        if (h < 0 || h >= p->xh || end <= from) {
            memset(to, 0, sizeof *to * (size_t)r.count);
            continue;
        }
        if (from > 0) memset(to, 0, sizeof *to * (size_t)from);
        memcpy(to + from, p->x + x + r.skip + from,
               sizeof *to * (size_t)(end - from));
        if (end < r.count)
            memset(to + end, 0, sizeof *to * (size_t)(r.count - end));
    }
}

/* Numbers first.. of what each of the pixels reads. */
static void copy(const struct crema_cpu_packed *p, int64_t group,
                 struct pixel at, int64_t pixels, int64_t first, int64_t count,
                 float *to)
{
    bool joined = p->groups == 1 && p->w.step == 1;
    int64_t span = joined ? p->w.taps * p->c : p->c;
    int64_t in_row = joined ? 1 : p->w.taps;

    while (count > 0) {
        int64_t run = first / span;
        struct run r = { .tap_h = run / in_row,
                         .tap_w = run % in_row,
                         .skip = first % span };

        r.count = crema_cpu_least(span - r.skip, count);
        copy_run(p, group, at, pixels, r, to);
        first += r.count;
        count -= r.count;
        to += r.count;
    }
}

/* ---- rows of Y ------------------------------------------------------------
 */

/* Some pixels, all outputs of a group. */
struct block {
    struct pixel at;
    int64_t pixels, group;
    float *x, *y; /* rows; of y, y_step apart */
    int64_t y_step;
};

CREMA_CPU_CLONES
static void begin_rows(const struct block *b, int64_t k, const float *bias)
{
    for (int64_t i = 0; i < b->pixels; i++) {
        float *y = b->y + i * b->y_step;

        for (int64_t o = 0; o < k; o++) y[o] = bias ? bias[o] : 0;
    }
}

CREMA_CPU_CLONES
static void cut_rows(const struct block *b, int64_t k)
{
    for (int64_t i = 0; i < b->pixels; i++) {
        float *y = b->y + i * b->y_step;

        for (int64_t o = 0; o < k; o++) y[o] = y[o] > 0 ? y[o] : 0;
    }
}

static void multiply(const struct crema_cpu_packed *p, const struct block *b)
{
    int64_t depth = depth_of(p), parts = (depth + DEPTH - 1) / DEPTH;
    const float *group = p->weights + b->group * p->k * depth;

    for (int64_t i = 0; i < parts; i++) {
        int64_t first = depth * i / parts;
        int64_t end = depth * (i + 1) / parts;

        copy(p, b->group, b->at, b->pixels, first, end - first, b->x);
        for (int64_t o = 0; o < p->k; o += p->lanes) {
            bool last = o + p->lanes == p->k;
            const float *w = group + o * depth + first * p->lanes;
            const float *next =
                last ? group + end * p->lanes : w + p->lanes * depth;

            crema_cpu_product(p->lanes, b->pixels, end - first, b->x, w,
                              b->y + o, b->y_step, next);
        }
    }
}

/* Where Y's pixels are computed one behind the other, as they lie. */
static bool in_place(const struct crema_cpu_packed *p)
{
    return p->h.apart == 1 && p->w.apart == 1;
}

static void put(const struct crema_cpu_packed *p, const struct block *b)
{
    int64_t all = p->groups * p->k;
    struct pixel at = b->at;

    for (int64_t i = 0; i < b->pixels; i++, step(p, &at)) {
        int64_t h = p->h.place + at.h * p->h.apart;
        int64_t w = p->w.place + at.w * p->w.apart;

        memcpy(p->y + ((at.n * p->yh + h) * p->yw + w) * all + b->group * p->k,
               b->y + i * b->y_step, sizeof *b->y * (size_t)p->k);
    }
}

/* room: PIXELS rows of X, then as many of Y. */
static void compute(const struct crema_cpu_packed *p, int64_t first,
                    int64_t pixels, float *room)
{
    for (int64_t g = 0; g < p->groups; g++) {
        struct block b = { .at = pixel_of(p, first),
                           .pixels = pixels,
                           .group = g,
                           .x = room,
                           .y = room + PIXELS * DEPTH,
                           .y_step = p->k };

        if (in_place(p)) {
            b.y_step = p->groups * p->k;
            b.y = p->y + first * b.y_step + g * p->k;
        }
        begin_rows(&b, p->k, p->b ? p->b + g * p->k : NULL);
        multiply(p, &b);
        if (p->relu) cut_rows(&b, p->k);
        if (!in_place(p)) put(p, &b);
    }
}

/* ---- running --------------------------------------------------------------
 */

size_t crema_cpu_packed_room(const struct crema_cpu_packed *p)
{
    int64_t numbers = PIXELS * (DEPTH + (in_place(p) ? 0 : p->k));

    return (sizeof(float) * (size_t)numbers + ALIGN - 1) / ALIGN * ALIGN;
}

struct running {
    const struct crema_cpu_packed *p;
    int64_t pixels, threads;
    char *room;
};

/* The share of one thread or of several. */
static void part(const void *user, int64_t from, int64_t to)
{
    const struct running *r = user;
    int64_t blocks = (r->pixels + PIXELS - 1) / PIXELS;
    int64_t end = crema_cpu_least(blocks * to / r->threads * PIXELS, r->pixels);
    float *room =
        (float *)(r->room + (size_t)from * crema_cpu_packed_room(r->p));

    for (int64_t i = blocks * from / r->threads * PIXELS; i < end; i += PIXELS)
        compute(r->p, i, crema_cpu_least(PIXELS, end - i), room);
}

void crema_cpu_packed_run(const struct crema_cpu_packed *p, int threads,
                          void *room)
{
    struct running r = { p, p->n * p->h.count * p->w.count, threads, room };

    crema_cpu_parts(threads, threads, 1, part, &r);
}
