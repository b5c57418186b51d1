/* png.c - PNG pictures through libspng. */
#include "data/codec.h"

#include <spng.h>
#include <stdlib.h>
#include <string.h>

/* What decides how a picture is read. */
struct png {
    struct crema_ctx *ctx;
    const struct crema_codec_input *in;
    struct spng_ctx *spng;
    struct spng_ihdr header;
};

static enum crema_status failed(struct png *png, const char *reason)
{
    return crema_fail(png->ctx, CREMA_EINVAL,
                      "%s: not a readable PNG picture: %s", png->in->name,
                      reason);
}

static size_t read32(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Four letters; and a reader must know those that begin with a capital. */
static bool known_or_ancillary(const uint8_t *type)
{
    static const char critical[][5] = { "IHDR", "PLTE", "IDAT", "IEND" };

    for (int i = 0; i < 4; i++)
        if ((type[i] | 0x20) < 'a' || (type[i] | 0x20) > 'z') return false;
    if (type[0] & 0x20) return true;
    for (size_t i = 0; i < sizeof critical / sizeof *critical; i++)
        if (memcmp(type, critical[i], 4) == 0) return true;
    return false;
}

/* libspng takes a file that ends before its IEND chunk, or has chunks that
 * nobody knows; libpng does not. */
static bool ends_properly(const struct crema_codec_input *in)
{
    static const uint8_t end[12] = { 0,   0,   0,    0,    'I',  'E',
                                     'N', 'D', 0xae, 0x42, 0x60, 0x82 };
    size_t at = 8;

    while (at + 12 <= in->length) {
        size_t size = read32(in->bytes + at);

        if (memcmp(in->bytes + at, end, sizeof end) == 0) return true;
        if (size > in->length - at - 12) return false;
        if (!known_or_ancillary(in->bytes + at + 4)) return false;
        at += 12 + size;
    }
    return false;
}

/* Deflate shrinks to 1/1032 at best: dimensions that this many bytes cannot
 * fill are a lie, told before any memory is taken. */
static bool plausible(const struct png *png)
{
    static const uint8_t samples[] = { 1, 0, 3, 1, 2, 0, 4 };
    const struct spng_ihdr *h = &png->header;
    double bits = (double)h->width * samples[h->color_type] * h->bit_depth;

    return bits / 8 * h->height <= 1032.0 * (double)png->in->length;
}

static enum crema_status open_png(struct png *png)
{
    enum { CHUNK = 64 << 20 };
    int error;

    if (!ends_properly(png->in))
        return failed(png, "it is cut short or damaged");
    png->spng = spng_ctx_new(0);
    if (!png->spng) return crema_no_memory(png->ctx, png->in->name);
    spng_set_chunk_limits(png->spng, CHUNK, CHUNK);
    error = spng_set_png_buffer(png->spng, png->in->bytes, png->in->length);
    if (!error) error = spng_get_ihdr(png->spng, &png->header);
    if (error) return failed(png, spng_strerror(error));
    if (!plausible(png))
        return failed(png, "too few bytes for its width and height");
    return CREMA_OK;
}

static bool has_transparency(struct png *png)
{
    struct spng_trns trns;
    int type = png->header.color_type;

    if (type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
        type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA)
        return true;
    return type != SPNG_COLOR_TYPE_GRAYSCALE &&
           spng_get_trns(png->spng, &trns) == 0;
}

static bool is_grey(const struct png *png)
{
    return png->header.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
           png->header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
}

static enum crema_status decode(struct png *png, int format, int flags,
                                uint8_t *to, size_t bytes)
{
    int error = spng_decode_image(png->spng, to, bytes, format, flags);

    /* what stands behind the pixels must be whole, too */
    if (!error) error = spng_decode_chunks(png->spng);
    if (error) return failed(png, spng_strerror(error));
    return CREMA_OK;
}

/* R,G,B(,A) to B,G,R(,A) in place. */
static void swap_red_and_blue(struct crema_image *image)
{
    size_t pixels = (size_t)image->height * (size_t)image->width;
    uint8_t *p = image->pixels;

    for (size_t i = 0; i < pixels; i++, p += image->channels) {
        uint8_t red = p[0];

        p[0] = p[2];
        p[2] = red;
    }
}

static enum crema_status read_colour(struct png *png, int channels,
                                     struct crema_image *out)
{
    CREMA_TRY(crema_image_reserve(png->ctx, png->in->name,
                                  (int)png->header.height,
                                  (int)png->header.width, channels, out));
    CREMA_TRY(
        decode(png, channels == 4 ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8,
               channels == 4 ? SPNG_DECODE_TRNS : 0, out->pixels,
               (size_t)channels * png->header.height * png->header.width));
    swap_red_and_blue(out);
    return CREMA_OK;
}

/* The gamma that the file tells, in 1/100000; 0: none. */
static uint32_t gamma_of(struct png *png)
{
    uint32_t gamma;
    uint8_t intent;

    if (spng_get_srgb(png->spng, &intent) == 0) return 45455;
    return spng_get_gama_int(png->spng, &gamma) == 0 ? gamma : 0;
}

/* Of each colour, the most of the three; 0: not told. */
static int significant_bits(struct png *png)
{
    struct spng_sbit s;
    int most = 0;

    if (spng_get_sbit(png->spng, &s) != 0) return 0;
    if (s.red_bits > most) most = s.red_bits;
    if (s.green_bits > most) most = s.green_bits;
    if (s.blue_bits > most) most = s.blue_bits;
    return most;
}

/* rgb holds 3 bytes a pixel. */
static void grey_of_8_bit(const struct crema_grey_gamma *tables,
                          const uint8_t *rgb, size_t pixels, uint8_t *to)
{
    if (tables)
        for (size_t i = 0; i < pixels; i++, rgb += 3)
            to[i] = crema_grey_gamma(tables, rgb[0], rgb[1], rgb[2]);
    else
        for (size_t i = 0; i < pixels; i++, rgb += 3)
            to[i] = crema_grey_png(rgb[0], rgb[1], rgb[2]);
}

/* rgba holds 4 times 2 bytes a pixel. */
static void grey_of_16_bit(const struct crema_grey_gamma *tables,
                           const uint8_t *rgba, size_t pixels, uint8_t *to)
{
    for (size_t i = 0; i < pixels; i++, rgba += 8) {
        uint16_t c[3];

        memcpy(c, rgba, sizeof c);
        to[i] = tables ? crema_grey_gamma16(tables, c[0], c[1], c[2])
                       : crema_grey_png16(c[0], c[1], c[2]);
    }
}

static void to_grey(struct png *png, const uint8_t *wide, bool deep,
                    size_t pixels, uint8_t *to)
{
    uint32_t gamma = is_grey(png) ? 0 : gamma_of(png);
    struct crema_grey_gamma tables;
    bool bent =
        gamma && crema_grey_gamma_init(&tables, gamma, significant_bits(png));

    if (deep)
        grey_of_16_bit(bent ? &tables : NULL, wide, pixels, to);
    else
        grey_of_8_bit(bent ? &tables : NULL, wide, pixels, to);
}

static enum crema_status read_grey(struct png *png, struct crema_image *out)
{
    size_t pixels = (size_t)png->header.height * png->header.width;
    bool deep = png->header.bit_depth == 16 && !is_grey(png);
    size_t bytes = pixels * (deep ? 8 : 3);
    enum crema_status status;
    uint8_t *wide;

    CREMA_TRY(crema_image_reserve(png->ctx, png->in->name,
                                  (int)png->header.height,
                                  (int)png->header.width, 1, out));
    wide = malloc(bytes);
    if (!wide) return crema_no_memory(png->ctx, png->in->name);
    status =
        decode(png, deep ? SPNG_FMT_RGBA16 : SPNG_FMT_RGB8, 0, wide, bytes);
    if (status == CREMA_OK) to_grey(png, wide, deep, pixels, out->pixels);
    free(wide);
    return status;
}

static enum crema_status read_unchanged(struct png *png,
                                        struct crema_image *out)
{
    if (png->header.bit_depth == 16)
        return crema_fail(png->ctx, CREMA_EUNSUPPORTED,
                          "%s: a PNG of 16 bits a channel; write it with 8 "
                          "bits, or set force_color or force_gray",
                          png->in->name);
    if (has_transparency(png)) return read_colour(png, 4, out);
    if (is_grey(png)) return read_grey(png, out);
    return read_colour(png, 3, out);
}

static int orientation_of(struct png *png)
{
    struct spng_exif exif;

    if (spng_get_exif(png->spng, &exif) != 0) return 1;
    return crema_exif_orientation((const uint8_t *)exif.data, exif.length);
}

enum crema_status crema_png_decode(struct crema_ctx *ctx,
                                   const struct crema_codec_input *in,
                                   enum crema_image_mode mode,
                                   struct crema_image *out, int *orientation)
{
    struct png png = { .ctx = ctx, .in = in };
    enum crema_status status = open_png(&png);

    if (status == CREMA_OK && mode == CREMA_IMAGE_UNCHANGED)
        status = read_unchanged(&png, out);
    else if (status == CREMA_OK && mode == CREMA_IMAGE_GRAY)
        status = read_grey(&png, out);
    else if (status == CREMA_OK)
        status = read_colour(&png, 3, out);
    if (status == CREMA_OK) *orientation = orientation_of(&png);
    if (png.spng) spng_ctx_free(png.spng);
    return status;
}

static int encode(struct spng_ctx *spng, const struct crema_image *image,
                  const uint8_t *rgb, uint8_t **bytes, size_t *length)
{
    size_t size =
        (size_t)image->height * (size_t)image->width * (size_t)image->channels;
    struct spng_ihdr header = {
        .width = (uint32_t)image->width,
        .height = (uint32_t)image->height,
        .bit_depth = 8,
        .color_type = image->channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE
                                           : SPNG_COLOR_TYPE_TRUECOLOR,
    };
    int error = spng_set_option(spng, SPNG_ENCODE_TO_BUFFER, 1);

    /* Quick rather than small; the default takes several times as long. */
    if (!error) error = spng_set_option(spng, SPNG_IMG_COMPRESSION_LEVEL, 3);
    if (!error)
        error =
            spng_set_option(spng, SPNG_FILTER_CHOICE, SPNG_FILTER_CHOICE_SUB);
    if (!error) error = spng_set_ihdr(spng, &header);
    if (!error)
        error = spng_encode_image(spng, rgb, size, SPNG_FMT_PNG,
                                  SPNG_ENCODE_FINALIZE);
    if (!error) *bytes = spng_get_png_buffer(spng, length, &error);
    return error;
}

enum crema_status crema_png_encode(struct crema_ctx *ctx,
                                   const struct crema_image *image,
                                   uint8_t **bytes, size_t *length)
{
    struct crema_image rgb = { 0 };
    struct spng_ctx *spng;
    int error;

    CREMA_TRY(crema_image_reserve(ctx, "a PNG picture", image->height,
                                  image->width, image->channels, &rgb));
    memcpy(rgb.pixels, image->pixels, rgb.capacity);
    if (image->channels == 3) swap_red_and_blue(&rgb);
    spng = spng_ctx_new(SPNG_CTX_ENCODER);
    error = spng ? encode(spng, image, rgb.pixels, bytes, length) : 0;
    crema_image_free(&rgb);
    if (!spng) return crema_no_memory(ctx, "a PNG picture");
    spng_ctx_free(spng);
    if (error)
        return crema_fail(ctx, error == SPNG_EMEM ? CREMA_ENOMEM : CREMA_EINVAL,
                          "cannot write a PNG: %s", spng_strerror(error));
    return CREMA_OK;
}
