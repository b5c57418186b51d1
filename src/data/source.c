/* source.c - what all kinds of sources share. */
#include "data/source.h"

#include "data/codec.h"
#include "device/cuts.h"

#include <stdio.h>
#include <stdlib.h>

void crema_records_free(struct crema_records *records)
{
    if (records) records->type->free(records);
}

void crema_record_name(const struct crema_records *records,
                       const struct crema_record *record,
                       char out[CREMA_RECORD_NAME])
{
    enum { LONGEST = 300 };
    size_t n = record->key.length < LONGEST ? record->key.length : LONGEST;

    if (record->of) records = record->of;
    snprintf(out, CREMA_RECORD_NAME, "record %.*s of %s", (int)n,
             (const char *)record->key.data, records->name);
}

void crema_scratch_free(struct crema_scratch *scratch)
{
    crema_image_free(&scratch->image);
    crema_image_free(&scratch->resized);
    crema_image_free(&scratch->work[0]);
    crema_image_free(&scratch->work[1]);
    crema_image_free(&scratch->inner);
    free(scratch->file);
    free(scratch->floats.data);
    free(scratch->rows.data);
    free(scratch->labels.data);
    free(scratch->between.data);
    *scratch = (struct crema_scratch){ 0 };
}

bool crema_sample_encoded(const struct crema_scratch *scratch,
                          enum crema_image_mode mode, const void *bytes,
                          size_t length, struct crema_sample *out)
{
    struct crema_image_size size;

    if (!scratch->leaves_jpeg || mode == CREMA_IMAGE_GRAY ||
        length > CREMA_ENCODED_BYTES ||
        !crema_jpeg_plain(bytes, length, &size) ||
        size.height < CREMA_ENCODED_LEAST || size.width < CREMA_ENCODED_LEAST ||
        (int64_t)size.height * size.width > CREMA_ENCODED_PIXELS)
        return false;
    if (mode == CREMA_IMAGE_COLOR && crema_exif_in_jpeg(bytes, length) > 1)
        return false; /* to be turned */
    out->jpeg = (struct crema_slice){ bytes, length };
    out->channels = size.channels;
    out->height = size.height;
    out->width = size.width;
    return true;
}

enum crema_status crema_room_grow(struct crema_ctx *ctx,
                                  struct crema_room *room, size_t bytes)
{
    void *more;

    if (bytes <= room->bytes) return CREMA_OK;
    more = malloc(bytes);
    if (!more) return crema_no_memory(ctx, "a record");
    free(room->data);
    room->data = more;
    room->bytes = bytes;
    return CREMA_OK;
}
