/* records_windows.c - windows drawn from pictures as a source of records.
 *
 * Of each batch the first items are background and the last foreground, as
 * many as the options say; which window an item is depends on the seed and its
 * ordinal.  Mean and scale are applied here, as the parts of an item that no
 * picture covers stay 0.
 */
#include "data/source.h"

#include "base/file.h"
#include "base/philox.h"
#include "data/rows.h"
#include "data/transform.h"
#include "data/window.h"
#include "data/window_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cached {
    char *bytes; /* of a picture's file */
    size_t length;
};

struct window_records {
    struct crema_records base;
    struct crema_window_file file;
    struct crema_windows_options options; /* its texts are not kept */
    struct crema_window_rule rule;
    struct crema_transform *transform; /* mean and scale */
    char *name, *root;
    size_t *row[2]; /* windows: background, foreground */
    size_t nrows[2];
    int nforeground;      /* items of a batch */
    struct cached *cache; /* of each picture, or NULL */
};

/* ---- drawing ------------------------------------------------------------ */

static struct crema_philox draw(const struct window_records *self,
                                uint64_t ordinal)
{
    return crema_philox((uint32_t)ordinal, (uint32_t)(ordinal >> 32), 0,
                        crema_hash("windows"), self->options.seed, 0);
}

static enum crema_status find(struct crema_ctx *ctx,
                              struct crema_records *records, uint64_t ordinal,
                              struct crema_record *out)
{
    const struct window_records *self = (struct window_records *)records;
    uint64_t batch = (uint64_t)self->options.batch_size;
    bool foreground = ordinal % batch >= batch - (uint64_t)self->nforeground;
    struct crema_philox random = draw(self, ordinal);
    uint64_t bits = (uint64_t)random.v[0] << 32 | random.v[1];
    const char *path;

    (void)ctx; /* a list cannot fail */
    out->ordinal = ordinal;
    out->row = self->row[foreground][bits % self->nrows[foreground]];
    path = self->file.paths[self->file.windows[out->row].picture];
    out->key = (struct crema_slice){ path, strlen(path) };
    return CREMA_OK;
}

/* ---- loading ------------------------------------------------------------ */

static enum crema_status read_picture(struct crema_ctx *ctx,
                                      const struct window_records *self,
                                      size_t picture, struct crema_image *out)
{
    const char *name = self->file.paths[picture];
    enum crema_status status;
    char *path;

    if (self->cache)
        return crema_image_decode(ctx, name, self->cache[picture].bytes,
                                  self->cache[picture].length,
                                  CREMA_IMAGE_COLOR, out);
    if (asprintf(&path, "%s%s", self->root, name) < 0)
        return crema_no_memory(ctx, "a picture");
    status = crema_image_read(ctx, path, CREMA_IMAGE_COLOR, out);
    free(path);
    return status;
}

/* The picture becomes a part of itself. */
static void crop(struct crema_image *image, const struct crema_window_place *at)
{
    size_t stride = (size_t)(image->width * image->channels);
    size_t length = (size_t)(at->width * image->channels);
    const uint8_t *from = image->pixels + (size_t)at->top * stride +
                          (size_t)(at->left * image->channels);

    for (int y = 0; y < at->height; y++, from += stride)
        memmove(image->pixels + (size_t)y * length, from, length);
    image->height = at->height;
    image->width = at->width;
}

/* Mean values of what lies from (top, left) on in channel c of the square. */
static struct crema_row row_at(const struct window_records *self, int c,
                               int top, int left)
{
    struct crema_row row = { .scale = crema_transform_scale(self->transform) };
    struct crema_shape shape;
    const float *mean = crema_transform_mean(self->transform, &shape);

    if (shape.ndims == 1) row.mean = mean[shape.dim[0] > 1 ? c : 0];
    if (shape.ndims == 3) { /* its middle */
        int64_t rim = (shape.dim[2] - self->rule.size) / 2;

        row.means =
            mean + (c * shape.dim[1] + top + rim) * shape.dim[2] + left + rim;
    }
    return row;
}

