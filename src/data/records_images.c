/* records_images.c - the pictures of a list as a source of records. */
#include "data/source.h"

#include "base/file.h"
#include "data/list.h"
#include "data/permutation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct image_records {
    struct crema_records base;
    struct crema_list list; /* without its empty lines */
    char *name, *root;
    int height, width;
    enum crema_image_mode mode;
    bool shuffle;
    uint32_t seed;
    struct crema_permutation order; /* of this epoch, when shuffled */
};

static enum crema_status find(struct crema_ctx *ctx,
                              struct crema_records *records, uint64_t ordinal,
                              struct crema_record *out)
{
    struct image_records *self = (struct image_records *)records;
    const struct crema_list_item *item;

    (void)ctx; /* a list cannot fail */
    out->ordinal = ordinal;
    out->row = ordinal % records->count;
    if (self->shuffle)
        out->row = crema_permutation_row(&self->order, records->count,
                                         self->seed, ordinal);
    item = &self->list.items[out->row];
    out->key = (struct crema_slice){ item->name, strlen(item->name) };
    return CREMA_OK;
}

/* A file, decoded into the scratch, or left there as it is. */
static enum crema_status read_file(struct crema_ctx *ctx,
                                   const struct image_records *self,
                                   const char *path,
                                   struct crema_scratch *scratch,
                                   struct crema_sample *out)
{
    size_t length;

    CREMA_TRY(crema_file_read_into(ctx, path, &scratch->file,
                                   &scratch->file_room, &length));
    if (!self->height &&
        crema_sample_encoded(scratch, self->mode, scratch->file, length, out))
        return CREMA_OK;
    return crema_image_decode(ctx, path, scratch->file, length, self->mode,
                              &scratch->image);
}

static enum crema_status read_image(struct crema_ctx *ctx,
                                    const struct image_records *self,
                                    const struct crema_record *record,
                                    struct crema_scratch *scratch,
                                    struct crema_sample *out)
{
    enum crema_status status;
    char *path;

    if (asprintf(&path, "%s%s", self->root, (const char *)record->key.data) < 0)
        return crema_no_memory(ctx, "a picture");
    status = read_file(ctx, self, path, scratch, out);
    free(path);
    if (status != CREMA_OK || !self->height) return status;
    return crema_image_resize(ctx, &scratch->image, self->height, self->width,
                              &scratch->resized);
}

static enum crema_status load(struct crema_ctx *ctx,
                              const struct crema_records *records,
                              const struct crema_record *record,
                              struct crema_scratch *scratch,
                              struct crema_sample *out)
{
    const struct image_records *self = (const struct image_records *)records;
    const struct crema_image *image =
        self->height ? &scratch->resized : &scratch->image;

    CREMA_TRY(read_image(ctx, self, record, scratch, out));
    out->labels = self->list.labels + record->row * (size_t)records->labels;
    if (out->jpeg.data) return CREMA_OK;
    out->pixels = image->pixels;
    out->channels = image->channels;
    out->height = image->height;
    out->width = image->width;
    return CREMA_OK;
}

static void images_free(struct crema_records *records)
{
    struct image_records *self = (struct image_records *)records;

    crema_list_free(&self->list);
    free(self->name);
    free(self->root);
    free(self);
}

static const struct crema_records_type type = { find, load, images_free };

static enum crema_status read_list(struct crema_ctx *ctx, const char *path,
                                   struct image_records *self)
{
    struct crema_list *list = &self->list;
    size_t labels = (size_t)self->base.labels, n = 0;

    CREMA_TRY(crema_list_read_labels(ctx, path, self->base.labels, list));
    for (size_t i = 0; i < list->count; i++) {
        if (!*list->items[i].name) continue;
        memmove(list->labels + n * labels, list->labels + i * labels,
                labels * sizeof *list->labels);
        list->items[n++] = list->items[i];
    }
    list->count = n;
    self->base.count = n;
    if (n == 0)
        return crema_fail(ctx, CREMA_EINVAL, "the list %s is empty", path);
    return CREMA_OK;
}

static enum crema_status set_up(struct crema_ctx *ctx,
                                const struct crema_images_options *o,
                                struct image_records *self)
{
    if ((o->height > 0) != (o->width > 0) || o->height < 0 || o->width < 0)
        return crema_fail(ctx, CREMA_EINVAL,
                          "new_height %d and new_width %d: give both or "
                          "neither",
                          o->height, o->width);
    self->height = o->height;
    self->width = o->width;
    self->mode = o->gray ? CREMA_IMAGE_GRAY : CREMA_IMAGE_COLOR;
    self->shuffle = o->shuffle;
    self->seed = o->seed;
    self->base.labels = o->labels > 1 ? o->labels : 1;
    self->root = strdup(o->root ? o->root : "");
    if (asprintf(&self->name, "list %s", o->list) < 0) self->name = NULL;
    if (!self->root || !self->name) return crema_no_memory(ctx, o->list);
    self->base.name = self->name;
    return read_list(ctx, o->list, self);
}

enum crema_status crema_records_images(struct crema_ctx *ctx,
                                       const struct crema_images_options *o,
                                       struct crema_records **out)
{
    struct image_records *self = calloc(1, sizeof *self);
    enum crema_status status;

    if (!self) return crema_no_memory(ctx, o->list);
    self->base.type = &type;
    status = set_up(ctx, o, self);
    if (status != CREMA_OK) {
        images_free(&self->base);
        return status;
    }
    *out = &self->base;
    return CREMA_OK;
}
