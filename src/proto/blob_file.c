/* blob_file.c - files of numbers: opening, the index, reading strips. */
#include "proto/blob_internal.h"
#include "proto/v1_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_STRING = 1 << 20, LONGEST_CARRIED = 1 << 28 };

static enum crema_status string_of(struct crema_blob_file *file,
                                   const struct crema_wire_field *f,
                                   const char **out)
{
    char *text;

    if (f->length > (f->number == STATE_CARRIED ? LONGEST_CARRIED : LONGEST_STRING))
        return crema_fail(file->ctx, CREMA_EIO,
                          "%s is damaged: a name has %llu bytes", file->path,
                          (unsigned long long)f->length);
    text = crema_arena_alloc(&file->arena, (size_t)f->length + 1);
    if (!text) return crema_no_memory(file->ctx, file->path);
    if (!crema_wire_copy(&file->input, f->at, text, (size_t)f->length))
        return crema_fail(file->ctx, CREMA_EIO, "cannot read %s: %s",
                          file->path, strerror(file->input.error));
    *out = text;
    return CREMA_OK;
}

/* One blob behind those that the list has. */
static enum crema_status add_blob(struct crema_blob_file *file,
                                  struct crema_wire w, const char *what,
                                  struct crema_stored_blob ***last, int *n)
{
    CREMA_TRY(crema_stored__read(file, &w, what, *last));
    (**last)->index = (*n)++;
    *last = &(**last)->next;
    return CREMA_OK;
}

static enum crema_status names(struct crema_blob_file *file,
                               const struct crema_form *form,
                               const struct crema_wire_field *f,
                               struct crema_stored_layer *layer)
{
    bool bytes = f->type == CREMA_WIRE_BYTES;
    const char *type;

    if (f->number == form->name && bytes)
        return string_of(file, f, &layer->name);
    if (f->number != form->type) return CREMA_OK;
    if (bytes) return string_of(file, f, &layer->type);
    if (f->type == CREMA_WIRE_VARINT && f->value <= INT32_MAX) {
        type = crema_v1_type_of((int)f->value);
        if (type) layer->type = type;
    }
    return CREMA_OK;
}

/* Names and types first, as messages want them; then the blobs. */
static enum crema_status read_layer(struct crema_blob_file *file,
                                    struct crema_wire whole,
                                    const struct crema_form *form,
                                    struct crema_stored_layer *layer,
                                    struct crema_stored_blob ***last)
{
    struct crema_wire w = whole;
    struct crema_wire_field f;
    char what[CREMA_BLOB_WHAT];

    while (crema_wire_next(&w, &f)) CREMA_TRY(names(file, form, &f, layer));
    if (w.fault) {
        crema_blob__where(file, whole, form, what);
        return crema_blob__damaged(file, &w, what);
    }
    for (w = whole; crema_wire_next(&w, &f);) {
        if (f.type != CREMA_WIRE_BYTES) continue;
        if (f.number == form->inner && form->inner)
            CREMA_TRY(read_layer(file, crema_wire_inside(&w, &f),
                                 &crema_form_v0, layer, last));
        if (f.number != form->blobs) continue;
        snprintf(what, sizeof what, "layer \"%s\", blob %d", layer->name,
                 layer->nblobs);
        CREMA_TRY(add_blob(file, crema_wire_inside(&w, &f), what, last,
                           &layer->nblobs));
    }
    return w.fault ? crema_blob__damaged(file, &w, "") : CREMA_OK;
}

static enum crema_status add_layer(struct crema_blob_file *file,
                                   struct crema_wire w,
                                   const struct crema_form *form,
                                   struct crema_stored_layer ***last)
{
    struct crema_stored_layer *layer =
        crema_arena_alloc(&file->arena, sizeof *layer);
    struct crema_stored_blob **blobs;

    if (!layer) return crema_no_memory(file->ctx, file->path);
    layer->name = layer->type = "";
    blobs = &layer->blobs;
    **last = layer;
    *last = &layer->next;
    return read_layer(file, w, form, layer, &blobs);
}

/* The walk over the outermost fields of weights stopped at `f`. */
static enum crema_status cut(struct crema_blob_file *file,
                             const struct crema_wire *w,
                             const struct crema_wire_field *f)
{
    char what[CREMA_BLOB_WHAT] = "";
    struct crema_wire inside;

    if (crema_blob__ends_in(w, f, &inside)) {
        if (f->number == NET_LAYER)
            crema_blob__where(file, inside, &crema_form_v2, what);
        if (f->number == NET_V1_LAYERS)
            crema_blob__where(file, inside, &crema_form_v1, what);
    }
    return crema_blob__damaged(file, w, what);
}