/* The resized part into the square. */
static enum crema_status fill(struct crema_ctx *ctx,
                              const struct window_records *self,
                              const struct crema_window_place *at,
                              struct crema_scratch *scratch)
{
    const struct crema_image *image = &scratch->resized;
    size_t size = (size_t)self->rule.size, n = (size_t)image->width;
    size_t channels = (size_t)image->channels;
    size_t bytes = channels * size * size * sizeof(float);
    float *out;

    CREMA_TRY(crema_room_grow(ctx, &scratch->floats, bytes));
    CREMA_TRY(crema_room_grow(ctx, &scratch->rows, channels * n));
    out = memset(scratch->floats.data, 0, bytes);
    for (int y = 0; y < image->height; y++) {
        uint8_t *split = scratch->rows.data;

        crema_row_split(image->pixels + (size_t)y * channels * n, n,
                        image->channels, split);
        for (int c = 0; c < image->channels; c++) {
            struct crema_row row = row_at(self, c, at->to_top + y, at->to_left);

            row.n = n;
            row.out = out +
                      ((size_t)c * size + (size_t)(at->to_top + y)) * size +
                      (size_t)at->to_left;
            crema_row_bytes(&row, split + (size_t)c * n);
        }
    }
    return CREMA_OK;
}

static enum crema_status load(struct crema_ctx *ctx,
                              const struct crema_records *records,
                              const struct crema_record *record,
                              struct crema_scratch *scratch,
                              struct crema_sample *out)
{
    enum { MIRRORED = 2 }; /* as EXIF says it */
    const struct window_records *self = (const struct window_records *)records;
    const struct crema_window *w = &self->file.windows[record->row];
    bool foreground = w->overlap >= self->options.fg_threshold;
    bool mirror =
        self->options.mirror && draw(self, record->ordinal).v[2] >> 31;
    struct crema_image *image = &scratch->image;
    struct crema_window_place at;
    const char *name = self->file.paths[w->picture];

    CREMA_TRY(read_picture(ctx, self, w->picture, image));
    if (!crema_window_locate(&self->rule, w->end, image->width, image->height,
                             mirror, &at))
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is %d x %d (height x width), which does not hold "
                          "the window %d %d %d %d of %s",
                          name, image->height, image->width, w->end[0],
                          w->end[1], w->end[2], w->end[3], records->name);
    crop(image, &at);
    CREMA_TRY(crema_image_resize(ctx, image, at.to_height, at.to_width,
                                 &scratch->resized));
    if (mirror)
        CREMA_TRY(crema_image_turn(ctx, name, MIRRORED, &scratch->resized));
    CREMA_TRY(fill(ctx, self, &at, scratch));
    out->floats = scratch->floats.data;
    out->channels = scratch->resized.channels;
    out->height = out->width = self->rule.size;
    out->label = foreground ? w->label : 0;
    return CREMA_OK;
}

static void windows_free(struct crema_records *records)
{
    struct window_records *self = (struct window_records *)records;

    for (size_t i = 0; self->cache && i < self->file.npaths; i++)
        free(self->cache[i].bytes);
    free(self->cache);
    crema_window_file_free(&self->file);
    crema_transform_free(self->transform);
    free(self->row[0]);
    free(self->row[1]);
    free(self->name);
    free(self->root);
    free(self);
}

static const struct crema_records_type type = { find, load, windows_free };

/* ---- making ------------------------------------------------------------- */

/* Windows between the thresholds are neither. */
static enum crema_status divide(struct crema_ctx *ctx,
                                struct window_records *self)
{
    const struct crema_windows_options *o = &self->options;
    size_t n = self->file.nwindows;

