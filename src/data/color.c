/* color.c - brightness, contrast, saturation, hue and noise of pictures.
 *
 *   brightness  v + d
 *   contrast    v f
 *   saturation  S f   in HSV: V = max, S = (V - min) / V, hue in half degrees
 *   hue         H + d, around the circle
 *
 * Each rounds to bytes and stays within 0..255; alpha, a fourth channel, is
 * left alone.
 */
#include "data/augment.h"

#include <math.h>
#include <string.h>

static uint8_t to_byte(float v)
{
    return (uint8_t)rintf(fminf(fmaxf(v, 0), 255));
}

static int colors_of(const struct crema_image *image)
{
    return image->channels == 4 ? 3 : image->channels;
}

static size_t pixels_of(const struct crema_image *image)
{
    return (size_t)image->height * (size_t)image->width;
}

static void look_up(const uint8_t table[256], struct crema_image *image)
{
    size_t colors = (size_t)colors_of(image), n = pixels_of(image);
    uint8_t *p = image->pixels;

    for (size_t i = 0; i < n; i++, p += image->channels)
        for (size_t c = 0; c < colors; c++) p[c] = table[p[c]];
}

/* v f + d */
static void line(float f, float d, struct crema_image *image)
{
    uint8_t table[256];

    for (int i = 0; i < 256; i++) table[i] = to_byte((float)i * f + d);
    look_up(table, image);
}

/* B, G, R with another saturation and hue. */
static void shift_pixel(float factor, float shift, uint8_t *p)
{
    float b = (float)p[0], g = (float)p[1], r = (float)p[2];
    float v = fmaxf(fmaxf(b, g), r), span = v - fminf(fminf(b, g), r);
    float hue, wanted, sector, part;
    float low, falling, rising;

    if (span <= 0) return; /* grey has no hue */
    hue = v == r   ? (g - b) / span
          : v == g ? 2 + (b - r) / span
                   : 4 + (r - g) / span;
    hue += shift / 30; /* sixths of the circle */
    hue -= 6 * floorf(hue / 6);
    wanted = fminf(span * factor, v);
    sector = floorf(hue);
    part = hue - sector;
    low = v - wanted;
    falling = v - wanted * part;
    rising = v - wanted * (1 - part);
    switch ((int)sector % 6) {
    case 0:
        r = v, g = rising, b = low;
        break;
    case 1:
        r = falling, g = v, b = low;
        break;
    case 2:
        r = low, g = v, b = rising;
        break;
    case 3:
        r = low, g = falling, b = v;
        break;
    case 4:
        r = rising, g = low, b = v;
        break;
    default:
        r = v, g = low, b = falling;
        break;
    }
    p[0] = to_byte(b);
    p[1] = to_byte(g);
    p[2] = to_byte(r);
}

static void shift(float factor, float hue, struct crema_image *image)
{
    size_t n = pixels_of(image);
    uint8_t *p = image->pixels;

    if (colors_of(image) != 3 || (factor == 1 && hue == 0)) return;
    for (size_t i = 0; i < n; i++, p += image->channels)
        shift_pixel(factor, hue, p);
}

/* One of the orders of three channels. */
static void reorder(int which, struct crema_image *image)
{
    static const uint8_t orders[6][3] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 }
    };
    size_t n = pixels_of(image);
    uint8_t *p = image->pixels;

    if (colors_of(image) != 3) return;
    for (size_t i = 0; i < n; i++, p += image->channels) {
        const uint8_t was[3] = { p[0], p[1], p[2] };

        for (int c = 0; c < 3; c++) p[c] = was[orders[which][c]];
    }
}

void crema_distort(const struct crema_distort_rule *r, struct crema_draws *d,
                   struct crema_image *image)
{
    bool early = crema_draw_chance(d, 0.5f), contrast;
    float factor = 1, hue = 0, f;

    if (crema_draw_chance(d, r->brightness_prob))
        line(1, crema_draw(d, -r->brightness_delta, r->brightness_delta),
             image);
    contrast = crema_draw_chance(d, r->contrast_prob);
    f = crema_draw(d, r->contrast_lower, r->contrast_upper);
    if (contrast && early) line(f, 0, image);
    if (crema_draw_chance(d, r->saturation_prob))
        factor = crema_draw(d, r->saturation_lower, r->saturation_upper);
    if (crema_draw_chance(d, r->hue_prob))
        hue = crema_draw(d, -r->hue_delta, r->hue_delta);
    shift(factor, hue, image);
    if (contrast && !early) line(f, 0, image);
    if (crema_draw_chance(d, r->order_prob))
        reorder(crema_draw_below(d, 6), image);
}

/* ---- noise ----------------------------------------------------------------
 */

/* All channels become the grey that OpenCV makes of B, G, R. */
static void decolorize(struct crema_image *image)
{
    size_t n = pixels_of(image);
    uint8_t *p = image->pixels;

    if (colors_of(image) != 3) return;
    for (size_t i = 0; i < n; i++, p += image->channels)
        p[0] = p[1] = p[2] =
            (uint8_t)((9798 * p[2] + 19235 * p[1] + 3735 * p[0] + 16384) >> 15);
}

static void pepper(const struct crema_noise_rule *r, struct crema_draws *d,
                   struct crema_image *image)
{
    size_t colors = (size_t)colors_of(image);
    int64_t n = (int64_t)((double)r->pepper * (double)pixels_of(image));

    for (int64_t i = 0; i < n; i++) {
        int x = crema_draw_below(d, image->width);
        int y = crema_draw_below(d, image->height);
        uint8_t *p =
            image->pixels + ((size_t)y * (size_t)image->width + (size_t)x) *
                                (size_t)image->channels;

        for (size_t c = 0; c < colors; c++)
            p[c] = r->nvalues ? r->value[r->nvalues > 1 ? c : 0] : 0;
    }
}

void crema_noise(const struct crema_noise_rule *r, bool train,
                 struct crema_draws *d, struct crema_image *image)
{
    enum { LEVEL = 64 }; /* of four */
    uint8_t table[256];

    if (train ? !crema_draw_chance(d, r->prob) : r->prob < 1) return;
    if (r->decolorize) decolorize(image);
    for (int i = 0; i < 256; i++) {
        int v = r->posterize ? i / LEVEL * LEVEL + LEVEL / 2 : i;

        table[i] = (uint8_t)(r->inverse ? 255 - v : v);
    }
    if (r->posterize || r->inverse) look_up(table, image);
    if (train && r->pepper > 0) pepper(r, d, image);
}

void crema_erase(const struct crema_erase_rule *r, struct crema_draws *d,
                 int top, int left, int height, int width,
                 struct crema_image *image)
{
    enum { TRIES = 100 };

    if (!crema_draw_chance(d, r->prob)) return;
    for (int i = 0; i < TRIES; i++) {
        int w = (int)((float)width * crema_draw(d, r->scale_min, r->scale_max));
        int h = (int)((float)w * crema_draw(d, r->aspect_min, r->aspect_max));
        int x = crema_draw_below(d, width), y = crema_draw_below(d, height);
        size_t channels = (size_t)image->channels;

        if (w < 1 || h < 1 || x + w > width || y + h > height) continue;
        for (int v = y; v < y + h; v++) {
            uint8_t *p =
                image->pixels + ((size_t)(top + v) * (size_t)image->width +
                                 (size_t)(left + x)) *
                                    channels;

            for (size_t k = 0; k < (size_t)w * channels; k++)
                p[k] = (uint8_t)(crema_draw_bits(d) >> 24);
        }
        return;
    }
}
