/* resample.c - resizing by other methods than the bilinear one, axis by axis.
 *
 * Output i lies at f = (i + 0.5) in/out - 0.5 and is a sum of the inputs near
 * it, those beyond an edge being the edge's:
 *
 *   NEAREST   the one at floor(i in/out)
 *   CUBIC     four, by the cubic convolution with a = -0.75
 *   LANCZOS4  eight, by sinc(d) sinc(d/4), divided by their sum
 *   AREA      all that [i, i+1) in/out covers, by the length that is covered;
 *             where a side grows, bilinear instead
 *
 * Sums are of floats and rounded once, so that bytes may be 1 from OpenCV's.
 */
#include "data/augment.h"

#include <math.h>

/* The inputs of each output along one axis. */
struct taps {
    int n;       /* of each */
    int32_t *at; /* [out][n] */
    float *w;    /* [out][n] */
};

static float cubic(float d)
{
    const float a = -0.75f;

    d = fabsf(d);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return 0;
}

static float lanczos(float d)
{
    double x = 3.14159265358979323846 * (double)d;

    if (fabs(x) < 1e-6) return 1;
    if (fabsf(d) >= 4) return 0;
    return (float)(sin(x) * sin(x / 4) * 4 / (x * x));
}

static int taps_of(Crema__ResizeParameter__InterpMode mode, int in, int out)
{
    switch (mode) {
    case CREMA__RESIZE_PARAMETER__INTERP_MODE__NEAREST:
        return 1;
    case CREMA__RESIZE_PARAMETER__INTERP_MODE__CUBIC:
        return 4;
    case CREMA__RESIZE_PARAMETER__INTERP_MODE__LANCZOS4:
        return 8;
    default:
        return in / out + 2;
    }
}

/* Output i's, about the input before it. */
static void near_taps(const struct taps *t, int i, int in, int out,
                      float (*kernel)(float))
{
    float f = (float)((i + 0.5) * ((double)in / out) - 0.5), sum = 0;
    int first = (int)floorf(f) - t->n / 2 + 1;

    for (int k = 0; k < t->n; k++) {
        int at = first + k;

        t->w[i * t->n + k] = kernel(f - (float)at);
        sum += t->w[i * t->n + k];
        t->at[i * t->n + k] = at < 0 ? 0 : at > in - 1 ? in - 1 : at;
    }
    for (int k = 0; k < t->n; k++) t->w[i * t->n + k] /= sum;
}

static void area_taps(const struct taps *t, int i, int in, int out)
{
    double scale = (double)in / out, from = i * scale, to = from + scale;
    int first = (int)from;

    for (int k = 0; k < t->n; k++) {
        int at = first + k;
        double covered = fmin(at + 1, to) - fmax(at, from);

        t->w[i * t->n + k] = covered > 0 ? (float)(covered / scale) : 0;
        t->at[i * t->n + k] = at > in - 1 ? in - 1 : at;
    }
}

static void make_taps(Crema__ResizeParameter__InterpMode mode, int in, int out,
                      const struct taps *t)
{
    for (int i = 0; i < out; i++) switch (mode) {
        case CREMA__RESIZE_PARAMETER__INTERP_MODE__NEAREST:
            t->w[i] = 1;
            t->at[i] = (int32_t)((int64_t)i * in / out);
            break;
        case CREMA__RESIZE_PARAMETER__INTERP_MODE__CUBIC:
            near_taps(t, i, in, out, cubic);
            break;
        case CREMA__RESIZE_PARAMETER__INTERP_MODE__LANCZOS4:
            near_taps(t, i, in, out, lanczos);
            break;
        default:
            area_taps(t, i, in, out);
        }
}

/* line[x][c] of one row of the input. */
static void across(const struct taps *t, const uint8_t *row, int width,
                   int channels, float *line)
{
    for (int x = 0; x < width; x++)
        for (int c = 0; c < channels; c++) {
            float sum = 0;

            for (int k = 0; k < t->n; k++)
                sum += t->w[x * t->n + k] *
                       (float)row[t->at[x * t->n + k] * channels + c];
            *line++ = sum;
        }
}

/* One row of the output, of n bytes, from lines of n floats. */
static void down(const struct taps *t, int y, const float *lines, size_t n,
                 float *sum, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) sum[i] = 0;
    for (int k = 0; k < t->n; k++) {
        const float *line = lines + (size_t)t->at[y * t->n + k] * n;
        float w = t->w[y * t->n + k];

        for (size_t i = 0; i < n; i++) sum[i] += w * line[i];
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)rintf(fminf(fmaxf(sum[i], 0), 255));
}

static void resample(Crema__ResizeParameter__InterpMode mode, void *memory,
                     struct taps *x, struct taps *y,
                     const struct crema_image *in, struct crema_image *out)
{
    size_t n = (size_t)out->width * (size_t)in->channels;
    size_t columns = (size_t)out->width * (size_t)x->n;
    size_t rows = (size_t)out->height * (size_t)y->n;
    float *lines = memory, *sum = lines + n * (size_t)in->height;

    x->w = sum + n;
    y->w = x->w + columns;
    x->at = (int32_t *)(y->w + rows);
    y->at = x->at + columns;
    make_taps(mode, in->width, out->width, x);
    make_taps(mode, in->height, out->height, y);
    for (int i = 0; i < in->height; i++)
        across(x, in->pixels + (size_t)i * (size_t)(in->width * in->channels),
               out->width, in->channels, lines + (size_t)i * n);
    for (int i = 0; i < out->height; i++)
        down(y, i, lines, n, sum, out->pixels + (size_t)i * n);
}

enum crema_status crema_image_resample(struct crema_ctx *ctx,
                                       Crema__ResizeParameter__InterpMode mode,
                                       struct crema_room *room,
                                       const struct crema_image *in, int height,
                                       int width, struct crema_image *out)
{
    struct taps x = { .n = taps_of(mode, in->width, width) };
    struct taps y = { .n = taps_of(mode, in->height, height) };
    size_t n = (size_t)width * (size_t)in->channels;
    size_t taps = (size_t)width * (size_t)x.n + (size_t)height * (size_t)y.n;
    bool grows = width > in->width || height > in->height;

    if (mode == CREMA__RESIZE_PARAMETER__INTERP_MODE__LINEAR ||
        (mode == CREMA__RESIZE_PARAMETER__INTERP_MODE__AREA && grows))
        return crema_image_resize(ctx, in, height, width, out);
    CREMA_TRY(
        crema_image_reserve(ctx, "resizing", height, width, in->channels, out));
    CREMA_TRY(
        crema_room_grow(ctx, room,
                        (n * ((size_t)in->height + 1) + taps) * sizeof(float) +
                            taps * sizeof(int32_t)));
    resample(mode, room->data, &x, &y, in, out);
    return CREMA_OK;
}
