/* image_header.c - a picture's size from its first bytes, without decoding. */
#include "data/codec.h"

#include <string.h>

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
    return big16(p) << 16 | big16(p + 2);
}

static int32_t little32(const uint8_t *p)
{
    return (int32_t)((uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
                     (uint32_t)p[1] << 8 | p[0]);
}

/* A frame header is one of SOF0 to SOF15, of which three are something else. */
static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
           marker != 0xc8 && marker != 0xcc;
}

static bool jpeg_size(const uint8_t *p, size_t length,
                      struct crema_image_size *out)
{
    size_t at = 2;

    while (at + 10 <= length && p[at] == 0xff) {
        uint8_t marker = p[at + 1];

        if (marker == 0xff) { /* padding before a marker */
            at++;
            continue;
        }
        if (is_frame(marker)) {
            out->height = (int)big16(p + at + 5);
            out->width = (int)big16(p + at + 7);
            out->channels = p[at + 9];
            return true;
        }
        at += 2 + big16(p + at + 2);
    }
    return false;
}

static bool png_size(const uint8_t *p, size_t length,
                     struct crema_image_size *out)
{
    static const int channels[] = { 1, 0, 3, 3, 2, 0, 4 };

    if (length < 26 || memcmp(p + 12, "IHDR", 4) != 0 || p[25] > 6)
        return false;
    out->width = (int)(big32(p + 16) & INT32_MAX);
    out->height = (int)(big32(p + 20) & INT32_MAX);
    out->channels = channels[p[25]]; /* a palette has colours */
    return true;
}

static bool bmp_size(const uint8_t *p, size_t length,
                     struct crema_image_size *out)
{
    if (length < 30) return false;
    out->width = little32(p + 18);
    out->height = little32(p + 22);
    if (out->height < 0 && out->height > INT32_MIN) /* from above to below */
        out->height = -out->height;
    out->channels = 3;
    return true;
}

bool crema_image_header(const void *bytes, size_t length,
                        struct crema_image_size *out)
{
    bool found = false;

    *out =
        (struct crema_image_size){ .format = crema_image_sniff(bytes, length) };
    if (out->format == CREMA_IMAGE_JPEG) found = jpeg_size(bytes, length, out);
    if (out->format == CREMA_IMAGE_PNG) found = png_size(bytes, length, out);
    if (out->format == CREMA_IMAGE_BMP) found = bmp_size(bytes, length, out);
    if (out->format == CREMA_IMAGE_PNM)
        found = crema_pnm_size(bytes, length, out);
    return found && out->height > 0 && out->width > 0 && out->channels > 0;
}
