/* h5_rows.c - rows out of a list of HDF5 files, batch by batch. */
#include "data/h5_rows.h"

#include "base/arena.h"
#include "base/file.h"
#include "data/permutation.h"
#include "proto/h5.h"

#include <stdlib.h>
#include <string.h>

struct source {
    const char *path;
    uint64_t rows;
};

struct array {
    const char *name;
    struct crema_shape shape; /* of a batch */
    int64_t each;             /* numbers of a row */
    float *values;            /* of the file that is loaded */
};

struct crema_h5_rows {
    struct crema_h5_rows_options options;
    struct array *arrays;
    size_t nfiles;
    struct source *files;
    uint64_t count;  /* rows of all files */
    float **batches; /* [held][narrays] */
    int turn;        /* which of them is next */

    uint64_t position;
    uint64_t begin, end; /* rows that come from files[loaded] */
    size_t loaded;       /* nfiles: none */
    struct crema_permutation file_order, row_order; /* when shuffled */
    struct crema_arena arena;
};

/* ---- opening ------------------------------------------------------------ */

static enum crema_status read_list(struct crema_ctx *ctx,
                                   struct crema_h5_rows *r, const char *list)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t length, n = 0;
    char *text, *kept;

    CREMA_TRY(crema_file_read(ctx, list, &text, &length));
    kept = crema_arena_strdup(&r->arena, text);
    free(text);
    r->files =
        crema_arena_alloc(&r->arena, (length / 2 + 1) * sizeof *r->files);
    if (!kept || !r->files) return crema_no_memory(ctx, list);
    for (char *at = kept + strspn(kept, blanks); *at; n++) {
        r->files[n].path = at;
        at += strcspn(at, blanks);
        if (*at) *at++ = '\0';
        at += strspn(at, blanks);
    }
    r->nfiles = n;
    return n ? CREMA_OK
             : crema_fail(ctx, CREMA_EINVAL, "%s names no HDF5 files", list);
}

/* A file's array as a batch of it. */
static enum crema_status take_shape(struct crema_ctx *ctx, struct crema_h5 *h5,
                                    const struct crema_h5_rows *r,
                                    const struct array *a,
                                    struct crema_shape *batch, uint64_t *rows)
{
    struct crema_h5_shape shape;

    if (!h5->type->has(h5, a->name))
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s has no array \"%s\", as the top is named",
                          h5->path, a->name);
    CREMA_TRY(h5->type->shape(h5, a->name, &shape));
    if (shape.ndims < 1 || shape.ndims > CREMA_MAX_DIMS)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: \"%s\" has %d axes; 1 to %d are possible",
                          h5->path, a->name, shape.ndims, CREMA_MAX_DIMS);
    *rows = (uint64_t)shape.dims[0];
    batch->ndims = shape.ndims;
    batch->dim[0] = r->options.batch_size;
    for (int i = 1; i < shape.ndims; i++) batch->dim[i] = shape.dims[i];
    if (crema_shape_valid(batch) && shape.dims[0] < INT64_C(1) << 40)
        return CREMA_OK;
    return crema_fail(ctx, CREMA_EINVAL, "%s: \"%s\" is too large", h5->path,
                      a->name);
}

/* Array k of the file: its rows must be as many as those of array 0, and of
 * the shape that other files have. */
static enum crema_status look_at(struct crema_ctx *ctx, struct crema_h5 *h5,
                                 struct crema_h5_rows *r, struct source *file,
                                 int k)
{
    struct array *a = &r->arrays[k];
    char has[CREMA_SHAPE_TEXT], wants[CREMA_SHAPE_TEXT];
    struct crema_shape batch = { 0 };
    uint64_t rows = 0;

    CREMA_TRY(take_shape(ctx, h5, r, a, &batch, &rows));
    if (k == 0) file->rows = rows;
    if (file->rows != rows)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s: \"%s\" has %llu rows, \"%s\" %llu", h5->path,
                          r->arrays[0].name, (unsigned long long)file->rows,
                          a->name, (unsigned long long)rows);
    if (file == r->files) a->shape = batch;
    if (crema_shape_equal(&a->shape, &batch)) return CREMA_OK;
    return crema_fail(ctx, CREMA_EINVAL,
                      "%s: a batch of \"%s\" is %s, but %s in %s", h5->path,
                      a->name, crema_shape_text(&batch, has),
                      crema_shape_text(&a->shape, wants), r->files->path);
}