static enum crema_status index_weights(struct crema_blob_file *file)
{
    struct crema_wire w = crema_wire_all(&file->input);
    struct crema_stored_layer **last = &file->layers;
    struct crema_wire_field f;

    while (crema_wire_next(&w, &f)) {
        struct crema_wire inside = crema_wire_inside(&w, &f);

        if (f.number == NET_NAME && f.type == CREMA_WIRE_VARINT)
            break; /* a state or a blob begins like this */
        if (f.type != CREMA_WIRE_BYTES) continue;
        if (f.number == NET_NAME) CREMA_TRY(string_of(file, &f, &file->name));
        if (f.number == NET_LAYER)
            CREMA_TRY(add_layer(file, inside, &crema_form_v2, &last));
        if (f.number == NET_V1_LAYERS)
            CREMA_TRY(add_layer(file, inside, &crema_form_v1, &last));
    }
    if (w.fault) return cut(file, &w, &f);
    if (!file->layers) {
        const char *instead = crema_blob__looks_like(file);

        return crema_fail(file->ctx, CREMA_EINVAL, "%s is %s", file->path,
                          instead ? instead : "no weights: it has no layers");
    }
    return CREMA_OK;
}

/* Fields of a state that mean the same in all forks, by number and type. */
static bool of_state(const struct crema_wire_field *f)
{
    static const struct {
        uint32_t number;
        enum crema_wire_type type;
    } known[] = {
        { STATE_ITER, CREMA_WIRE_VARINT },
        { STATE_LEARNED_NET, CREMA_WIRE_BYTES },
        { STATE_STEP, CREMA_WIRE_VARINT },
        { STATE_MINIMUM_LOSS, CREMA_WIRE_FIXED32 },
        { STATE_LAST_EVENT, CREMA_WIRE_VARINT },
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (f->number == known[i].number) return f->type == known[i].type;
    return f->number >= 16000 && f->number < 19000;
}

static void *arena_alloc(void *arena, size_t size)
{
    return crema_arena_alloc(arena, size ? size : 1);
}

static void arena_ignore(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* Unpacks the small fields that were gathered. */
enum crema_status crema_blob__unpack_state(struct crema_blob_file *file,
                                           const void *packed, size_t size)
{
    ProtobufCAllocator allocator = { arena_alloc, arena_ignore, &file->arena };

    file->state = (Crema__SolverState *)protobuf_c_message_unpack(
        &crema__solver_state__descriptor, &allocator, size, packed);
    if (!file->state)
        return crema_fail(file->ctx, CREMA_EIO,
                          "%s is damaged, or of another program: fields of "
                          "the solver state cannot be read",
                          file->path);
    return CREMA_OK;
}

/* Copies a field, tag and all, unless it is unreasonably long. */
static enum crema_status gather(struct crema_blob_file *file, uint64_t begin,
                                const struct crema_wire_field *f,
                                struct crema_bytes *small)
{
    size_t n = (size_t)(f->at + f->length - begin), old = small->length;
    uint8_t none = 0;

    if (f->length > LONGEST_STRING)
        return crema_fail(file->ctx, CREMA_EIO,
                          "%s is damaged: field %u has %llu bytes", file->path,
                          f->number, (unsigned long long)f->length);
    for (size_t i = 0; i < n; i++)
        CREMA_TRY(crema_bytes_append(small, &none, 1));
    if (!crema_wire_copy(&file->input, begin, small->data + old, n))
        return crema_fail(file->ctx, CREMA_EIO, "cannot read %s: %s",
                          file->path, strerror(file->input.error));
    return CREMA_OK;
}

static enum crema_status walk_state(struct crema_blob_file *file,
                                    struct crema_bytes *small)
{
    struct crema_wire w = crema_wire_all(&file->input);
    struct crema_stored_blob **last = &file->blobs;
    struct crema_wire_field f;
    bool iter = false;
    char what[CREMA_BLOB_WHAT];
    struct crema_wire inside;

    for (uint64_t begin = 0; crema_wire_next(&w, &f); begin = w.at) {
        if (f.number == STATE_ITER && f.type == CREMA_WIRE_BYTES) break;
        iter = iter || f.number == STATE_ITER;
        if (of_state(&f)) CREMA_TRY(gather(file, begin, &f, small));
        if (f.number != STATE_HISTORY || f.type != CREMA_WIRE_BYTES) continue;
        snprintf(what, sizeof what, "history blob %d", file->nblobs);
        CREMA_TRY(add_blob(file, crema_wire_inside(&w, &f), what, &last,
                           &file->nblobs));
    }
    if (w.fault) {
        bool history =
            crema_blob__ends_in(&w, &f, &inside) && f.number == STATE_HISTORY;

        snprintf(what, sizeof what, "history blob %d", file->nblobs);
        return crema_blob__damaged(file, &w, history ? what : "");
    }
    if (!iter) {
        const char *instead = crema_blob__looks_like(file);

        return crema_fail(file->ctx, CREMA_EINVAL, "%s is %s", file->path,
                          instead ? instead : "no solver state");
    }
    return CREMA_OK;
}

static enum crema_status index_state(struct crema_blob_file *file)
{
    struct crema_bytes small = { .ctx = file->ctx };
    enum crema_status status = walk_state(file, &small);

    if (status == CREMA_OK)
        status = crema_blob__unpack_state(file, small.data, small.length);
    free(small.data);
    return status;
}

static enum crema_status index_blob(struct crema_blob_file *file)
{
    struct crema_wire w = crema_wire_all(&file->input);
    const char *instead = crema_blob__looks_like(file);

    if (file->input.size == 0 || instead)
        return crema_fail(file->ctx, CREMA_EINVAL, "%s is %s", file->path,
                          instead ? instead : "empty");
    CREMA_TRY(crema_stored__read(file, &w, "the blob", &file->blobs));
    file->nblobs = 1;
    if (file->blobs->count == 0)
        return crema_fail(file->ctx, CREMA_EINVAL,
                          "%s is no blob: it holds no numbers", file->path);
    return CREMA_OK;
}

static bool is_h5(struct crema_blob_file *file)
{
    char head[8];

    return file->kind != CREMA_KIND_BLOB && file->input.size >= sizeof head &&
           crema_wire_copy(&file->input, 0, head, sizeof head) &&
           crema_h5_begins(head, sizeof head);
}

static enum crema_status
make_index(struct crema_blob_file *file,
           enum crema_status (*of_message)(struct crema_blob_file *))
{
    if (!is_h5(file)) return of_message(file);
    CREMA_TRY(crema_h5_open(file->ctx, file->path, &file->h5));
    return crema_blob__index_h5(file);
}

static enum crema_status
open_file(struct crema_ctx *ctx, const char *path, enum crema_blob_kind kind,
          enum crema_status (*of_message)(struct crema_blob_file *),
          struct crema_blob_file **out)
{
    struct crema_blob_file *file = calloc(1, sizeof *file);
    enum crema_status status;

    *out = NULL;
    if (!file) return crema_no_memory(ctx, path);
    file->ctx = ctx;
    file->kind = kind;
    file->name = "";
    file->path = crema_arena_strdup(&file->arena, path);
    status = file->path ? crema_wire_open(ctx, path, &file->input)
                        : crema_no_memory(ctx, path);
    if (status == CREMA_OK) status = make_index(file, of_message);
    if (status == CREMA_OK)
        *out = file;
    else
        crema_blob_file_free(file);
    return status;
}

enum crema_status crema_weights_open(struct crema_ctx *ctx, const char *path,
                                     struct crema_blob_file **out)
{
    return open_file(ctx, path, CREMA_KIND_WEIGHTS, index_weights, out);
}

enum crema_status crema_state_open(struct crema_ctx *ctx, const char *path,
                                   struct crema_blob_file **out)
{
    return open_file(ctx, path, CREMA_KIND_STATE, index_state, out);
}

enum crema_status crema_blob_open(struct crema_ctx *ctx, const char *path,
                                  struct crema_blob_file **out)
{
    return open_file(ctx, path, CREMA_KIND_BLOB, index_blob, out);
}

void crema_blob_file_free(struct crema_blob_file *file)
{
    if (!file) return;
    crema_wire_close(&file->input);
    (void)crema_h5_close(file->h5);
    crema_arena_free(&file->arena);
    free(file);
}
