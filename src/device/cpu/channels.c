/* channels.c - sums over each channel, and y = (x - mean) a + b for each.
 *
 * Everything is done by vectors of up to 16 numbers: channels where they lie
 * side by side, positions of one channel where the tensor is dense.
 */
#include "device/cpu/own.h"

#include <string.h>

enum { W = CREMA_CPU_UNIT, STRIP = 256 };

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

    *count = v->lanes - lane < W ? v->lanes - lane : W;
    return block * v->lanes + lane;
}

/* ---- runs: `count` vectors of `width` numbers, `step` apart -------------- */

struct run {
    int64_t at, count, step, width;
};

/* Run number i of a unit; there are runs_of() of them. */
static int64_t runs_of(const struct crema_cpu_view *v)
{
    return v->lanes == 1 ? 2 * v->n : v->n;
}

static struct run run_of(const struct crema_cpu_view *v, int64_t unit,
                         int64_t i)
{
    int64_t width, image = v->blocks * v->s * v->lanes;
    int64_t channel = crema_cpu_unit_channels(v, unit, &width);
    int64_t block = channel / v->lanes * v->s * v->lanes;
    int64_t whole = v->s / W;

    if (v->lanes > 1)
        return (struct run){ i * image + block + channel % v->lanes, v->s,
                             v->lanes, width };
    if (i % 2 == 0) return (struct run){ i / 2 * image + block, whole, W, W };
    return (struct run){ i / 2 * image + block + whole * W, v->s % W ? 1 : 0, W,
                         v->s % W };
}

/* ---- sums -----------------------------------------------------------------
 */

CREMA_CPU_CLONES
static void add(int64_t n, int64_t step, int64_t w, const float *x, float *a)
{
    for (int64_t p = 0; p < n; p++, x += step) {
        if (w == W)
            for (int l = 0; l < W; l++) a[l] += x[l];
        else
            for (int64_t l = 0; l < w; l++) a[l] += x[l];
    }
}

CREMA_CPU_CLONES
static void add_squares(int64_t n, int64_t step, int64_t w, const float *x,
                        const float *mean, float *a)
{
    for (int64_t p = 0; p < n; p++, x += step) {
        if (w == W)
            for (int l = 0; l < W; l++)
                a[l] += (x[l] - mean[l]) * (x[l] - mean[l]);
        else
            for (int64_t l = 0; l < w; l++)
                a[l] += (x[l] - mean[l]) * (x[l] - mean[l]);
    }
}

CREMA_CPU_CLONES
static void add_dot(int64_t n, int64_t step, int64_t w, const float *x,
                    const float *dy, const float *mean, float *a, float *b)
{
    for (int64_t p = 0; p < n; p++, x += step, dy += step) {
        if (w == W)
            for (int l = 0; l < W; l++) {
                a[l] += dy[l];
                b[l] += dy[l] * (x[l] - mean[l]);
            }
        else
            for (int64_t l = 0; l < w; l++) {
                a[l] += dy[l];
                b[l] += dy[l] * (x[l] - mean[l]);
            }
    }
}

/* Long sums are gathered in double, short ones in float. */
void crema_cpu_sums(const struct crema_cpu_view *view, int64_t unit,
                    enum crema_cpu_sum kind, const float *x, const float *dy,
                    const double mean[W], double out[2][W])
{
    struct crema_cpu_view v = merged(view);
    float m[W];

    memset(out, 0, 2 * sizeof *out);
    for (int l = 0; l < W; l++) m[l] = (float)mean[v.lanes == 1 ? 0 : l];
    for (int64_t i = 0; i < runs_of(&v); i++) {
        struct run r = run_of(&v, unit, i);

        for (int64_t p = 0; p < r.count; p += STRIP) {
            int64_t n = r.count - p < STRIP ? r.count - p : STRIP;
            int64_t at = r.at + p * r.step;
            float a[2][W] = { { 0 } };

            if (kind == CREMA_CPU_SUM)
                add(n, r.step, r.width, x + at, a[0]);
            else if (kind == CREMA_CPU_SQUARES)
                add_squares(n, r.step, r.width, x + at, m, a[0]);
            else
                add_dot(n, r.step, r.width, x + at, dy + at, m, a[0], a[1]);
            for (int l = 0; l < W; l++) {
                int to = v.lanes == 1 ? 0 : l;

                out[0][to] += a[0][l];
                out[1][to] += a[1][l];
            }
        }
    }
}

/* ---- apply ----------------------------------------------------------------
 */

CREMA_CPU_CLONES
static void apply(const struct crema_cpu_affine *f, int64_t n, int64_t step,
                  int64_t w, const float *x, float *out)
{
    for (int64_t p = 0; p < n; p++, x += step, out += step) {
        if (w == W)
#pragma GCC ivdep
            for (int l = 0; l < W; l++)
                out[l] = (x[l] - f->mean[l]) * f->a[l] + f->b[l];
        else
            for (int64_t l = 0; l < w; l++)
                out[l] = (x[l] - f->mean[l]) * f->a[l] + f->b[l];
    }
}

CREMA_CPU_CLONES
static void apply_two(const struct crema_cpu_affine *f, int64_t n, int64_t step,
                      int64_t w, const float *x, const float *dy, float *out)
{
    for (int64_t p = 0; p < n; p++, x += step, dy += step, out += step) {
        if (w == W)
#pragma GCC ivdep
            for (int l = 0; l < W; l++)
                out[l] = ((x[l] - f->mean[l]) * f->a[l] + (dy[l] + f->b[l])) *
                         f->e[l];
        else
            for (int64_t l = 0; l < w; l++)
                out[l] = ((x[l] - f->mean[l]) * f->a[l] + (dy[l] + f->b[l])) *
                         f->e[l];
    }
}

void crema_cpu_apply(const struct crema_cpu_view *view, int64_t unit,
                     const struct crema_cpu_affine *affine, const float *x,
                     const float *dy, float *out)
{
    struct crema_cpu_view v = merged(view);
    struct crema_cpu_affine f = *affine;

    for (int l = 1; l < W && v.lanes == 1; l++) {
        f.mean[l] = f.mean[0];
        f.a[l] = f.a[0];
        f.b[l] = f.b[0];
        f.e[l] = f.e[0];
    }
    for (int64_t i = 0; i < runs_of(&v); i++) {
        struct run r = run_of(&v, unit, i);

        if (dy)
            apply_two(&f, r.count, r.step, r.width, x + r.at, dy + r.at,
                      out + r.at);
        else
            apply(&f, r.count, r.step, r.width, x + r.at, out + r.at);
    }
}
