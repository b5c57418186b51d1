/* image.c - from a picture file's bytes to upright pixels. */
#include "data/image.h"

#include "base/file.h"
#include "data/codec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void crema_image_free(struct crema_image *image)
{
    free(image->pixels);
    *image = (struct crema_image){ 0 };
}

enum crema_status crema_image_reserve(struct crema_ctx *ctx, const char *name,
                                      int height, int width, int channels,
                                      struct crema_image *out)
{
    size_t bytes;

    if (height < 1 || width < 1 || height > CREMA_IMAGE_MAX_SIDE ||
        width > CREMA_IMAGE_MAX_SIDE ||
        (int64_t)height * width > CREMA_IMAGE_MAX_PIXELS)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: a picture of %d x %d (width x height) is not "
                          "read: the limits are %d a side and %d pixels",
                          name, width, height, CREMA_IMAGE_MAX_SIDE,
                          CREMA_IMAGE_MAX_PIXELS);
    bytes = (size_t)height * (size_t)width * (size_t)channels;
    if (bytes > out->capacity) {
        uint8_t *pixels = malloc(bytes);

        if (!pixels) return crema_no_memory(ctx, name);
        free(out->pixels);
        out->pixels = pixels;
        out->capacity = bytes;
    }
    out->height = height;
    out->width = width;
    out->channels = channels;
    return CREMA_OK;
}

enum crema_image_format crema_image_sniff(const void *bytes, size_t length)
{
    const uint8_t *p = bytes;

    if (length >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        return CREMA_IMAGE_JPEG;
    if (length >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return CREMA_IMAGE_PNG;
    if (length >= 2 && memcmp(bytes, "BM", 2) == 0) return CREMA_IMAGE_BMP;
    if (length >= 3 && p[0] == 'P' && p[1] >= '1' && p[1] <= '6' &&
        strchr(" \t\r\n", p[2]) && p[2])
        return CREMA_IMAGE_PNM;
    return CREMA_IMAGE_UNKNOWN;
}

enum crema_image_format crema_image_format_named(const char *ending)
{
    static const struct {
        const char *name;
        enum crema_image_format format;
    } table[] = {
        { "jpg", CREMA_IMAGE_JPEG }, { "jpeg", CREMA_IMAGE_JPEG },
        { "png", CREMA_IMAGE_PNG },  { "bmp", CREMA_IMAGE_BMP },
        { "pbm", CREMA_IMAGE_PNM },  { "pgm", CREMA_IMAGE_PNM },
        { "ppm", CREMA_IMAGE_PNM },  { "pnm", CREMA_IMAGE_PNM },
    };

    ending += *ending == '.';
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcasecmp(ending, table[i].name) == 0) return table[i].format;
    return CREMA_IMAGE_UNKNOWN;
}

enum crema_status crema_image_decode(struct crema_ctx *ctx, const char *name,
                                     const void *bytes, size_t length,
                                     enum crema_image_mode mode,
                                     struct crema_image *out)
{
    static crema_codec_decode *const decoders[] = {
        [CREMA_IMAGE_JPEG] = crema_jpeg_decode,
        [CREMA_IMAGE_PNG] = crema_png_decode,
        [CREMA_IMAGE_BMP] = crema_bmp_decode,
        [CREMA_IMAGE_PNM] = crema_pnm_decode,
    };
    enum crema_image_format format = crema_image_sniff(bytes, length);
    struct crema_codec_input input = { name, bytes, length };
    int orientation = 1;

    out->damaged = false;
    if (length == 0)
        return crema_fail(ctx, CREMA_EINVAL, "%s: no picture: it is empty",
                          name);
    if (format == CREMA_IMAGE_UNKNOWN)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: not a JPEG, PNG, BMP or PPM picture", name);
    CREMA_TRY(decoders[format](ctx, &input, mode, out, &orientation));
    if (mode == CREMA_IMAGE_UNCHANGED) return CREMA_OK;
    return crema_image_turn(ctx, name, orientation, out);
}

enum crema_status crema_image_read(struct crema_ctx *ctx, const char *path,
                                   enum crema_image_mode mode,
                                   struct crema_image *out)
{
    enum crema_status status;
    char *bytes;
    size_t length;

    CREMA_TRY(crema_file_read(ctx, path, &bytes, &length));
    status = crema_image_decode(ctx, path, bytes, length, mode, out);
    free(bytes);
    return status;
}

enum crema_status crema_image_encode(struct crema_ctx *ctx,
                                     const struct crema_image *image,
                                     enum crema_image_format format,
                                     uint8_t **bytes, size_t *length)
{
    if (image->channels != 1 && image->channels != 3)
        return crema_fail(ctx, CREMA_EINVAL,
                          "a picture of %d channels cannot be encoded",
                          image->channels);
    switch (format) {
    case CREMA_IMAGE_JPEG:
        return crema_jpeg_encode(ctx, image, bytes, length);
    case CREMA_IMAGE_PNG:
        return crema_png_encode(ctx, image, bytes, length);
    case CREMA_IMAGE_BMP:
        return crema_bmp_encode(ctx, image, bytes, length);
    case CREMA_IMAGE_PNM:
        return crema_pnm_encode(ctx, image, bytes, length);
    case CREMA_IMAGE_UNKNOWN:
        break;
    }
    return crema_fail(ctx, CREMA_EINVAL, "no such picture format to write");
}
