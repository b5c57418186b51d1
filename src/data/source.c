/* source.c - what all kinds of sources share. */
#include "data/source.h"

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
    free(scratch->floats.data);
    free(scratch->rows.data);
    free(scratch->labels.data);
    free(scratch->between.data);
    *scratch = (struct crema_scratch){ 0 };
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
