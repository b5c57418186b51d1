/* channels_apply.c - what is computed from each channel's numbers for each
 * element; formulas: formula/norm.h. */
#include "device/cpu/channels.h"
#include "device/formula/norm.h"

enum { W = CREMA_CPU_UNIT, ROOM = CREMA_CPU_STRIP_ROOM };

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
static void apply(const struct crema_cpu_vectors *s,
                  const struct crema_cpu_affine *f, const float *x, float *out)
{
    x += s->at;
    out += s->at;
    CREMA_CPU_BY_WIDTH(apply_lanes, s, f, x, NULL, out);
}

CREMA_CPU_CLONES
static void apply_plus(const struct crema_cpu_vectors *s,
                       const struct crema_cpu_affine *f, const float *x,
                       const float *z, float *out)
{
    x += s->at;
    z += s->at;
    out += s->at;
    CREMA_CPU_BY_WIDTH(apply_lanes, s, f, x, z, out);
}

void crema_cpu_apply(const struct crema_cpu_view *view, int64_t unit, int n,
                     struct crema_cpu_affine f[], const void *x, const void *z,
                     void *out)
{
    struct crema_cpu_walk w = crema_cpu_walk(view, unit, n);
    float room[3][ROOM];

    for (int i = 0; i < n; i++) crema_cpu_spread_all(&w.v, &f[i]);
    while (crema_cpu_walk_on(&w))
        for (int i = 0; i < n; i++) {
            struct crema_cpu_vectors s = crema_cpu_walk_unit(&w, i);
            struct crema_cpu_vectors l = crema_cpu_walk_loaded(&w, &s);
            const float *from = crema_cpu_walk_load(&w, &s, x, room[0]);
            const float *more = crema_cpu_walk_load(&w, &s, z, room[1]);
            float *to = crema_cpu_walk_place(&w, &s, out, room[2]);

            if (more)
                apply_plus(&l, &f[i], from, more, to);
            else
                apply(&l, &f[i], from, to);
            crema_cpu_walk_store(&w, &s, to, out);
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
static void back(const struct crema_cpu_vectors *s,
                 const struct crema_cpu_affine *f, const float *x,
                 const float *dy, float *dx)
{
    x += s->at;
    dy += s->at;
    dx += s->at;
    CREMA_CPU_BY_WIDTH(back_lanes, s, f, x, dy, dx);
}

void crema_cpu_apply_back(const struct crema_cpu_view *view, int64_t unit,
                          int n, struct crema_cpu_affine f[], const void *x,
                          const void *dy, void *dx)
{
    struct crema_cpu_walk w = crema_cpu_walk(view, unit, n);
    float room[3][ROOM];

    for (int i = 0; i < n; i++) crema_cpu_spread_all(&w.v, &f[i]);
    while (crema_cpu_walk_on(&w))
        for (int i = 0; i < n; i++) {
            struct crema_cpu_vectors s = crema_cpu_walk_unit(&w, i);
            struct crema_cpu_vectors l = crema_cpu_walk_loaded(&w, &s);
            float *to = crema_cpu_walk_place(&w, &s, dx, room[2]);

            back(&l, &f[i], crema_cpu_walk_load(&w, &s, x, room[0]),
                 crema_cpu_walk_load(&w, &s, dy, room[1]), to);
            crema_cpu_walk_store(&w, &s, to, dx);
        }
}
