/* jpeg.c - JPEG pictures through TurboJPEG. */
#include "data/codec.h"

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static enum crema_status failed(struct crema_ctx *ctx, const char *name,
                                tjhandle jpeg)
{
    return crema_fail(ctx, CREMA_EINVAL, "%s: not a readable JPEG picture: %s",
                      name, tjGetErrorStr2(jpeg));
}

/* TurboJPEG will not make B,G,R of four inks.  cmyk holds c,m,y,k as stored:
 * 255 is no ink. */
static void from_cmyk(const uint8_t *cmyk, struct crema_image *out)
{
    size_t pixels = (size_t)out->height * (size_t)out->width;
    uint8_t *to = out->pixels;

    for (size_t i = 0; i < pixels; i++, cmyk += 4, to += out->channels) {
        int k = cmyk[3];
        int r = k - (((255 - cmyk[0]) * k) >> 8);
        int g = k - (((255 - cmyk[1]) * k) >> 8);
        int b = k - (((255 - cmyk[2]) * k) >> 8);

        if (out->channels == 1) {
            to[0] = crema_grey_bmp(r, g, b);
            continue;
        }
        to[0] = (uint8_t)b;
        to[1] = (uint8_t)g;
        to[2] = (uint8_t)r;
    }
}

/* Decodes into out, whose sizes are set. */
static enum crema_status decompress(struct crema_ctx *ctx, tjhandle jpeg,
                                    const struct crema_codec_input *in,
                                    bool four_inks, struct crema_image *out)
{
    size_t pixels = (size_t)out->height * (size_t)out->width;
    uint8_t *cmyk = NULL;
    enum crema_status status = CREMA_OK;
    int format = four_inks            ? TJPF_CMYK
                 : out->channels == 1 ? TJPF_GRAY
                                      : TJPF_BGR;

    if (four_inks) {
        cmyk = malloc(4 * pixels);
        if (!cmyk) return crema_no_memory(ctx, in->name);
    }
    /* A warning has delivered a picture: below a cut the rows are filled in. */
    out->damaged = tjDecompress2(jpeg, in->bytes, (unsigned long)in->length,
                                 four_inks ? cmyk : out->pixels, out->width, 0,
                                 out->height, format, TJFLAG_LIMITSCANS) != 0;
    if (out->damaged && tjGetErrorCode(jpeg) != TJERR_WARNING)
        status = failed(ctx, in->name, jpeg);
    else if (four_inks)
        from_cmyk(cmyk, out);
    free(cmyk);
    return status;
}

/* A cut picture is still one, but of a large one some must be there: a bit for
 * a thousand pixels, where a whole one has one for 64 or 256. */
static bool plausible(int height, int width, size_t length)
{
    int64_t pixels = (int64_t)height * width;

    return pixels <= 1 << 24 || (size_t)(pixels / 8192) <= length;
}

enum crema_status crema_jpeg_decode(struct crema_ctx *ctx,
                                    const struct crema_codec_input *in,
                                    enum crema_image_mode mode,
                                    struct crema_image *out, int *orientation)
{
    int width = 0, height = 0, sampling, space = -1, channels;
    enum crema_status status;
    tjhandle jpeg = tjInitDecompress();

    if (!jpeg) return crema_no_memory(ctx, in->name);
    /* The header call fails on unusual sampling factors, although the picture
     * decodes: what counts is whether it found the sizes. */
    if (tjDecompressHeader3(jpeg, in->bytes, (unsigned long)in->length, &width,
                            &height, &sampling, &space) != 0 &&
        (width <= 0 || height <= 0)) {
        status = failed(ctx, in->name, jpeg);
        tjDestroy(jpeg);
        return status;
    }
    if (!plausible(height, width, in->length)) {
        tjDestroy(jpeg);
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: not a readable JPEG picture: %zu bytes for "
                          "%d x %d pixels",
                          in->name, in->length, width, height);
    }
    channels = mode == CREMA_IMAGE_GRAY ? 1 : 3;
    if (mode == CREMA_IMAGE_UNCHANGED && space == TJCS_GRAY) channels = 1;
    status = crema_image_reserve(ctx, in->name, height, width, channels, out);
    if (status == CREMA_OK)
        status = decompress(ctx, jpeg, in,
                            space == TJCS_CMYK || space == TJCS_YCCK, out);
    tjDestroy(jpeg);
    *orientation = crema_exif_in_jpeg(in->bytes, in->length);
    return status;
}

enum crema_status crema_jpeg_encode(struct crema_ctx *ctx,
                                    const struct crema_image *image,
                                    uint8_t **bytes, size_t *length)
{
    enum { QUALITY = 95 };
    bool grey = image->channels == 1;
    unsigned char *made = NULL;
    unsigned long size = 0;
    enum crema_status status = CREMA_OK;
    tjhandle jpeg = tjInitCompress();

    if (!jpeg) return crema_no_memory(ctx, "a JPEG picture");
    if (tjCompress2(jpeg, image->pixels, image->width, 0, image->height,
                    grey ? TJPF_GRAY : TJPF_BGR, &made, &size,
                    grey ? TJSAMP_GRAY : TJSAMP_420, QUALITY,
                    TJFLAG_ACCURATEDCT) != 0)
        status = crema_fail(ctx, CREMA_EINVAL, "cannot write a JPEG: %s",
                            tjGetErrorStr2(jpeg));
    tjDestroy(jpeg);
    if (status == CREMA_OK) {
        *bytes = malloc(size);
        *length = size;
        if (*bytes)
            memcpy(*bytes, made, size);
        else
            status = crema_no_memory(ctx, "a JPEG picture");
    }
    tjFree(made);
    return status;
}
