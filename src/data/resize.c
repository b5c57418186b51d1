/* resize.c - bilinear resizing in OpenCV's fixed point.
 *
 *   along an axis, output i lies at f = (i + 0.5) in/out - 0.5 = s + fraction
 *   t[x]   = p[s] a0 + p[s+1] a1              a0, a1: 11 bits
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

/* What a resize needs, in two pieces of memory; n = width * channels of the
 * output. */
struct plan {
    struct tap *columns, *rows;
    int channels;
    int inner;  /* columns before it have WORD bytes of their row */
    bool whole; /* columns' weights sum to 2048; beyond 5000 they may not */
    int16_t *w0, *w1;    /* [n] of the columns, for each channel */
    int16_t *line[2];    /* [n] t / 16 of two input rows */
    int32_t held[2];     /* which rows those are; -1: none */
    uint8_t *near, *far; /* [n + 1] both neighbours of each output */
};

/* Two neighbours of three bytes are read as one word. */
enum { WORD = 8 };

/* Both neighbours of every output, from one input row. */
static void gather3(const struct plan *plan, const uint8_t *row)
{
    const struct tap *columns = plan->columns;
    uint8_t *near = plan->near, *far = plan->far;

    for (int x = 0, n = plan->inner; x < n; x++, near += 3, far += 3) {
        uint64_t both;
        uint32_t one;

        memcpy(&both, row + 3 * (size_t)columns[x].first, WORD);
        one = (uint32_t)both;
        memcpy(near, &one, sizeof one); /* the fourth is overwritten */
        one = (uint32_t)(both >> 24);
        memcpy(far, &one, sizeof one);
    }
}

static inline void gather(const struct plan *plan, const uint8_t *row,
                          int begin, int end, size_t channels)
{
    const struct tap *columns = plan->columns;
    uint8_t *near = plan->near + (size_t)begin * channels;
    uint8_t *far = plan->far + (size_t)begin * channels;

    for (int x = begin; x < end; x++)
        for (size_t c = 0; c < channels; c++) {
            *near++ = row[(size_t)columns[x].first * channels + c];
            *far++ = row[(size_t)columns[x].second * channels + c];
        }
}

/* t / 16 = (near w0 + far w1) / 16: below 2^15. */
CREMA_WIDE static void weigh(const uint8_t *restrict near,
                             const uint8_t *restrict far,
                             const int16_t *restrict w0,
                             const int16_t *restrict w1, size_t n,
                             int16_t *restrict t)
{
    for (size_t i = 0; i < n; i++)
        t[i] = (int16_t)((near[i] * w0[i] + far[i] * w1[i]) >> 4);
}

/* The same where w0 + w1 = 2048, in 16 bits: near 128 + ((far - near) w1) / 16.
 * The quotient is the upper half of 128 (far - near) times 32 w1; where that
 * has its highest bit set it counts as 2^16 less, which the mask makes up for.
 */
CREMA_WIDE static void blend(const uint8_t *restrict near,
                             const uint8_t *restrict far,
                             const int16_t *restrict w1, size_t n,
                             int16_t *restrict t)
{
    for (size_t i = 0; i < n; i++) {
        int16_t rise = (int16_t)((far[i] - near[i]) * 128);
        int16_t weight = (int16_t)(w1[i] << 5);
        int16_t upper = (int16_t)((rise * weight) >> 16);

        t[i] = (int16_t)(near[i] * 128 + upper + (rise & (weight >> 15)));
    }
}

static void across(const struct plan *plan, const uint8_t *row, int width,
                   int16_t *t)
{
    size_t n = (size_t)width * (size_t)plan->channels;

    if (plan->channels == 1) {
        gather(plan, row, 0, width, 1);
    } else {
        gather3(plan, row);
        gather(plan, row, plan->inner, width, (size_t)plan->channels);
    }
    if (plan->whole)
        blend(plan->near, plan->far, plan->w1, n, t);
    else
        weigh(plan->near, plan->far, plan->w0, plan->w1, n, t);
}

CREMA_WIDE static void down(const int16_t *restrict t0,
                            const int16_t *restrict t1, int16_t b0, int16_t b1,
                            size_t n, uint8_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        int16_t v0 = (int16_t)((b0 * t0[i]) >> 16);
        int16_t v1 = (int16_t)((b1 * t1[i]) >> 16);
        int16_t v = (int16_t)((int16_t)(v0 + v1 + 2) >> 2);

        out[i] = (uint8_t)(v > 255 ? 255 : v);
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

/* The row `wanted` summed across, made unless a line holds it. */
static const int16_t *line_of(struct plan *plan, const struct crema_image *in,
                              int width, int32_t wanted, int32_t other)
{
    size_t stride = (size_t)in->width * (size_t)in->channels;
    int slot;

    for (slot = 0; slot < 2; slot++)
        if (plan->held[slot] == wanted) return plan->line[slot];
    slot = plan->held[0] == other; /* not the one still needed */
    across(plan, in->pixels + (size_t)wanted * stride, width, plan->line[slot]);
    plan->held[slot] = wanted;
    return plan->line[slot];
}

/* A weight of 2048 belongs to a pixel alone: it becomes the first one's, as
 * 32 times it would not fit into 16 bits. */
static void make_columns(struct plan *plan, int in, int out)
{
    int16_t *w0 = plan->w0, *w1 = plan->w1;

    make_taps(plan->columns, in, out, true);
    plan->whole = true;
    for (int x = 0; x < out; x++) {
        struct tap *tap = &plan->columns[x];

        if (tap->w1 == 2048)
            *tap = (struct tap){ tap->second, tap->second, 2048, 0 };
        plan->whole &= tap->w0 + tap->w1 == 2048;
        for (int c = 0; c < plan->channels; c++) {
            *w0++ = (int16_t)tap->w0;
            *w1++ = (int16_t)tap->w1;
        }
    }
    while (plan->channels == 3 && plan->inner < out &&
           3 * plan->columns[plan->inner].first + WORD <= 3 * in)
        plan->inner++;
}

static void resize(struct plan *plan, const struct crema_image *in,
                   struct crema_image *out)
{
    size_t n = (size_t)out->width * (size_t)out->channels;

    make_columns(plan, in->width, out->width);
    make_taps(plan->rows, in->height, out->height, false);
    for (int y = 0; y < out->height; y++) {
        const struct tap *tap = &plan->rows[y];
        const int16_t *t0, *t1;

        t0 = line_of(plan, in, out->width, tap->first, tap->second);
        t1 = line_of(plan, in, out->width, tap->second, tap->first);
        down(t0, t1, (int16_t)tap->w0, (int16_t)tap->w1, n,
             out->pixels + (size_t)y * n);
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
    plan.channels = in->channels;
    plan.columns = malloc((size_t)(width + height) * sizeof *plan.columns);
    plan.w0 = malloc(4 * n * sizeof *plan.w0 + 2 * (n + 1));
    if (plan.columns && plan.w0) {
        plan.rows = plan.columns + width;
        plan.w1 = plan.w0 + n;
        plan.line[0] = plan.w1 + n;
        plan.line[1] = plan.line[0] + n;
        plan.near = (uint8_t *)(plan.line[1] + n);
        plan.far = plan.near + n + 1;
        resize(&plan, in, out);
    }
    free(plan.columns);
    free(plan.w0);
    if (!plan.rows) return crema_no_memory(ctx, "resizing a picture");
    return CREMA_OK;
}
