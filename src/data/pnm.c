/* pnm.c - PBM, PGM and PPM pictures, as text and as bytes.
 *
 * "P1" to "P6", width, height and, but for bits, the largest value: numbers
 * with blanks, line ends and comments (# to the end of the line) between them.
 * One byte behind the last of them the samples begin: text in P1 to P3, where
 * values are spread over 0 to 255; else rows of bits, of bytes, or of two bytes
 * where the largest value needs them.  Bytes count as they are, of two the
 * upper one.  In P1 and P4 a 1 is black.
 */
#include "data/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pnm {
    const uint8_t *at, *end;
    bool text, bits;
    int width, height, channels;
    uint32_t most; /* largest value; 1 for bits */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* A number of at most that many digits, and the byte behind it where a digit
 * could stand; false: there is none, or one too large. */
static bool read_number(struct pnm *pnm, int digits, uint32_t *out)
{
    bool comment = false;
    uint64_t value = 0;

    for (; pnm->at < pnm->end && (comment || !is_digit(*pnm->at)); pnm->at++) {
        if (*pnm->at == '\n' || *pnm->at == '\r')
            comment = false;
        else if (*pnm->at == '#')
            comment = true;
        else if (!comment && !is_blank(*pnm->at))
            return false;
    }
    if (pnm->at == pnm->end) return false;
    for (; digits > 0 && pnm->at < pnm->end && is_digit(*pnm->at); digits--) {
        value = 10 * value + (uint64_t)(*pnm->at++ - '0');
        if (value > INT32_MAX) return false;
    }
    if (digits > 0 && pnm->at < pnm->end) pnm->at++;
    *out = (uint32_t)value;
    return true;
}

enum { ANY = 20 }; /* digits */

static bool read_header(struct pnm *pnm, const uint8_t *bytes, size_t length)
{
    uint32_t width, height;
    int kind;

    if (crema_image_sniff(bytes, length) != CREMA_IMAGE_PNM) return false;
    kind = bytes[1] - '0';
    *pnm = (struct pnm){ .at = bytes + 2,
                         .end = bytes + length,
                         .text = kind <= 3,
                         .bits = kind == 1 || kind == 4,
                         .channels = kind % 3 == 0 ? 3 : 1,
                         .most = 1 };
    if (!read_number(pnm, ANY, &width) || !read_number(pnm, ANY, &height) ||
        width == 0 || height == 0)
        return false;
    pnm->width = (int)width;
    pnm->height = (int)height;
    if (pnm->bits) return true;
    return read_number(pnm, ANY, &pnm->most) && pnm->most > 0 &&
           pnm->most <= UINT16_MAX;
}

/* Bytes of a row of samples that are not text. */
static size_t stride(const struct pnm *pnm)
{
    size_t samples = (size_t)pnm->width * (size_t)pnm->channels;

    if (pnm->bits) return (samples + 7) / 8;
    return samples * (pnm->most > 255 ? 2 : 1);
}

/* Are there as many bytes as the samples need at least?  Asked before memory is
 * taken for them. */
static bool long_enough(const struct pnm *pnm)
{
    size_t have = (size_t)(pnm->end - pnm->at);
    size_t samples = (size_t)pnm->width * (size_t)pnm->channels;

    if (!pnm->text) return have / stride(pnm) >= (size_t)pnm->height;
    return have / samples >= (size_t)pnm->height / 2;
}

/* The row's samples in 8 bits; false: they end before. */
static bool read_row(struct pnm *pnm, uint8_t *to)
{
    size_t samples = (size_t)pnm->width * (size_t)pnm->channels;
    uint32_t v;

    for (size_t i = 0; i < samples; i++) {
        if (pnm->text) {
            if (!read_number(pnm, pnm->bits ? 1 : ANY, &v)) return false;
            if (v > pnm->most) v = pnm->most;
            if (pnm->bits)
                to[i] = v ? 0 : 255;
            else
                to[i] =
                    (uint8_t)(pnm->most > 255 ? v >> 8 : v * 255 / pnm->most);
        } else if (pnm->bits) {
            to[i] = pnm->at[i / 8] >> (7 - i % 8) & 1 ? 0 : 255;
        } else {
            to[i] = pnm->at[pnm->most > 255 ? 2 * i : i];
        }
    }
    if (!pnm->text) pnm->at += stride(pnm);
    return true;
}