    for (int i = 0; i < 2; i++) {
        self->row[i] = malloc((n + 1) * sizeof *self->row[i]);
        if (!self->row[i]) return crema_no_memory(ctx, self->name);
    }
    for (size_t i = 0; i < n; i++) {
        const struct crema_window *w = &self->file.windows[i];
        bool foreground = w->overlap >= o->fg_threshold;

        if (foreground && w->label < 1)
            return crema_fail(ctx, CREMA_EINVAL,
                              "%s: a window of picture %s has overlap %g, but "
                              "label %d, which is the background's",
                              self->name, self->file.paths[w->picture],
                              (double)w->overlap, w->label);
        if (foreground || w->overlap < o->bg_threshold)
            self->row[foreground][self->nrows[foreground]++] = i;
    }
    if (self->nforeground && !self->nrows[1])
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: no window has an overlap of %g or more",
                          self->name, (double)o->fg_threshold);
    if (self->nforeground < o->batch_size && !self->nrows[0])
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: no window has an overlap below %g", self->name,
                          (double)o->bg_threshold);
    self->base.count = self->nrows[0] + self->nrows[1];
    return CREMA_OK;
}

static enum crema_status check_mean(struct crema_ctx *ctx,
                                    const struct window_records *self)
{
    struct crema_shape shape;
    int64_t size = self->rule.size;

    crema_transform_mean(self->transform, &shape);
    if (shape.ndims == 1 && shape.dim[0] != 1 && shape.dim[0] != 3)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%lld mean_value: give one for all channels or three",
                          (long long)shape.dim[0]);
    if (shape.ndims == 3 &&
        (shape.dim[0] != 3 || shape.dim[1] < size || shape.dim[2] < size ||
         shape.dim[1] != shape.dim[2]))
        return crema_fail(ctx, CREMA_EINVAL,
                          "the mean is %lld x %lld x %lld (channels x height x "
                          "width); windows want 3 channels of a square, at "
                          "least as large as the crop of %lld",
                          (long long)shape.dim[0], (long long)shape.dim[1],
                          (long long)shape.dim[2], (long long)size);
    return CREMA_OK;
}

static enum crema_status fill_cache(struct crema_ctx *ctx,
                                    struct window_records *self)
{
    self->cache = calloc(self->file.npaths + 1, sizeof *self->cache);
    if (!self->cache) return crema_no_memory(ctx, self->name);
    for (size_t i = 0; i < self->file.npaths; i++) {
        enum crema_status status;
        char *path;

        if (asprintf(&path, "%s%s", self->root, self->file.paths[i]) < 0)
            return crema_no_memory(ctx, self->name);
        status = crema_file_read(ctx, path, &self->cache[i].bytes,
                                 &self->cache[i].length);
        free(path);
        CREMA_TRY(status);
    }
    return CREMA_OK;
}

static enum crema_status set_up(struct crema_ctx *ctx,
                                const struct crema_windows_options *o,
                                struct window_records *self)
{
    const struct crema_transform_options how = { .param = o->param,
                                                 .source = o->source,
                                                 .plain = true };

    self->options = *o;
    self->rule = (struct crema_window_rule){ o->size, o->pad, o->square };
    self->nforeground = (int)((float)o->batch_size * o->fg_fraction);
    self->root = strdup(o->root ? o->root : "");
    if (asprintf(&self->name, "window file %s", o->file) < 0) self->name = NULL;
    if (!self->root || !self->name) return crema_no_memory(ctx, o->file);
    self->base.name = self->name;
    CREMA_TRY(crema_transform_new(ctx, &how, &self->transform));
    CREMA_TRY(check_mean(ctx, self));
    CREMA_TRY(crema_window_file_read(ctx, o->file, &self->file));
    CREMA_TRY(divide(ctx, self));
    return o->cache ? fill_cache(ctx, self) : CREMA_OK;
}

enum crema_status crema_records_windows(struct crema_ctx *ctx,
                                        const struct crema_windows_options *o,
                                        struct crema_records **out)
{
    struct window_records *self = calloc(1, sizeof *self);
    enum crema_status status;

    if (!self) return crema_no_memory(ctx, o->file);
    self->base.type = &type;
    status = set_up(ctx, o, self);
    if (status != CREMA_OK) {
        windows_free(&self->base);
        return status;
    }
    *out = &self->base;
    return CREMA_OK;
}
