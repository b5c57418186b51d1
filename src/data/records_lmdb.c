/* records_lmdb.c - the Datums of an LMDB database as a source of records. */
#include "data/source.h"

#include "data/blocks.h"
#include "proto/datum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lmdb_records {
    struct crema_records base;
    struct crema_cursor *cursor;
    struct crema_lmdb_options options;
    struct crema_permutation order; /* of this epoch, when shuffled */
    struct crema_blocks blocks;     /* when shuffled in blocks */
    uint64_t ahead; /* how many of all blocks of all epochs were asked for */
    char *name;
};

/* Has the blocks read that this record's window consists of, and as many of
 * the next one as have gone by, as far as the epoch goes. */
static void read_ahead(struct lmdb_records *self, uint64_t ordinal)
{
    struct crema_blocks *b = &self->blocks;
    uint64_t each = crema_blocks_each(b), epoch = ordinal / b->count;
    uint64_t now = ordinal % b->count / b->block, end;

    end = now + b->window + 1 < each ? now + b->window + 1 : each;
    now += epoch * each;
    end += epoch * each;
    if (self->ahead < now || self->ahead > end) self->ahead = now;
    for (; self->ahead < end; self->ahead++) {
        uint64_t first, n = crema_blocks_stretch(b, self->ahead, &first);
        uint64_t beyond = first + n > b->count ? first + n - b->count : 0;

        crema_cursor_ahead(self->cursor, first, n - beyond);
        if (beyond) crema_cursor_ahead(self->cursor, 0, beyond);
    }
}

/* The row that comes ordinal-th. */
static uint64_t row_of(struct lmdb_records *self, uint64_t ordinal)
{
    uint64_t count = self->base.count;

    if (!self->options.shuffle) return ordinal % count;
    if (!self->options.block)
        return crema_permutation_row(&self->order, count, self->options.seed,
                                     ordinal);
    read_ahead(self, ordinal);
    return crema_blocks_row(&self->blocks, ordinal);
}

static enum crema_status find(struct crema_ctx *ctx,
                              struct crema_records *records, uint64_t ordinal,
                              struct crema_record *out)
{
    struct lmdb_records *self = (struct lmdb_records *)records;

    out->ordinal = ordinal;
    out->row = row_of(self, ordinal);
    return crema_cursor_read(ctx, self->cursor, out->row, &out->key,
                             &out->value);
}

static enum crema_status decode(struct crema_ctx *ctx, const char *name,
                                enum crema_image_mode mode,
                                const struct crema_datum *datum,
                                struct crema_scratch *scratch,
                                struct crema_sample *out)
{
    struct crema_image *image = &scratch->image;

    if (crema_sample_encoded(scratch, mode, datum->data, datum->size, out))
        return CREMA_OK;
    CREMA_TRY(
        crema_image_decode(ctx, name, datum->data, datum->size, mode, image));
    out->pixels = image->pixels;
    out->channels = image->channels;
    out->height = image->height;
    out->width = image->width;
    return CREMA_OK;
}

/* Numbers as they are: bytes, or floats where there are no bytes. */
static enum crema_status take_numbers(struct crema_ctx *ctx, const char *name,
                                      const struct crema_datum *datum,
                                      struct crema_scratch *scratch,
                                      struct crema_sample *out)
{
    size_t have = datum->size ? datum->size : datum->nfloats;
    double want = (double)datum->channels * datum->height * datum->width;

    if (datum->channels < 1 || datum->height < 1 || datum->width < 1)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is %d x %d x %d (channels x height x width)",
                          name, datum->channels, datum->height, datum->width);
    if (want != (double)have)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is %d x %d x %d (channels x height x width), but "
                          "holds %zu numbers",
                          name, datum->channels, datum->height, datum->width,
                          have);
    out->channels = datum->channels;
    out->height = datum->height;
    out->width = datum->width;
    if (datum->size) {
        out->planes = datum->data;
        return CREMA_OK;
    }
    CREMA_TRY(crema_room_grow(ctx, &scratch->floats, have * sizeof(float)));
    crema_datum_floats(datum, scratch->floats.data);
    out->floats = scratch->floats.data;
    return CREMA_OK;
}

/* One as Datums have it, or `labels` of them. */
static enum crema_status take_labels(struct crema_ctx *ctx, const char *name,
                                     int labels,
                                     const struct crema_datum *datum,
                                     struct crema_scratch *scratch,
                                     struct crema_sample *out)
{
    bool floats = datum->size && datum->nfloats;
    size_t have = floats ? datum->nfloats : datum->nlabels;

    out->label = datum->label;
    if (!labels) return CREMA_OK;
    if (have != (size_t)labels)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s has %zu labels, %d are expected", name, have,
                          labels);
    CREMA_TRY(crema_room_grow(ctx, &scratch->labels, have * sizeof(float)));
    if (floats)
        crema_datum_floats(datum, scratch->labels.data);
    else
        crema_datum_labels(datum, scratch->labels.data);
    out->labels = scratch->labels.data;
    return CREMA_OK;
}

static enum crema_status load(struct crema_ctx *ctx,
                              const struct crema_records *records,
                              const struct crema_record *record,
                              struct crema_scratch *scratch,
                              struct crema_sample *out)
{
    const struct lmdb_records *self = (const struct lmdb_records *)records;
    struct crema_datum datum;
    char name[CREMA_RECORD_NAME];
    const char *fault =
        crema_datum_read(record->value.data, record->value.length, &datum);

    crema_record_name(records, record, name);
    if (fault) return crema_fail(ctx, CREMA_EINVAL, "%s: %s", name, fault);
    CREMA_TRY(
        take_labels(ctx, name, self->options.labels, &datum, scratch, out));
    if (datum.encoded)
        return decode(ctx, name, self->options.mode, &datum, scratch, out);
    return take_numbers(ctx, name, &datum, scratch, out);
}

static void lmdb_free(struct crema_records *records)
{
    struct lmdb_records *self = (struct lmdb_records *)records;

    crema_cursor_free(self->cursor);
    free(self->name);
    free(self);
}

static const struct crema_records_type type = { find, load, lmdb_free };

enum crema_status crema_records_lmdb(struct crema_ctx *ctx,
                                     struct crema_database *database,
                                     const struct crema_lmdb_options *options,
                                     struct crema_records **out)
{
    const char *path = crema_database_path(database);
    struct lmdb_records *self = calloc(1, sizeof *self);
    enum crema_status status;

    if (!self) return crema_no_memory(ctx, path);
    self->base.type = &type;
    self->base.count = crema_database_count(database);
    self->base.labels = options->labels;
    self->options = *options;
    self->blocks = (struct crema_blocks){ .count = self->base.count,
                                          .block = options->block,
                                          .window = options->window,
                                          .seed = options->seed };
    if (asprintf(&self->name, "database %s", path) < 0) {
        self->name = NULL;
        status = crema_no_memory(ctx, path);
    } else {
        self->base.name = self->name;
        status = crema_cursor_open(ctx, database, &self->cursor);
        if (status == CREMA_OK && options->shuffle)
            status = crema_cursor_index(ctx, self->cursor);
    }
    if (status != CREMA_OK) {
        lmdb_free(&self->base);
        return status;
    }
    *out = &self->base;
    return CREMA_OK;
}