/* Red, green and blue, or grey, to what is wanted of them. */
static void convert_row(const struct pnm *pnm, const uint8_t *row, int channels,
                        uint8_t *to)
{
    for (int x = 0; x < pnm->width; x++, row += pnm->channels, to += channels) {
        uint8_t r = row[0], g = row[0], b = row[0];

        if (pnm->channels == 3) {
            g = row[1];
            b = row[2];
        }
        to[0] = b;
        if (channels == 1 && pnm->channels == 3)
            to[0] = crema_grey_bmp(r, g, b);
        if (channels == 1) continue;
        to[1] = g;
        to[2] = r;
    }
}

static enum crema_status failed(struct crema_ctx *ctx, const char *name,
                                const char *reason)
{
    return crema_fail(ctx, CREMA_EINVAL,
                      "%s: not a readable PBM, PGM or PPM picture: %s", name,
                      reason);
}

enum crema_status crema_pnm_decode(struct crema_ctx *ctx,
                                   const struct crema_codec_input *in,
                                   enum crema_image_mode mode,
                                   struct crema_image *out, int *orientation)
{
    struct pnm pnm;
    int channels = 3;
    uint8_t *row;
    bool whole = true;

    *orientation = 1;
    if (!read_header(&pnm, in->bytes, in->length))
        return failed(ctx, in->name, "its header is wrong");
    if (!long_enough(&pnm)) return failed(ctx, in->name, "it is cut short");
    if (mode == CREMA_IMAGE_UNCHANGED && pnm.most > 255)
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "%s: a picture of 16 bits a channel; write it with 8 "
                          "bits, or set force_color or force_gray",
                          in->name);
    if (mode == CREMA_IMAGE_GRAY) channels = 1;
    if (mode == CREMA_IMAGE_UNCHANGED) channels = pnm.channels;
    CREMA_TRY(crema_image_reserve(ctx, in->name, pnm.height, pnm.width,
                                  channels, out));
    row = malloc((size_t)pnm.width * (size_t)pnm.channels);
    if (!row) return crema_no_memory(ctx, in->name);
    for (int y = 0; y < pnm.height && whole; y++) {
        whole = read_row(&pnm, row);
        if (whole)
            convert_row(&pnm, row, channels,
                        out->pixels +
                            (size_t)y * (size_t)pnm.width * (size_t)channels);
    }
    free(row);
    if (!whole) return failed(ctx, in->name, "it is cut short or damaged");
    return CREMA_OK;
}

bool crema_pnm_size(const uint8_t *bytes, size_t length,
                    struct crema_image_size *out)
{
    struct pnm pnm;

    if (!read_header(&pnm, bytes, length)) return false;
    out->height = pnm.height;
    out->width = pnm.width;
    out->channels = pnm.channels;
    return true;
}

enum crema_status crema_pnm_encode(struct crema_ctx *ctx,
                                   const struct crema_image *image,
                                   uint8_t **bytes, size_t *length)
{
    size_t samples =
        (size_t)image->height * (size_t)image->width * (size_t)image->channels;
    char header[48];
    int n = snprintf(header, sizeof header, "P%d\n%d %d\n255\n",
                     image->channels == 3 ? 6 : 5, image->width, image->height);
    uint8_t *to = malloc((size_t)n + samples);

    if (!to) return crema_no_memory(ctx, "a PPM picture");
    *bytes = to;
    *length = (size_t)n + samples;
    memcpy(to, header, (size_t)n);
    to += n;
    for (size_t i = 0; i < samples; i++) {
        size_t from = image->channels == 3 ? i - i % 3 + (2 - i % 3) : i;

        to[i] = image->pixels[from];
    }
    return CREMA_OK;
}
