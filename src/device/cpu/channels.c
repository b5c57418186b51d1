/* channels.c - statistics and sums of each channel, and what is computed from
 * them for each element; formulas: formula/norm.h.
 *
 * Everything is done by vectors of up to 16 numbers: channels where they lie
 * side by side, positions of one channel where the tensor is dense.  A strip of
 * vectors stays in the first cache while all that is to be known of it is
 * gathered, so that each tensor is read from memory once; values of 16 bits
 * are widened into a buffer there, and narrowed behind the loop.  Loops over a
 * vector's lanes must not be unrolled: gcc then makes no vectors of them.
 */
#include "device/cpu/own.h"
#include "device/formula/norm.h"

#include <math.h>
#include <string.h>

enum {
    W = CREMA_CPU_UNIT,
    STRIP = 256, /* vectors that stay in cache */
    LONG = 256,  /* numbers of a channel after which a sum goes on in double */
};

typedef float vector
    __attribute__((vector_size(sizeof(float) * W), aligned(4), may_alias));

/* Images that follow each other without another block between are one. */
static struct crema_cpu_view merged(const struct crema_cpu_view *v)
{
    struct crema_cpu_view m = *v;

    if (m.blocks == 1 && m.lanes > 1) {
        m.s *= m.n;
        m.n = 1;
    }
    return m;
}

static int64_t units_per_block(const struct crema_cpu_view *v)
{
    return (v->lanes + W - 1) / W;
}

int64_t crema_cpu_units(const struct crema_cpu_view *v)
{
    return v->blocks * units_per_block(v);
}

int64_t crema_cpu_unit_channels(const struct crema_cpu_view *v, int64_t unit,
                                int64_t *count)
{
    int64_t block = unit / units_per_block(v);
    int64_t lane = unit % units_per_block(v) * W;
    int64_t first = block * v->lanes + lane;

    *count = v->lanes - lane < W ? v->lanes - lane : W;
    if (*count > v->c - first) *count = v->c - first;
    return first;
}

int crema_cpu_group(const struct crema_cpu_view *v, int64_t unit, int64_t to)
{
    int64_t most = units_per_block(v) - unit % units_per_block(v);

    if (most > to - unit) most = to - unit;
    return most < CREMA_CPU_GROUP ? (int)most : CREMA_CPU_GROUP;
}

/* ---- strips: `count` vectors of `width` numbers, `step` apart ------------ */

struct strip {
    int64_t at, count, step;
    int width;
};

/* A walk over all strips of a group of units. */
struct walk {
    struct crema_cpu_view v;
    int64_t unit, run, from, most;
    struct strip strip; /* of the group's first unit */
};

static struct walk begin(const struct crema_cpu_view *view, int64_t unit, int n)
{
    struct walk w = { .v = merged(view), .unit = unit, .run = -1 };

    w.most = STRIP / n;
    w.strip.count = 0;
    return w;
}

/* Run number i of the group: vectors that lie evenly. */
static struct strip run_of(const struct walk *w, int64_t i)
{
    const struct crema_cpu_view *v = &w->v;
    int64_t block = w->unit / units_per_block(v);
    int64_t lane = w->unit % units_per_block(v) * W, left = v->lanes - lane;
    int64_t image = v->blocks * v->s * v->lanes, whole = v->s / W;
    int64_t at = block * v->s * v->lanes;

    if (v->lanes > 1)
        return (struct strip){ i * image + at + lane, v->s, v->lanes,
                               left < W ? (int)left : W };
    at += i / 2 * image;
    if (i % 2 == 0) return (struct strip){ at, whole, W, W };
    return (struct strip){ at + whole * W, v->s % W ? 1 : 0, W,
                           (int)(v->s % W) };
}

/* false: there is no strip left. */
static bool advance(struct walk *w)
{
    int64_t runs = w->v.lanes == 1 ? 2 * w->v.n : w->v.n;
    struct strip run;

    w->from += w->strip.count;
    for (;;) {
        if (w->run >= 0) {
            run = run_of(w, w->run);
            if (w->from < run.count) break;
        }
        if (++w->run >= runs) return false;
        w->from = 0;
    }
    w->strip = run;
    w->strip.at += w->from * run.step;
    w->strip.count =
        run.count - w->from < w->most ? run.count - w->from : w->most;
    return true;
}

/* The same vectors of unit number i of the group. */
static struct strip of_unit(const struct walk *w, int i)
{
    struct strip s = w->strip;
    int64_t left;

    if (w->v.lanes == 1) return s;
    left = w->v.lanes - (w->unit % units_per_block(&w->v) + i) * W;
    s.at += (int64_t)i * W;
    s.width = left < W ? (int)left : W;
    return s;
}

/* ---- values of 16 bits ----------------------------------------------------
 */

