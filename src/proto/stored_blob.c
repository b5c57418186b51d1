/* stored_blob.c - one BlobProto: its shape, and where its numbers are. */
#include "proto/blob_internal.h"

#include <string.h>

/* The numbers of one field, as they come up. */
struct list {
    struct crema_run *first, *last;
    int64_t count;
};

/* What has been seen of a BlobProto. */
struct parts {
    struct crema_arena *arena;
    struct list floats, doubles, raw;
    uint64_t raw_type;
    int64_t legacy[4];
    const char *bad; /* why it is no blob; NULL: it is one */
    bool has_legacy, has_shape, no_memory;
    int ndims;
    int64_t dims[CREMA_STORED_DIMS];
};

size_t crema_stored__size(enum crema_stored_type type)
{
    static const size_t sizes[] = { 8, 4, 2, 4, 4, 1 };

    return sizes[type];
}

/* Numbers that were stored one by one, each with its tag, make one run. */
static void add_run(struct parts *p, struct list *list, uint64_t at,
                    int64_t count, size_t size)
{
    struct crema_run *last = list->last, *run;

    list->count += count;
    if (count == 1 && last && last->count == 1 && last->stride == size)
        last->stride = at - last->at;
    if (count == 1 && last && last->stride != size &&
        at == last->at + (uint64_t)last->count * last->stride) {
        last->count++;
        return;
    }
    run = crema_arena_alloc(p->arena, sizeof *run);
    if (!run) {
        p->no_memory = true;
        return;
    }
    *run = (struct crema_run){ .at = at, .stride = size, .count = count };
    *(last ? &last->next : &list->first) = run;
    list->last = run;
}

static void numbers(struct parts *p, struct list *list,
                    const struct crema_wire_field *f, size_t size)
{
    if (f->type == CREMA_WIRE_BYTES) {
        if (f->length % size) p->bad = "its numbers are not whole";
        if (f->length >= size)
            add_run(p, list, f->at, (int64_t)(f->length / size), size);
    } else if (f->length == size && f->type != CREMA_WIRE_VARINT) {
        add_run(p, list, f->at, 1, size);
    }
}

static void add_dim(struct parts *p, uint64_t dim)
{
    if (p->ndims == CREMA_STORED_DIMS || dim > INT64_MAX)
        p->bad = "its shape is impossible";
    else
        p->dims[p->ndims++] = (int64_t)dim;
}

static void shape(struct parts *p, struct crema_wire w)
{
    struct crema_wire_field f;
    uint64_t dim;

    p->has_shape = true;
    while (crema_wire_next(&w, &f)) {
        struct crema_wire packed = crema_wire_inside(&w, &f);

        if (f.number != SHAPE_DIM) continue;
        if (f.type == CREMA_WIRE_VARINT) add_dim(p, f.value);
        if (f.type != CREMA_WIRE_BYTES) continue;
        while (crema_wire_varint(&packed, &dim)) add_dim(p, dim);
        if (packed.fault) p->bad = packed.fault;
    }
    if (w.fault) p->bad = w.fault;
}

static void take(struct parts *p, const struct crema_wire *w,
                 const struct crema_wire_field *f)
{
    bool bytes = f->type == CREMA_WIRE_BYTES;
    bool varint = f->type == CREMA_WIRE_VARINT;

    if (f->number == BLOB_DATA) {
        numbers(p, &p->floats, f, sizeof(float));
    } else if (f->number == BLOB_DOUBLES) {
        numbers(p, &p->doubles, f, sizeof(double));
    } else if (f->number == BLOB_RAW && bytes) {
        p->raw = (struct list){ 0 };
        add_run(p, &p->raw, f->at, (int64_t)f->length, 1);
    } else if (f->number == BLOB_RAW_TYPE && varint) {
        p->raw_type = f->value;
        if (f->value >= CREMA_STORED_TYPES)
            p->bad = "its numbers are of an unknown type";
    } else if (f->number == BLOB_SHAPE && bytes) {
        shape(p, crema_wire_inside(w, f));
    } else if (f->number >= BLOB_NUM && f->number <= BLOB_WIDTH && varint) {
        p->legacy[f->number - BLOB_NUM] = (int32_t)(uint32_t)f->value;
        p->has_legacy = true;
    }
}

/* Which of the fields holds the numbers. */
static void choose(struct parts *p, struct crema_stored_blob *blob,
                   int64_t *held)
{
    struct list *list = &p->floats;

    blob->type = CREMA_STORED_FLOAT;
    if (p->raw.count > 0) {
        size_t size;

        blob->raw = true;
        blob->type = (enum crema_stored_type)p->raw_type;
        size = crema_stored__size(blob->type);
        list = &p->raw;
        if (list->count % (int64_t)size) p->bad = "its numbers are not whole";
        list->count /= (int64_t)size;
        if (list->first) {
            list->first->count = list->count;
            list->first->stride = size;
        }
    } else if (p->doubles.count > 0) {
        blob->type = CREMA_STORED_DOUBLE;
        list = &p->doubles;
    }
    blob->runs = list->first;
    *held = list->count;
}

/* False when the shape is impossible. */
static bool settle(struct parts *p, struct crema_stored_blob *blob)
{
    blob->legacy = p->has_legacy;
    blob->ndims = p->has_legacy ? 4 : p->ndims;
    memcpy(blob->dims, p->dims, sizeof blob->dims);
    if (p->has_legacy) memcpy(blob->dims, p->legacy, sizeof p->legacy);
    blob->count = 1;
    for (int i = 0; i < blob->ndims; i++)
        if (blob->dims[i] < 0 ||
            __builtin_mul_overflow(blob->count, blob->dims[i], &blob->count))
            return false;
    return true;
}

enum crema_status crema_stored__read(struct crema_blob_file *file,
                                     struct crema_wire *w, const char *what,
                                     struct crema_stored_blob **out)
{
    struct parts p = { .arena = &file->arena };
    struct crema_stored_blob *blob = crema_arena_alloc(p.arena, sizeof *blob);
    struct crema_wire_field f;
    int64_t held;

    if (!blob) return crema_no_memory(file->ctx, file->path);
    blob->at = w->at;
    blob->length = w->end - w->at;
    while (crema_wire_next(w, &f)) take(&p, w, &f);
    if (w->fault) return crema_blob__damaged(file, w, what);
    if (p.no_memory) return crema_no_memory(file->ctx, file->path);
    if (!p.bad) choose(&p, blob, &held);
    if (!p.bad && !settle(&p, blob)) p.bad = "its shape is impossible";
    if (p.bad)
        return crema_fail(file->ctx, CREMA_EIO,
                          "%s is damaged: %s, at byte %llu: %s", file->path,
                          what, (unsigned long long)blob->at, p.bad);
    if (!p.has_shape && !p.has_legacy && held != 1) {
        blob->ndims = 1; /* an old tool left the shape out */
        blob->dims[0] = blob->count = held;
    }
    if (held != blob->count)
        return crema_fail(file->ctx, CREMA_EIO,
                          "%s: %s, at byte %llu, should hold %lld numbers by "
                          "its shape, but holds %lld",
                          file->path, what, (unsigned long long)blob->at,
                          (long long)blob->count, (long long)held);
    *out = blob;
    return CREMA_OK;
}

bool crema_stored_fits(const struct crema_stored_blob *blob, int ndims,
                       const int64_t *dims)
{
    int extra = blob->ndims - ndims;

    if (extra < 0 || (extra > 0 && !blob->legacy)) return false;
    for (int i = 0; i < blob->ndims; i++)
        if (blob->dims[i] != (i < extra ? 1 : dims[i - extra])) return false;
    return true;
}
