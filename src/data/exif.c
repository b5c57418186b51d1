/* exif.c - the orientation that a camera noted, and turning by it.
 *
 *   1 upright        2 mirrored left-right   3 turned by 180   4 top-bottom
 *   5 transposed     6 to be turned clockwise by 90
 *   7 transposed over the other diagonal     8 counter-clockwise by 90
 */
#include "data/codec.h"

#include <string.h>

enum { ORIENTATION_TAG = 0x0112 };

static uint32_t read16(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t read32(const uint8_t *p, bool big)
{
    uint32_t a = read16(p, big), b = read16(p + 2, big);

    return big ? a << 16 | b : b << 16 | a;
}

int crema_exif_orientation(const uint8_t *tiff, size_t length)
{
    bool big;
    size_t at, entries;

    if (length < 8) return 1;
    if (memcmp(tiff, "MM", 2) != 0 && memcmp(tiff, "II", 2) != 0) return 1;
    big = tiff[0] == 'M';
    if (read16(tiff + 2, big) != 42) return 1;
    at = read32(tiff + 4, big);
    if (at > length - 2) return 1;
    entries = read16(tiff + at, big);
    at += 2;
    for (size_t i = 0; i < entries && at + 12 <= length; i++, at += 12)
        if (read16(tiff + at, big) == ORIENTATION_TAG)
            return (int)read16(tiff + at + 8, big);
    return 1;
}

int crema_exif_in_jpeg(const uint8_t *bytes, size_t length)
{
    enum { APP1 = 0xe1, START_OF_SCAN = 0xda };
    size_t at = 2;

    while (at + 4 <= length && bytes[at] == 0xff) {
        uint8_t marker = bytes[at + 1];
        size_t size;

        if (marker == 0xff) { /* padding before a marker */
            at++;
            continue;
        }
        if (marker == START_OF_SCAN) break;
        size = read16(bytes + at + 2, true); /* with its own two bytes */
        if (size < 2 || size > length - at - 2) break;
        if (marker == APP1 && size >= 8 &&
            memcmp(bytes + at + 4, "Exif\0\0", 6) == 0)
            return crema_exif_orientation(bytes + at + 10, size - 8);
        at += 2 + size;
    }
    return 1;
}

/* How the turned picture is read out of the stored one. */
struct turn {
    bool transpose, flip_x, flip_y; /* flips follow the transposition */
};

static void copy_turned(const struct crema_image *in, struct turn turn,
                        struct crema_image *out)
{
    size_t channels = (size_t)in->channels;
    uint8_t *to = out->pixels;

    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++, to += channels) {
            int v = turn.flip_y ? out->height - 1 - y : y;
            int u = turn.flip_x ? out->width - 1 - x : x;
            int row = turn.transpose ? u : v, column = turn.transpose ? v : u;
            size_t at = (size_t)row * (size_t)in->width + (size_t)column;

            for (size_t c = 0; c < channels; c++)
                to[c] = in->pixels[at * channels + c];
        }
}

enum crema_status crema_image_turn(struct crema_ctx *ctx, const char *name,
                                   int orientation, struct crema_image *image)
{
    static const struct turn turns[] = {
        [2] = { false, true, false }, [3] = { false, true, true },
        [4] = { false, false, true }, [5] = { true, false, false },
        [6] = { true, true, false },  [7] = { true, true, true },
        [8] = { true, false, true },
    };
    struct crema_image out = { 0 };
    struct turn turn;

    if (orientation < 2 || orientation > 8) return CREMA_OK;
    turn = turns[orientation];
    CREMA_TRY(crema_image_reserve(
        ctx, name, turn.transpose ? image->width : image->height,
        turn.transpose ? image->height : image->width, image->channels, &out));
    copy_turned(image, turn, &out);
    out.damaged = image->damaged;
    crema_image_free(image);
    *image = out;
    return CREMA_OK;
}