CREMA_CPU_CLONES
static void widen(const struct strip *s, const uint16_t *x, float *room)
{
    for (int64_t p = 0; p < s->count; p++, x += s->step, room += W)
        for (int l = 0; l < s->width; l++) room[l] = crema_from_bf16(x[l]);
}

CREMA_CPU_CLONES
static void narrow(const struct strip *s, const float *room, uint16_t *x)
{
    for (int64_t p = 0; p < s->count; p++, x += s->step, room += W)
        for (int l = 0; l < s->width; l++) x[l] = crema_to_bf16(room[l]);
}

/* The strip of data as float32: in its place, or in room[STRIP * W]. */
static const float *load(const struct walk *w, const struct strip *s,
                         const void *data, float *room)
{
    if (!data || w->v.type == CREMA_F32)
        return data ? (const float *)data + s->at : NULL;
    widen(s, (const uint16_t *)data + s->at, room);
    return room;
}

/* Where a strip of results goes, until it is stored. */
static float *place(const struct walk *w, const struct strip *s, void *data,
                    float *room)
{
    return w->v.type == CREMA_F32 ? (float *)data + s->at : room;
}

static void store(const struct walk *w, const struct strip *s,
                  const float *room, void *data)
{
    if (w->v.type != CREMA_F32) narrow(s, room, (uint16_t *)data + s->at);
}

/* The strip as it lies once loaded. */
static struct strip loaded(const struct walk *w, const struct strip *s)
{
    struct strip l = *s;

    l.at = 0;
    if (w->v.type != CREMA_F32) l.step = W;
    return l;
}

/* In a dense tensor all 16 lanes belong to one channel. */
static void gather(const struct crema_cpu_view *v, double a[W])
{
    for (int l = 1; l < W && v->lanes == 1; l++) {
        a[0] += a[l];
        a[l] = 0;
    }
}

static void spread(const struct crema_cpu_view *v, float a[W])
{
    for (int l = 1; l < W && v->lanes == 1; l++) a[l] = a[0];
}

/* ---- mean and variance ----------------------------------------------------
 */

/* Sums of x - shift and of its squares, of one unit. */
struct sums {
    float shift[W], sum[W], squares[W];
};

/* All lanes of n vectors, in two chains of additions that do not wait for each
 * other. */
static inline __attribute__((always_inline)) void
add_whole(int64_t n, int64_t step, const float *x, struct sums *to)
{
    const vector shift = *(const vector *)to->shift;
    vector sum[2] = { { 0 } }, squares[2] = { { 0 } };

    for (; n > 1; n -= 2, x += 2 * step)
        for (int i = 0; i < 2; i++) {
            vector d = *(const vector *)(x + i * step) - shift;

            sum[i] += d;
            squares[i] += d * d;
        }
    if (n) {
        vector d = *(const vector *)x - shift;

        sum[0] += d;
        squares[0] += d * d;
    }
    *(vector *)to->sum += sum[0] + sum[1];
    *(vector *)to->squares += squares[0] + squares[1];
}

CREMA_CPU_CLONES
static void add(const struct strip *s, const float *x, struct sums *to)
{
    x += s->at;
    if (s->width == W) {
        add_whole(s->count, s->step, x, to);
        return;
    }
    for (int64_t p = 0; p < s->count; p++, x += s->step)
        for (int l = 0; l < s->width; l++) {
            float d = x[l] - to->shift[l];

            to->sum[l] += d;
            to->squares[l] += d * d;
        }
}

/* The next sums are of differences from the mean so far: these are small. */
static void shift_to(const struct crema_cpu_view *v,
                     const struct crema_cpu_moments *m, struct sums *s)
{
    memset(s, 0, sizeof *s);
    for (int l = 0; l < W; l++) s->shift[l] = (float)m->mean[l];
    spread(v, s->shift);
}

/* Before the first number its channel's mean is taken to be that number. */
static void first_shift(const struct crema_cpu_view *v, const struct strip *s,
                        const float *x, struct crema_cpu_moments *m)
{
    for (int l = 0; l < s->width && (l == 0 || v->lanes > 1); l++)
        m->mean[l] = x[s->at + l];
}

/* Joins `more` numbers of each channel to the n that came before. */
CREMA_CPU_CLONES
static void join(const struct crema_cpu_view *v, double n, double more,
                 const struct sums *s, struct crema_cpu_moments *m)
{
    double sum[W], squares[W], part = more / (n + more), share = 1 / more;
    int lanes = v->lanes == 1 ? 1 : W;

    for (int l = 0; l < W; l++) {
        sum[l] = s->sum[l];
        squares[l] = s->squares[l];
    }
    gather(v, sum);
    gather(v, squares);
    for (int l = 0; l < lanes; l++) {
        double shift = sum[l] * share; /* to the mean of these numbers */
        double d = s->shift[l] + shift - m->mean[l];

        m->mean[l] += d * part;
        m->squares[l] += squares[l] - sum[l] * shift + d * d * (n * part);
    }
}

