/* imageset.c - one picture of a list on its way into a database. */
#include "imageset.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *ending_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : "";
}

static bool resizes(const struct imageset *s)
{
    return s->resize_width > 0 && s->resize_height > 0;
}

/* The picture's type as stored, or "" for plain pixels. */
static const char *type_of(const struct imageset *s, const char *name)
{
    if (*s->encode_type) return s->encode_type;
    return s->encoded ? ending_of(name) : "";
}

/* May the file be stored as it is? */
static bool keeps_file(const struct imageset *s, const char *name,
                       const char *type)
{
    const char *ending = ending_of(name);

    if (s->resize_width || s->resize_height) return false;
    return strcasecmp(ending, type) == 0 ||
           (strcasecmp(type, "jpg") == 0 && strcasecmp(ending, "jpeg") == 0);
}

/* [height][width][channels] -> [channels][height][width] */
static void to_planes(const struct crema_image *image, uint8_t *planes)
{
    size_t pixels = (size_t)image->height * (size_t)image->width;
    size_t channels = (size_t)image->channels;

    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < pixels; i++)
            *planes++ = image->pixels[i * channels + c];
}

static enum crema_status store_plain(struct imageset_hands *hands,
                                     const struct crema_image *image,
                                     struct imageset_job *job)
{
    struct crema_datum datum = {
        .channels = image->channels,
        .height = image->height,
        .width = image->width,
        .label = job->item->label,
        .has_label = true,
    };
    uint8_t *planes;
    enum crema_status status;

    datum.size =
        (size_t)image->channels * (size_t)image->height * (size_t)image->width;
    planes = malloc(datum.size);
    if (!planes) return crema_no_memory(hands->ctx, job->item->name);
    to_planes(image, planes);
    datum.data = planes;
    status = crema_datum_write(&job->record, &datum, NULL);
    free(planes);
    return status;
}

static enum crema_status store_file(const uint8_t *bytes, size_t length,
                                    struct imageset_job *job)
{
    struct crema_datum datum = {
        .data = bytes,
        .size = length,
        .encoded = true,
        .label = job->item->label,
        .has_label = true,
    };

    return crema_datum_write(&job->record, &datum, NULL);
}

static enum crema_status store_encoded(struct imageset_hands *hands,
                                       const char *type,
                                       const struct crema_image *image,
                                       struct imageset_job *job)
{
    enum crema_image_format format = crema_image_format_named(type);
    enum crema_status status;
    uint8_t *bytes;
    size_t length;

    if (format == CREMA_IMAGE_UNKNOWN)
        return crema_fail(hands->ctx, CREMA_EUNSUPPORTED,
                          "%s: pictures are not written as \"%s\"; give "
                          "--encode_type jpg, png, bmp or ppm",
                          job->item->name, type);
    CREMA_TRY(crema_image_encode(hands->ctx, image, format, &bytes, &length));
    status = store_file(bytes, length, job);
    free(bytes);
    return status;
}

/* The height and width of a picture scaled so that it covers the wanted one, or
 * lies within it. */
static void scaled_size(const struct imageset *s,
                        const struct crema_image *image, int *height,
                        int *width)
{
    double down = (double)s->resize_height / image->height;
    double along = (double)s->resize_width / image->width;
    double scale =
        (s->resize_mode == IMAGESET_CROP) == (down > along) ? down : along;

    *height = (int)lrint(image->height * scale);
    *width = (int)lrint(image->width * scale);
    if (scale == down) *height = (int)s->resize_height;
    if (scale == along) *width = (int)s->resize_width;
    if (*height < 1) *height = 1;
    if (*width < 1) *width = 1;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The middle of `in` to the middle of `out`; what is beside it is black. */
static void centre(const struct crema_image *in, struct crema_image *out)
{
    int rows = smaller(in->height, out->height);
    int columns = smaller(in->width, out->width);
    size_t channels = (size_t)in->channels;
    size_t bytes = (size_t)columns * channels;

    memset(out->pixels, 0, (size_t)out->height * (size_t)out->width * channels);
    for (int y = 0; y < rows; y++) {
        size_t from =
            (size_t)(y + (in->height - rows) / 2) * (size_t)in->width +
            (size_t)((in->width - columns) / 2);
        size_t to =
            (size_t)(y + (out->height - rows) / 2) * (size_t)out->width +
            (size_t)((out->width - columns) / 2);

        memcpy(out->pixels + to * channels, in->pixels + from * channels,
               bytes);
    }
}

/* The picture as it will be stored. */
static enum crema_status resize(const struct imageset *s,
                                struct imageset_hands *hands,
                                const struct crema_image **out)
{
    int height = (int)s->resize_height, width = (int)s->resize_width;

    *out = &hands->image;
    if (!resizes(s)) return CREMA_OK;
    if (s->resize_mode != IMAGESET_WARP)
        scaled_size(s, &hands->image, &height, &width);
    CREMA_TRY(crema_image_resize(hands->ctx, &hands->image, height, width,
                                 &hands->resized));
    *out = &hands->resized;
    if (height == s->resize_height && width == s->resize_width) return CREMA_OK;
    CREMA_TRY(crema_image_reserve(hands->ctx, "a resized picture",
                                  (int)s->resize_height, (int)s->resize_width,
                                  hands->image.channels, &hands->cut));
    centre(&hands->resized, &hands->cut);
    *out = &hands->cut;
    return CREMA_OK;
}

/* The file's bytes to a record. */
static enum crema_status convert_bytes(const struct imageset *s,
                                       struct imageset_hands *hands,
                                       const char *path, const char *bytes,
                                       size_t length, struct imageset_job *job)
{
    const struct crema_image *image;
    const char *type = type_of(s, job->item->name);

    CREMA_TRY(crema_image_decode(hands->ctx, path, bytes, length,
                                 s->gray ? CREMA_IMAGE_GRAY : CREMA_IMAGE_COLOR,
                                 &hands->image));
    job->damaged = hands->image.damaged;
    if (job->damaged && s->strict)
        return crema_fail(hands->ctx, CREMA_EINVAL,
                          "%s: the file is cut or damaged", path);
    CREMA_TRY(resize(s, hands, &image));
    job->channels = image->channels;
    job->height = image->height;
    job->width = image->width;
    if (!s->encoded && !*s->encode_type) return store_plain(hands, image, job);
    if (keeps_file(s, job->item->name, type))
        return store_file((const uint8_t *)bytes, length, job);
    return store_encoded(hands, type, image, job);
}

enum crema_status imageset_convert(const struct imageset *s,
                                   struct imageset_hands *hands,
                                   struct imageset_job *job)
{
    enum crema_status status;
    char *path, *bytes;
    size_t length;

    job->record.ctx = hands->ctx;
    if (asprintf(&path, "%s%s", s->root, job->item->name) < 0)
        return crema_no_memory(hands->ctx, job->item->name);
    status = crema_file_read(hands->ctx, path, &bytes, &length);
    if (status == CREMA_OK) {
        status = convert_bytes(s, hands, path, bytes, length, job);
        free(bytes);
    }
    free(path);
    return status;
}
