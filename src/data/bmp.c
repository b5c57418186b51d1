/* bmp.c - BMP pictures without compression: palettes, 24 and 32 bit. */
#include "data/codec.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 14, INFO_HEADER = 40 };

struct bmp {
    int width, height; /* height > 0 */
    bool top_down;
    uint32_t bits; /* a pixel */
    size_t stride; /* bytes a row: a multiple of 4 */
    const uint8_t *rows;
    uint32_t colours;
    uint8_t palette[256][4]; /* B,G,R,unused */
};

static uint32_t read16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t read32(const uint8_t *p)
{
    return read16(p) | read16(p + 2) << 16;
}

static enum crema_status failed(struct crema_ctx *ctx,
                                const struct crema_codec_input *in,
                                const char *reason)
{
    return crema_fail(ctx, CREMA_EINVAL, "%s: not a readable BMP picture: %s",
                      in->name, reason);
}

/* Only the usual order of channels, 8 bits each, may stand in bit fields. */
static bool usual_fields(const struct crema_codec_input *in)
{
    const uint8_t *p = in->bytes + FILE_HEADER + INFO_HEADER;

    return in->length >= FILE_HEADER + INFO_HEADER + 12 &&
           read32(p) == 0xff0000 && read32(p + 4) == 0xff00 &&
           read32(p + 8) == 0xff;
}

static enum crema_status read_palette(struct crema_ctx *ctx,
                                      const struct crema_codec_input *in,
                                      struct bmp *bmp)
{
    size_t at = FILE_HEADER + (size_t)read32(in->bytes + FILE_HEADER);
    uint32_t used = read32(in->bytes + 46);

    if (bmp->bits > 8) return CREMA_OK;
    bmp->colours = used && used < 1u << bmp->bits ? used : 1u << bmp->bits;
    if (at > in->length || in->length - at < 4 * (size_t)bmp->colours)
        return failed(ctx, in, "it ends within its palette");
    memcpy(bmp->palette, in->bytes + at, 4 * (size_t)bmp->colours);
    return CREMA_OK;
}

static enum crema_status read_header(struct crema_ctx *ctx,
                                     const struct crema_codec_input *in,
                                     struct bmp *bmp)
{
    const uint8_t *p = in->bytes;
    uint32_t compression, height;
    size_t offset;

    if (in->length < FILE_HEADER + INFO_HEADER)
        return failed(ctx, in, "it ends within its header");
    if (read32(p + 14) < INFO_HEADER)
        return failed(ctx, in, "a header of OS/2's kind");
    height = read32(p + 22);
    bmp->top_down = height > INT32_MAX;
    if (bmp->top_down) height = 0 - height;
    if (read32(p + 18) > CREMA_IMAGE_MAX_SIDE || height > CREMA_IMAGE_MAX_SIDE)
        return failed(ctx, in, "its sides are too large");
    bmp->width = (int)read32(p + 18);
    bmp->height = (int)height;
    bmp->bits = read16(p + 28);
    compression = read32(p + 30);
    if (compression != 0 &&
        !(compression == 3 && bmp->bits == 32 && usual_fields(in)))
        return failed(ctx, in, "it is compressed");
    if (bmp->bits != 1 && bmp->bits != 4 && bmp->bits != 8 && bmp->bits != 24 &&
        bmp->bits != 32)
        return failed(ctx, in, "not of 1, 4, 8, 24 or 32 bits a pixel");
    bmp->stride = ((size_t)bmp->width * bmp->bits + 31) / 32 * 4;
    offset = read32(p + 10);
    if (offset > in->length ||
        (in->length - offset) / (bmp->stride ? bmp->stride : 1) < height)
        return failed(ctx, in, "it ends within its pixels");
    bmp->rows = p + offset;
    return read_palette(ctx, in, bmp);
}

static const uint8_t *pixel(const struct bmp *bmp, const uint8_t *row, int x)
{
    size_t at = (size_t)x * bmp->bits;
    uint32_t shift;

    if (bmp->bits >= 24) return row + at / 8;
    shift = 8 - bmp->bits - (uint32_t)(at & 7);
    return bmp
        ->palette[(unsigned)row[at / 8] >> shift & ((1u << bmp->bits) - 1)];
}

static bool palette_is_grey(const struct bmp *bmp)
{
    for (uint32_t i = 0; i < bmp->colours; i++)
        if (bmp->palette[i][0] != bmp->palette[i][1] ||
            bmp->palette[i][0] != bmp->palette[i][2])
            return false;
    return bmp->colours > 0;
}

enum crema_status crema_bmp_decode(struct crema_ctx *ctx,
                                   const struct crema_codec_input *in,
                                   enum crema_image_mode mode,
                                   struct crema_image *out, int *orientation)
{
    struct bmp bmp = { 0 };
    int channels;
    uint8_t *to;

    *orientation = 1;
    CREMA_TRY(read_header(ctx, in, &bmp));
    channels = mode == CREMA_IMAGE_GRAY ? 1 : 3;
    if (mode == CREMA_IMAGE_UNCHANGED && palette_is_grey(&bmp)) channels = 1;
    CREMA_TRY(crema_image_reserve(ctx, in->name, bmp.height, bmp.width,
                                  channels, out));
    to = out->pixels;
    for (int y = 0; y < bmp.height; y++) {
        int stored = bmp.top_down ? y : bmp.height - 1 - y;
        const uint8_t *row = bmp.rows + (size_t)stored * bmp.stride;

        for (int x = 0; x < bmp.width; x++, to += channels) {
            const uint8_t *p = pixel(&bmp, row, x);

            if (channels == 1)
                to[0] = crema_grey_bmp(p[2], p[1], p[0]);
            else
                memcpy(to, p, 3);
        }
    }
    return CREMA_OK;
}

static void write32(uint8_t *p, size_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

enum crema_status crema_bmp_encode(struct crema_ctx *ctx,
                                   const struct crema_image *image,
                                   uint8_t **bytes, size_t *length)
{
    size_t width = (size_t)image->width, height = (size_t)image->height;
    size_t channels = (size_t)image->channels;
    size_t stride = (width * channels + 3) / 4 * 4;
    size_t palette = channels == 1 ? 1024 : 0;
    size_t offset = FILE_HEADER + INFO_HEADER + palette;
    uint8_t *p = calloc(1, offset + stride * height);

    if (!p) return crema_no_memory(ctx, "a BMP picture");
    memcpy(p, "BM", 2);
    write32(p + 2, offset + stride * height);
    write32(p + 10, offset);
    write32(p + 14, INFO_HEADER);
    write32(p + 18, width);
    write32(p + 22, height);
    p[26] = 1; /* plane */
    p[28] = (uint8_t)(8 * channels);
    for (size_t i = 0; i < palette / 4; i++)
        memset(p + FILE_HEADER + INFO_HEADER + 4 * i, (int)i, 3);
    for (size_t y = 0; y < height; y++)
        memcpy(p + offset + (height - 1 - y) * stride,
               image->pixels + y * width * channels, width * channels);
    *bytes = p;
    *length = offset + stride * height;
    return CREMA_OK;
}
