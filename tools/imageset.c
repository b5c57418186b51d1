/* imageset.c - one picture of a list on its way into a database. */
#include "imageset.h"

#include "base/file.h"

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
                          "--encode_type jpg, png or bmp",
                          job->item->name, type);
    CREMA_TRY(crema_image_encode(hands->ctx, image, format, &bytes, &length));
    status = store_file(bytes, length, job);
    free(bytes);
    return status;
}

/* The file's bytes to a record. */
static enum crema_status convert_bytes(const struct imageset *s,
                                       struct imageset_hands *hands,
                                       const char *path, const char *bytes,
                                       size_t length, struct imageset_job *job)
{
    const struct crema_image *image = &hands->image;
    const char *type = type_of(s, job->item->name);

    CREMA_TRY(crema_image_decode(hands->ctx, path, bytes, length,
                                 s->gray ? CREMA_IMAGE_GRAY : CREMA_IMAGE_COLOR,
                                 &hands->image));
    if (resizes(s)) {
        CREMA_TRY(crema_image_resize(hands->ctx, image, (int)s->resize_height,
                                     (int)s->resize_width, &hands->resized));
        image = &hands->resized;
    }
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
