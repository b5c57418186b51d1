/* resize.c - bilinear resizing in OpenCV's fixed point.
 *
 *   along an axis, output i lies at f = (i + 0.5) in/out - 0.5 = s + fraction
 *   t[x]   = p[s] a0 + p[s+1] a1              a0, a1: 11 bits, sum 2048
 *   out[y] = (((b0 (t0 >> 4)) >> 16) + ((b1 (t1 >> 4)) >> 16) + 2) >> 2
 *
 * No pixel between s and s + 1 is seen: shrinking far skips some, as in Caffe.
 */
#include "data/image.h"

#include "base/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where the two neighbours of an output lie, and what they weigh. */
struct tap {
    int32_t first, second;
    int32_t w0, w1; /* 1/2048 */
};

/* Kept from being fused into a multiply-add, which would round differently. */
static double product(double a, double b)
{
    volatile double p = a * b;

    return p;
}

static void make_taps(struct tap *taps, int in, int out, bool column)
{
    double inverse = (double)out / in, scale = 1.0 / inverse;

    for (int i = 0; i < out; i++) {
        float f = (float)(product(i + 0.5, scale) - 0.5);
        int s = (int)floorf(f);

        f -= (float)s;
        if (column && (s < 0 || s >= in - 1)) {
            s = s < 0 ? 0 : in - 1;
            f = 0;
        }
        taps[i].w0 = (int32_t)rintf((1.0f - f) * 2048.0f);
        taps[i].w1 = (int32_t)rintf(f * 2048.0f);
        taps[i].first = s < 0 ? 0 : s > in - 1 ? in - 1 : s;
        taps[i].second = s + 1 < 0 ? 0 : s + 1 > in - 1 ? in - 1 : s + 1;
    }
}

/* t[x][c] of one input row; inlined, so that `channels` is a constant. */
static inline __attribute__((always_inline)) void
sum_across(const uint8_t *restrict row, const struct tap *restrict taps,
           int width, int channels, int32_t *restrict t)
{
    for (int x = 0; x < width; x++, t += channels) {
        const uint8_t *p = row + (ptrdiff_t)taps[x].first * channels;
        const uint8_t *q = row + (ptrdiff_t)taps[x].second * channels;
        int32_t w0 = taps[x].w0, w1 = taps[x].w1;

        for (int c = 0; c < channels; c++) t[c] = p[c] * w0 + q[c] * w1;
    }
}

static void across(const uint8_t *row, const struct tap *taps, int width,
                   int channels, int32_t *t)
{
    if (channels == 1)
        sum_across(row, taps, width, 1, t);
    else if (channels == 3)
        sum_across(row, taps, width, 3, t);
    else
        sum_across(row, taps, width, channels, t);
}

CREMA_WIDE static void down(const int32_t *restrict t0,
                            const int32_t *restrict t1, int32_t b0, int32_t b1,
                            size_t n, uint8_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        int32_t v = ((b0 * (t0[i] >> 4)) >> 16) + ((b1 * (t1[i] >> 4)) >> 16);

        v = (v + 2) >> 2;
        out[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

/* Every output is the mean of a 2x2 block. */
static void halve(const struct crema_image *in, struct crema_image *out)
{
    size_t channels = (size_t)in->channels;
    size_t stride = (size_t)in->width * channels;
    uint8_t *to = out->pixels;

    for (int y = 0; y < out->height; y++) {
        const uint8_t *p = in->pixels + 2 * (size_t)y * stride;

        for (int x = 0; x < out->width; x++, p += 2 * channels)
            for (size_t c = 0; c < channels; c++)
                *to++ = (uint8_t)((p[c] + p[channels + c] + p[stride + c] +
                                   p[stride + channels + c] + 2) >>
                                  2);
    }
}

/* Room for all that a resize needs, in one piece. */
struct plan {
    struct tap *columns, *rows;
    int32_t *line[2]; /* rows already summed across */
    int32_t held[2];  /* which input rows those are; -1: none */
};

/* The row `wanted` summed across, made unless a line holds it. */
static const int32_t *line_of(struct plan *plan, const struct crema_image *in,
                              int width, int32_t wanted, int32_t other)
{
    size_t stride = (size_t)in->width * (size_t)in->channels;
    int slot;

    for (slot = 0; slot < 2; slot++)
        if (plan->held[slot] == wanted) return plan->line[slot];
    slot = plan->held[0] == other; /* not the one still needed */
    across(in->pixels + (size_t)wanted * stride, plan->columns, width,
           in->channels, plan->line[slot]);
    plan->held[slot] = wanted;
    return plan->line[slot];
}

static void resize(struct plan *plan, const struct crema_image *in,
                   struct crema_image *out)
{
    size_t n = (size_t)out->width * (size_t)out->channels;

    make_taps(plan->columns, in->width, out->width, true);
    make_taps(plan->rows, in->height, out->height, false);
    for (int y = 0; y < out->height; y++) {
        const struct tap *tap = &plan->rows[y];
        const int32_t *t0, *t1;

        t0 = line_of(plan, in, out->width, tap->first, tap->second);
        t1 = line_of(plan, in, out->width, tap->second, tap->first);
        down(t0, t1, tap->w0, tap->w1, n, out->pixels + (size_t)y * n);
    }
}

enum crema_status crema_image_resize(struct crema_ctx *ctx,
                                     const struct crema_image *in, int height,
                                     int width, struct crema_image *out)
{
    struct plan plan = { .held = { -1, -1 } };
    size_t n;

    CREMA_TRY(
        crema_image_reserve(ctx, "resizing", height, width, in->channels, out));
    if (height == in->height && width == in->width) {
        memcpy(out->pixels, in->pixels,
               (size_t)height * (size_t)width * (size_t)in->channels);
        return CREMA_OK;
    }
    if (in->height == 2 * height && in->width == 2 * width) {
        halve(in, out);
        return CREMA_OK;
    }
    n = (size_t)width * (size_t)in->channels;
    plan.columns = malloc((size_t)(width + height) * sizeof *plan.columns);
    plan.line[0] = malloc(2 * n * sizeof *plan.line[0]);
    if (plan.columns && plan.line[0]) {
        plan.rows = plan.columns + width;
        plan.line[1] = plan.line[0] + n;
        resize(&plan, in, out);
    }
    free(plan.columns);
    free(plan.line[0]);
    if (!plan.rows) return crema_no_memory(ctx, "resizing a picture");
    return CREMA_OK;
}
