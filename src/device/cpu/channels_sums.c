/* channels_sums.c - statistics of each channel, and the sums that gradients are
 * made from; formulas: formula/norm.h. */
#include "device/cpu/channels.h"
#include "device/formula/norm.h"

#include <string.h>

enum {
    W = CREMA_CPU_UNIT,
    ROOM = CREMA_CPU_STRIP_ROOM,
    LONG = 256, /* numbers of a channel after which a sum goes on in double */
};

typedef float vector
    __attribute__((vector_size(sizeof(float) * W), aligned(4), may_alias));

/* In a dense tensor all 16 lanes belong to one channel. */
static void gather(const struct crema_cpu_view *v, double a[W])
{
    for (int l = 1; l < W && v->lanes == 1; l++) {
        a[0] += a[l];
        a[l] = 0;
    }
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
static void add(const struct crema_cpu_vectors *s, const float *x,
                struct sums *to)
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
    crema_cpu_spread(v, s->shift);
}

/* Before the first number its channel's mean is taken to be that number. */
static void first_shift(const struct crema_cpu_view *v,
                        const struct crema_cpu_vectors *s, const float *x,
                        struct crema_cpu_moments *m)
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
    struct crema_cpu_walk w = crema_cpu_walk(view, unit, n);
    struct sums sums[CREMA_CPU_GROUP];
    float room[ROOM];
    double count = 0, more = 0;
    bool left = crema_cpu_walk_on(&w);

    memset(m, 0, sizeof *m * (size_t)n);
    for (int i = 0; i < n && left; i++) {
        struct crema_cpu_vectors s = crema_cpu_walk_unit(&w, i);
        struct crema_cpu_vectors l = crema_cpu_walk_loaded(&w, &s);

        first_shift(&w.v, &l, crema_cpu_walk_load(&w, &s, x, room), &m[i]);
        shift_to(&w.v, &m[i], &sums[i]);
    }
    while (left) {
        for (int i = 0; i < n; i++) {
            struct crema_cpu_vectors s = crema_cpu_walk_unit(&w, i);
            struct crema_cpu_vectors l = crema_cpu_walk_loaded(&w, &s);

            add(&l, crema_cpu_walk_load(&w, &s, x, room), &sums[i]);
        }
        more += (double)(w.strip.count * (w.v.lanes == 1 ? w.strip.width : 1));
        left = crema_cpu_walk_on(&w);
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
static void dots(const struct crema_cpu_vectors *s,
                 const struct crema_cpu_affine *f, const float *x,
                 const float *dy, float sum[W], float dot[W])
{
    x += s->at;
    dy += s->at;
    CREMA_CPU_BY_WIDTH(dot_lanes, s, f, x, dy, sum, dot);
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
    struct crema_cpu_walk w = crema_cpu_walk(view, unit, n);
    float room[2][ROOM];
    float sum[CREMA_CPU_GROUP][W] = { { 0 } };
    float dot[CREMA_CPU_GROUP][W] = { { 0 } };
    int64_t vectors = 0;

    memset(d, 0, sizeof *d * (size_t)n);
    for (int i = 0; i < n; i++) crema_cpu_spread_all(&w.v, &f[i]);
    while (crema_cpu_walk_on(&w)) {
        for (int i = 0; i < n; i++) {
            struct crema_cpu_vectors s = crema_cpu_walk_unit(&w, i);
            struct crema_cpu_vectors here = crema_cpu_walk_loaded(&w, &s);

            dots(&here, &f[i], crema_cpu_walk_load(&w, &s, x, room[0]),
                 crema_cpu_walk_load(&w, &s, dy, room[1]), sum[i], dot[i]);
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