void crema_cpu_moments(const struct crema_cpu_view *view, int64_t unit, int n,
                       const void *x, struct crema_cpu_moments m[])
{
    struct walk w = begin(view, unit, n);
    struct sums sums[CREMA_CPU_GROUP];
    float room[STRIP * W];
    double count = 0, more = 0;
    bool left = advance(&w);

    memset(m, 0, sizeof *m * (size_t)n);
    for (int i = 0; i < n && left; i++) {
        struct strip s = of_unit(&w, i), l = loaded(&w, &s);

        first_shift(&w.v, &l, load(&w, &s, x, room), &m[i]);
        shift_to(&w.v, &m[i], &sums[i]);
    }
    while (left) {
        for (int i = 0; i < n; i++) {
            struct strip s = of_unit(&w, i), l = loaded(&w, &s);

            add(&l, load(&w, &s, x, room), &sums[i]);
        }
        more += (double)(w.strip.count * (w.v.lanes == 1 ? w.strip.width : 1));
        left = advance(&w);
        if (left && more < LONG) continue;
        for (int i = 0; i < n; i++) {
            join(&w.v, count, more, &sums[i], &m[i]);
            shift_to(&w.v, &m[i], &sums[i]);
        }
        count += more;
        more = 0;
    }
}

/* ---- sums for the gradients -----------------------------------------------
 */

static inline __attribute__((always_inline)) void
dot_lanes(int64_t n, int64_t step, int w, const struct crema_cpu_affine *f,
          const float *x, const float *dy, float *sum, float *dot)
{
    const struct crema_cpu_affine c = *f;
    float a[W], b[W];

    memcpy(a, sum, sizeof a);
    memcpy(b, dot, sizeof b);
    for (int64_t p = 0; p < n; p++, x += step, dy += step)
#pragma GCC unroll 1
        for (int l = 0; l < w; l++) {
            float y = crema_norm_value(x[l], c.mean[l], c.a[l], c.b[l]);
            float g = crema_norm_passed(dy[l], y, c.floor);

            a[l] += g;
            b[l] += g * (x[l] - c.mean[l]);
        }
    memcpy(sum, a, sizeof a);
    memcpy(dot, b, sizeof b);
}

/* Adds to sum and dot. */
CREMA_CPU_CLONES
static void dots(const struct strip *s, const struct crema_cpu_affine *f,
                 const float *x, const float *dy, float sum[W], float dot[W])
{
    x += s->at;
    dy += s->at;
    if (s->width == W)
        dot_lanes(s->count, s->step, W, f, x, dy, sum, dot);
    else if (s->width == W / 2)
        dot_lanes(s->count, s->step, W / 2, f, x, dy, sum, dot);
    else
        dot_lanes(s->count, s->step, s->width, f, x, dy, sum, dot);
}

static void spread_all(const struct crema_cpu_view *v,
                       struct crema_cpu_affine *f)
{
    spread(v, f->mean);
    spread(v, f->a);
    spread(v, f->b);
    spread(v, f->k);
    spread(v, f->d);
    spread(v, f->e);
}

CREMA_CPU_CLONES
static void widen_sums(int n, float sum[][W], float dot[][W],
                       struct crema_cpu_dots d[])
{
    for (int i = 0; i < n; i++)
        for (int l = 0; l < W; l++) {
            d[i].sum[l] += sum[i][l];
            d[i].dot[l] += dot[i][l];
            sum[i][l] = dot[i][l] = 0;
        }
}

/* Long sums are gathered in double, short ones in float. */
void crema_cpu_dots(const struct crema_cpu_view *view, int64_t unit, int n,
                    struct crema_cpu_affine f[], const void *x, const void *dy,
                    struct crema_cpu_dots d[])
{
    struct walk w = begin(view, unit, n);
    float room[2][STRIP * W];
    float sum[CREMA_CPU_GROUP][W] = { { 0 } };
    float dot[CREMA_CPU_GROUP][W] = { { 0 } };
    int64_t vectors = 0;

    memset(d, 0, sizeof *d * (size_t)n);
    for (int i = 0; i < n; i++) spread_all(&w.v, &f[i]);
    while (advance(&w)) {
        for (int i = 0; i < n; i++) {
            struct strip s = of_unit(&w, i), here = loaded(&w, &s);

            dots(&here, &f[i], load(&w, &s, x, room[0]),
                 load(&w, &s, dy, room[1]), sum[i], dot[i]);
        }
        vectors += w.strip.count;
        if (vectors < LONG) continue;
        widen_sums(n, sum, dot, d);
        vectors = 0;
    }
    widen_sums(n, sum, dot, d);
    for (int i = 0; i < n; i++) {
        gather(&w.v, d[i].sum);
        gather(&w.v, d[i].dot);
    }
}