static enum crema_status look_into(struct crema_ctx *ctx,
                                   struct crema_h5_rows *r, struct source *file)
{
    enum crema_status status = CREMA_OK;
    struct crema_h5 *h5;

    CREMA_TRY(crema_h5_open(ctx, file->path, &h5));
    for (int k = 0; k < r->options.narrays && status == CREMA_OK; k++)
        status = look_at(ctx, h5, r, file, k);
    (void)crema_h5_close(h5);
    r->count += file->rows;
    return status;
}

static void *take_memory(const struct crema_h5_rows *r, size_t bytes)
{
    const struct crema_batch_memory *m = &r->options.memory;
    size_t rounded = (bytes + 64) / 64 * 64;

    return m->alloc ? m->alloc(m->user, rounded) : aligned_alloc(64, rounded);
}

/* Room for the largest file and for the batches. */
static bool reserve(struct crema_h5_rows *r)
{
    size_t n = (size_t)r->options.narrays, held = (size_t)r->options.held;
    uint64_t most = 0;

    for (size_t i = 0; i < r->nfiles; i++)
        if (r->files[i].rows > most) most = r->files[i].rows;
    r->batches = crema_arena_alloc(&r->arena, held * n * sizeof *r->batches);
    if (!r->batches) return false;
    for (size_t k = 0; k < n; k++) {
        struct array *a = &r->arrays[k];
        size_t bytes;

        a->each = crema_shape_product(&a->shape, 1, a->shape.ndims);
        if (__builtin_mul_overflow((size_t)a->each * sizeof(float), most,
                                   &bytes))
            return false;
        a->values = malloc(bytes + 1);
        if (!a->values) return false;
        for (size_t i = 0; i < held; i++) {
            float **to = &r->batches[i * n + k];

            *to = take_memory(r, (size_t)crema_shape_count(&a->shape) *
                                     sizeof(float));
            if (!*to) return false;
        }
    }
    return true;
}

static enum crema_status set_up(struct crema_ctx *ctx, struct crema_h5_rows *r,
                                const struct crema_h5_rows_options *o)
{
    size_t n = (size_t)o->narrays;

    r->options = *o;
    if (r->options.held < 1) r->options.held = 1;
    r->arrays = crema_arena_alloc(&r->arena, n * sizeof *r->arrays + 1);
    if (!r->arrays) return crema_no_memory(ctx, o->list);
    for (size_t k = 0; k < n; k++) {
        r->arrays[k].name = crema_arena_strdup(&r->arena, o->arrays[k]);
        if (!r->arrays[k].name) return crema_no_memory(ctx, o->list);
    }
    CREMA_TRY(read_list(ctx, r, o->list));
    for (size_t i = 0; i < r->nfiles; i++)
        CREMA_TRY(look_into(ctx, r, &r->files[i]));
    if (r->count == 0)
        return crema_fail(ctx, CREMA_EINVAL, "the files of %s have no rows",
                          o->list);
    r->loaded = r->nfiles;
    return reserve(r) ? CREMA_OK : crema_no_memory(ctx, o->list);
}

enum crema_status crema_h5_rows_open(struct crema_ctx *ctx,
                                     const struct crema_h5_rows_options *o,
                                     struct crema_h5_rows **out)
{
    struct crema_h5_rows *r = calloc(1, sizeof *r);
    enum crema_status status;

    *out = NULL;
    if (!r) return crema_no_memory(ctx, o->list);
    status = set_up(ctx, r, o);
    if (status == CREMA_OK)
        *out = r;
    else
        crema_h5_rows_free(r);
    return status;
}

void crema_h5_rows_free(struct crema_h5_rows *r)
{
    const struct crema_batch_memory *m;
    int n;

    if (!r) return;
    m = &r->options.memory;
    n = r->options.narrays;
    for (int i = 0; r->batches && i < n * r->options.held; i++) {
        if (m->alloc && r->batches[i])
            m->release(m->user, r->batches[i]);
        else
            free(r->batches[i]);
    }
    for (int k = 0; r->arrays && k < n; k++) free(r->arrays[k].values);
    crema_arena_free(&r->arena);
    free(r);
}

