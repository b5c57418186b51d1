/* warp.c - pixels of a picture elsewhere: parts, frames, turned by degrees. */
#include "data/augment.h"

#include <math.h>
#include <string.h>

static size_t stride_of(const struct crema_image *image)
{
    return (size_t)image->width * (size_t)image->channels;
}

enum crema_status crema_image_part(struct crema_ctx *ctx,
                                   const struct crema_image *in, int top,
                                   int left, int height, int width,
                                   struct crema_image *out)
{
    CREMA_TRY(
        crema_image_reserve(ctx, "a part", height, width, in->channels, out));
    for (int y = 0; y < height; y++)
        memcpy(out->pixels + (size_t)y * stride_of(out),
               in->pixels + (size_t)(top + y) * stride_of(in) +
                   (size_t)(left * in->channels),
               stride_of(out));
    return CREMA_OK;
}

/* Back and forth over 0 .. n-1, the ends once: -1 is 1, n is n - 2. */
static int mirrored(int i, int n)
{
    int period = 2 * (n - 1);

    if (n == 1) return 0;
    i %= period;
    if (i < 0) i += period;
    return i < n ? i : period - i;
}

static int beyond(int i, int n, Crema__ResizeParameter__PadMode mode)
{
    if (mode == CREMA__RESIZE_PARAMETER__PAD_MODE__MIRRORED)
        return mirrored(i, n);
    return i < 0 ? 0 : i > n - 1 ? n - 1 : i;
}

enum crema_status crema_image_frame(struct crema_ctx *ctx,
                                    const struct crema_image *in, int top,
                                    int left, int height, int width,
                                    Crema__ResizeParameter__PadMode mode,
                                    const uint8_t *fill,
                                    struct crema_image *out)
{
    bool constant = mode == CREMA__RESIZE_PARAMETER__PAD_MODE__CONSTANT;
    size_t channels = (size_t)in->channels;
    uint8_t *to;

    CREMA_TRY(
        crema_image_reserve(ctx, "a frame", height, width, in->channels, out));
    to = out->pixels;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, to += channels) {
            int v = y - top, u = x - left;
            bool inside = v >= 0 && v < in->height && u >= 0 && u < in->width;

            if (!inside && constant) {
                memcpy(to, fill, channels);
                continue;
            }
            v = beyond(v, in->height, mode);
            u = beyond(u, in->width, mode);
            memcpy(to,
                   in->pixels + (size_t)v * stride_of(in) +
                       (size_t)u * channels,
                   channels);
        }
    return CREMA_OK;
}

/* Between the four pixels about v, u. */
static void interpolate(const struct crema_image *in, float v, float u,
                        uint8_t *to)
{
    float y = floorf(v), x = floorf(u), b = v - y, a = u - x;
    int y0 = mirrored((int)y, in->height),
        y1 = mirrored((int)y + 1, in->height);
    int x0 = mirrored((int)x, in->width), x1 = mirrored((int)x + 1, in->width);
    const uint8_t *above = in->pixels + (size_t)y0 * stride_of(in);
    const uint8_t *below = in->pixels + (size_t)y1 * stride_of(in);

    for (int c = 0; c < in->channels; c++) {
        float p = (float)above[x0 * in->channels + c];
        float q = (float)above[x1 * in->channels + c];
        float r = (float)below[x0 * in->channels + c];
        float s = (float)below[x1 * in->channels + c];

        p += (q - p) * a;
        r += (s - r) * a;
        to[c] = (uint8_t)(p + (r - p) * b + 0.5f);
    }
}

enum crema_status crema_image_rotate(struct crema_ctx *ctx,
                                     const struct crema_image *in,
                                     float degrees, struct crema_image *out)
{
    double angle = (double)degrees * 3.14159265358979323846 / 180;
    float sine = (float)sin(angle), cosine = (float)cos(angle);
    float cy = (float)(in->height - 1) / 2, cx = (float)(in->width - 1) / 2;
    uint8_t *to;

    CREMA_TRY(crema_image_reserve(ctx, "turning", in->height, in->width,
                                  in->channels, out));
    to = out->pixels;
    for (int y = 0; y < in->height; y++)
        for (int x = 0; x < in->width; x++, to += in->channels) {
            float dy = (float)y - cy, dx = (float)x - cx;

            interpolate(in, cy + sine * dx + cosine * dy,
                        cx + cosine * dx - sine * dy, to);
        }
    return CREMA_OK;
}