/* ---- element by element ---------------------------------------------------
 */

static inline __attribute__((always_inline)) void
apply_lanes(int64_t n, int64_t step, int w, const struct crema_cpu_affine *f,
            const float *x, const float *z, float *out)
{
    const struct crema_cpu_affine c = *f;

    for (int64_t p = 0; p < n; p++, x += step, out += step) {
#pragma GCC ivdep
#pragma GCC unroll 1
        for (int l = 0; l < w; l++) {
            float y = crema_norm_value(x[l], c.mean[l], c.a[l], c.b[l]);

            if (z) y += z[l];
            out[l] = crema_norm_above(y, c.floor);
        }
        if (z) z += step;
    }
}

CREMA_CPU_CLONES
static void apply(const struct strip *s, const struct crema_cpu_affine *f,
                  const float *x, float *out)
{
    x += s->at;
    out += s->at;
    if (s->width == W)
        apply_lanes(s->count, s->step, W, f, x, NULL, out);
    else if (s->width == W / 2)
        apply_lanes(s->count, s->step, W / 2, f, x, NULL, out);
    else
        apply_lanes(s->count, s->step, s->width, f, x, NULL, out);
}

CREMA_CPU_CLONES
static void apply_plus(const struct strip *s, const struct crema_cpu_affine *f,
                       const float *x, const float *z, float *out)
{
    x += s->at;
    z += s->at;
    out += s->at;
    if (s->width == W)
        apply_lanes(s->count, s->step, W, f, x, z, out);
    else if (s->width == W / 2)
        apply_lanes(s->count, s->step, W / 2, f, x, z, out);
    else
        apply_lanes(s->count, s->step, s->width, f, x, z, out);
}

void crema_cpu_apply(const struct crema_cpu_view *view, int64_t unit, int n,
                     struct crema_cpu_affine f[], const void *x, const void *z,
                     void *out)
{
    struct walk w = begin(view, unit, n);
    float room[3][STRIP * W];

    for (int i = 0; i < n; i++) spread_all(&w.v, &f[i]);
    while (advance(&w))
        for (int i = 0; i < n; i++) {
            struct strip s = of_unit(&w, i), l = loaded(&w, &s);
            const float *from = load(&w, &s, x, room[0]);
            const float *more = load(&w, &s, z, room[1]);
            float *to = place(&w, &s, out, room[2]);

            if (more)
                apply_plus(&l, &f[i], from, more, to);
            else
                apply(&l, &f[i], from, to);
            store(&w, &s, to, out);
        }
}

static inline __attribute__((always_inline)) void
back_lanes(int64_t n, int64_t step, int w, const struct crema_cpu_affine *f,
           const float *x, const float *dy, float *dx)
{
    const struct crema_cpu_affine c = *f;

    for (int64_t p = 0; p < n; p++, x += step, dy += step, dx += step)
#pragma GCC ivdep
#pragma GCC unroll 1
        for (int l = 0; l < w; l++) {
            float y = crema_norm_value(x[l], c.mean[l], c.a[l], c.b[l]);
            float g = crema_norm_passed(dy[l], y, c.floor);

            dx[l] = crema_norm_back(x[l], c.mean[l], g, c.k[l], c.d[l], c.e[l]);
        }
}

CREMA_CPU_CLONES
static void back(const struct strip *s, const struct crema_cpu_affine *f,
                 const float *x, const float *dy, float *dx)
{
    x += s->at;
    dy += s->at;
    dx += s->at;
    if (s->width == W)
        back_lanes(s->count, s->step, W, f, x, dy, dx);
    else if (s->width == W / 2)
        back_lanes(s->count, s->step, W / 2, f, x, dy, dx);
    else
        back_lanes(s->count, s->step, s->width, f, x, dy, dx);
}

void crema_cpu_apply_back(const struct crema_cpu_view *view, int64_t unit,
                          int n, struct crema_cpu_affine f[], const void *x,
                          const void *dy, void *dx)
{
    struct walk w = begin(view, unit, n);
    float room[3][STRIP * W];

    for (int i = 0; i < n; i++) spread_all(&w.v, &f[i]);
    while (advance(&w))
        for (int i = 0; i < n; i++) {
            struct strip s = of_unit(&w, i), l = loaded(&w, &s);
            float *to = place(&w, &s, dx, room[2]);

            back(&l, &f[i], load(&w, &s, x, room[0]), load(&w, &s, dy, room[1]),
                 to);
            store(&w, &s, to, dx);
        }
}