/* ---- going through ------------------------------------------------------ */

static enum crema_status read_file(struct crema_ctx *ctx,
                                   struct crema_h5_rows *r, struct crema_h5 *h5,
                                   const struct source *file)
{
    for (int k = 0; k < r->options.narrays; k++) {
        const struct array *a = &r->arrays[k];
        struct crema_shape batch = { 0 };
        uint64_t rows = 0;

        CREMA_TRY(take_shape(ctx, h5, r, a, &batch, &rows));
        if (rows != file->rows || !crema_shape_equal(&batch, &a->shape))
            return crema_fail(ctx, CREMA_EIO,
                              "%s has changed while it was in use", file->path);
        CREMA_TRY(h5->type->read(h5, a->name, CREMA_H5_FLOAT, 0,
                                 (int64_t)rows * a->each, a->values));
    }
    return CREMA_OK;
}

static enum crema_status load(struct crema_ctx *ctx, struct crema_h5_rows *r,
                              size_t i)
{
    enum crema_status status;
    struct crema_h5 *h5;

    if (r->loaded == i) return CREMA_OK;
    r->loaded = r->nfiles;
    CREMA_TRY(crema_h5_open(ctx, r->files[i].path, &h5));
    status = read_file(ctx, r, h5, &r->files[i]);
    (void)crema_h5_close(h5);
    if (status == CREMA_OK) r->loaded = i;
    return status;
}

/* Loads the file that row `at` comes from. */
static enum crema_status find(struct crema_ctx *ctx, struct crema_h5_rows *r,
                              uint64_t at)
{
    uint64_t pass = at / r->count, begin = pass * r->count;
    uint32_t seed = r->options.seed;
    size_t file;

    crema_permutation_begin(&r->file_order, r->nfiles, seed, pass);
    for (size_t i = 0;; begin += r->files[file].rows, i++) {
        file = r->options.shuffle ? crema_permutation_at(&r->file_order, i) : i;
        if (at - begin < r->files[file].rows) break;
    }
    r->begin = r->end = 0;
    CREMA_TRY(load(ctx, r, file));
    seed += 0x9e3779b9u * ((uint32_t)file + 1); /* rows differ by file */
    crema_permutation_begin(&r->row_order, r->files[file].rows, seed, pass);
    r->begin = begin;
    r->end = begin + r->files[file].rows;
    return CREMA_OK;
}

enum crema_status crema_h5_rows_next(struct crema_ctx *ctx,
                                     struct crema_h5_rows *r,
                                     float *const **out)
{
    float **batch = &r->batches[r->turn * r->options.narrays];
    uint64_t first =
        crema_share(r->position, (uint64_t)r->options.batch_size,
                    r->options.rank, r->options.ranks ? r->options.ranks : 1);

    for (int i = 0; i < r->options.batch_size; i++) {
        uint64_t at = first + (uint64_t)i, row;

        if (at < r->begin || at >= r->end) CREMA_TRY(find(ctx, r, at));
        row = at - r->begin;
        if (r->options.shuffle) row = crema_permutation_at(&r->row_order, row);
        for (int k = 0; k < r->options.narrays; k++) {
            const struct array *a = &r->arrays[k];
            size_t each = (size_t)a->each;

            memcpy(batch[k] + (size_t)i * each, a->values + row * each,
                   each * sizeof(float));
        }
    }
    r->position += (uint64_t)r->options.batch_size;
    r->turn = (r->turn + 1) % r->options.held;
    *out = batch;
    return CREMA_OK;
}

const struct crema_shape *crema_h5_rows_shape(const struct crema_h5_rows *r,
                                              int k)
{
    return &r->arrays[k].shape;
}

uint64_t crema_h5_rows_count(const struct crema_h5_rows *r)
{
    return r->count;
}

uint64_t crema_h5_rows_position(const struct crema_h5_rows *r)
{
    return r->position;
}

void crema_h5_rows_seek(struct crema_h5_rows *r, uint64_t position)
{
    r->position = position;
}
