/* jpeg_plain.c - which JPEG pictures any decoder may be given. */
#include "data/codec.h"

#include <string.h>

static int big16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

/* SOF0: 8 bits, three components that are numbered as Y, Cb, Cr usually are;
 * these two with a value for 1 x 1, 2 x 1, 1 x 2 or 2 x 2 pixels. */
static bool plain_frame(const uint8_t *s, size_t n,
                        struct crema_image_size *size)
{
    size->height = n == 15 ? big16(s + 1) : 0;
    size->width = n == 15 ? big16(s + 3) : 0;
    return size->height > 0 && size->width > 0 && s[0] == 8 && s[5] == 3 &&
           s[6] <= 1 && s[9] == s[6] + 1 && s[12] == s[6] + 2 &&
           (s[7] == 0x11 || s[7] == 0x21 || s[7] == 0x12 || s[7] == 0x22) &&
           s[10] == 0x11 && s[13] == 0x11;
}

/* SOS: all three components at once, all coefficients, all bits. */
static bool plain_scan(const uint8_t *s, size_t n)
{
    return n == 10 && s[0] == 3 && s[7] == 0 && s[8] == 63 && s[9] == 0;
}

/* "Adobe": transform 1, as Y, Cb, Cr. */
static bool plain_adobe(const uint8_t *s, size_t n)
{
    return n < 12 || memcmp(s, "Adobe", 5) != 0 || s[11] == 1;
}

bool crema_jpeg_plain(const void *bytes, size_t length,
                      struct crema_image_size *size)
{
    enum { TABLES_OF_NUMBERS = 1, TABLES_OF_CODES = 2, FRAME = 4, ALL = 7 };
    const uint8_t *p = bytes;
    size_t at = 2;
    int seen = 0;

    *size = (struct crema_image_size){ CREMA_IMAGE_JPEG, 0, 0, 3 };
    if (length < 4 || memcmp(p, "\xff\xd8", 2) != 0 ||
        memcmp(p + length - 2, "\xff\xd9", 2) != 0)
        return false;
    while (at + 4 <= length && p[at] == 0xff) {
        size_t n = (size_t)big16(p + at + 2);
        const uint8_t *s = p + at + 4;
        uint8_t marker = p[at + 1];

        if (n < 2 || at + 2 + n > length) return false;
        n -= 2;
        at += 4 + n;
        if (marker == 0xda) return seen == ALL && plain_scan(s, n);
        if (marker == 0xdb) {
            seen |= TABLES_OF_NUMBERS;
        } else if (marker == 0xc4) {
            seen |= TABLES_OF_CODES;
        } else if (marker == 0xc0) {
            if (seen & FRAME || !plain_frame(s, n, size)) return false;
            seen |= FRAME;
        } else if (marker == 0xee) {
            if (!plain_adobe(s, n)) return false;
        } else if (marker != 0xdd && marker != 0xfe && marker >> 4 != 0xe) {
            return false;
        }
    }
    return false;
}
