/* blob_h5.c - .caffemodel.h5 and .solverstate.h5: the index.
 *
 * Weights: group data, in it a group for each layer, in it an array for each
 * blob, named 0, 1 ...  A '/' in a layer's name makes groups in groups.
 * State: iter, current_step, learned_net, and group history with 0, 1 ...; what
 * Caffe has no place for is the message crema_state, in bytes.
 */
#include "proto/blob_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A damaged file's groups may go round in circles. */
enum { DEPTH = 16, MEMBERS = 1 << 20, NAME = 1000, LONGEST_STATE = 1 << 24 };

struct walk {
    struct crema_blob_file *file;
    const char *group;                /* being walked */
    struct crema_stored_layer *layer; /* that it is; NULL: the history */
    struct crema_stored_layer ***last_layer;
    int depth;
    int *members; /* met so far */
};

/* The number that `name` is; -1 when it is none. */
static int index_of(const char *name)
{
    char *end;
    long n;

    if (*name < '0' || *name > '9') return -1;
    n = strtol(name, &end, 10);
    return *end || n > INT32_MAX ? -1 : (int)n;
}

/* Members come by name, so "10" before "2". */
static void insert(struct crema_stored_blob **list,
                   struct crema_stored_blob *blob)
{
    while (*list && (*list)->index < blob->index) list = &(*list)->next;
    blob->next = *list;
    *list = blob;
}

static enum crema_status add_blob(struct walk *w, const char *name, int index)
{
    struct crema_blob_file *file = w->file;
    struct crema_stored_blob *blob =
        crema_arena_alloc(&file->arena, sizeof *blob);
    struct crema_h5_shape shape;

    if (blob) blob->array = crema_arena_strdup(&file->arena, name);
    if (!blob || !blob->array) return crema_no_memory(file->ctx, file->path);
    CREMA_TRY(file->h5->type->shape(file->h5, name, &shape));
    blob->index = index;
    blob->ndims = shape.ndims;
    memcpy(blob->dims, shape.dims, sizeof shape.dims);
    blob->legacy = shape.ndims == 4;
    blob->count = crema_h5_count(&shape);
    insert(w->layer ? &w->layer->blobs : &file->blobs, blob);
    ++*(w->layer ? &w->layer->nblobs : &file->nblobs);
    return CREMA_OK;
}

static enum crema_status walk_layer(struct walk *outer, const char *group);

static enum crema_status member(void *user, const char *name, bool is_group)
{
    struct walk *w = user;
    char path[NAME];
    int n = snprintf(path, sizeof path, "%s/%s", w->group, name);

    if (n >= NAME || ++*w->members > MEMBERS)
        return crema_fail(w->file->ctx, CREMA_EIO,
                          "%s is damaged: group %s has too much in it",
                          w->file->path, w->group);
    if (is_group) return w->last_layer ? walk_layer(w, path) : CREMA_OK;
    if (index_of(name) < 0 || (w->last_layer && !w->layer)) return CREMA_OK;
    return add_blob(w, path, index_of(name));
}

/* A group below data, and those inside. */
static enum crema_status walk_layer(struct walk *outer, const char *group)
{
    struct crema_blob_file *file = outer->file;
    struct walk w = *outer;

    if (++w.depth > DEPTH)
        return crema_fail(file->ctx, CREMA_EIO,
                          "%s is damaged: groups in groups without end",
                          file->path);
    w.group = group;
    w.layer = crema_arena_alloc(&file->arena, sizeof *w.layer);
    if (!w.layer) return crema_no_memory(file->ctx, file->path);
    w.layer->type = "";
    w.layer->name = crema_arena_strdup(&file->arena, group + strlen("data/"));
    if (!w.layer->name) return crema_no_memory(file->ctx, file->path);
    **w.last_layer = w.layer;
    *w.last_layer = &w.layer->next;
    return file->h5->type->members(file->h5, group, member, &w);
}

static enum crema_status index_weights(struct crema_blob_file *file)
{
    struct crema_stored_layer **last = &file->layers;
    int members = 0;
    struct walk w = {
        .file = file, .group = "data", .last_layer = &last, .members = &members
    };

    if (file->h5->type->has(file->h5, "history"))
        return crema_fail(file->ctx, CREMA_EINVAL,
                          "%s is a .solverstate.h5: resume from it, or use the "
                          ".caffemodel.h5 of the same iteration",
                          file->path);
    if (!file->h5->type->has(file->h5, "data"))
        return crema_fail(file->ctx, CREMA_EINVAL,
                          "%s is no weights: it has no group data", file->path);
    CREMA_TRY(file->h5->type->members(file->h5, "data", member, &w));
    if (file->layers) return CREMA_OK;
    return crema_fail(file->ctx, CREMA_EINVAL,
                      "%s is no weights: it has no layers", file->path);
}

/* ---- the state ---------------------------------------------------------- */

/* Fields of our own, where this program wrote the file. */
static enum crema_status read_own(struct crema_blob_file *file)
{
    static const char name[] = "crema_state";
    struct crema_h5_shape shape;
    enum crema_status status;
    void *bytes;

    if (!file->h5->type->has(file->h5, name))
        return crema_blob__unpack_state(file, NULL, 0);
    CREMA_TRY(file->h5->type->shape(file->h5, name, &shape));
    if (shape.ndims != 1 || shape.dims[0] > LONGEST_STATE)
        return crema_fail(file->ctx, CREMA_EIO, "%s is damaged: %s is too long",
                          file->path, name);
    bytes = malloc((size_t)shape.dims[0] + 1);
    if (!bytes) return crema_no_memory(file->ctx, file->path);
    status = file->h5->type->read(file->h5, name, CREMA_H5_BYTE, 0,
                                  shape.dims[0], bytes);
    if (status == CREMA_OK)
        status = crema_blob__unpack_state(file, bytes, (size_t)shape.dims[0]);
    free(bytes);
    return status;
}

static enum crema_status read_net(struct crema_blob_file *file)
{
    enum crema_status status;
    char *text;

    if (!file->h5->type->has(file->h5, "learned_net")) return CREMA_OK;
    status = file->h5->type->read_text(file->h5, "learned_net", &text);
    if (status != CREMA_OK) return status;
    file->state->learned_net = crema_arena_strdup(&file->arena, text);
    free(text);
    return file->state->learned_net ? CREMA_OK
                                    : crema_no_memory(file->ctx, file->path);
}

/* What Caffe's fields say, holds. */
static enum crema_status read_fields(struct crema_blob_file *file)
{
    Crema__SolverState *state = file->state;
    struct crema_h5 *h5 = file->h5;

    CREMA_TRY(h5->type->read(h5, "iter", CREMA_H5_INT, 0, 1, &state->iter));
    state->has_iter = 1;
    if (h5->type->has(h5, "current_step")) {
        CREMA_TRY(h5->type->read(h5, "current_step", CREMA_H5_INT, 0, 1,
                                 &state->current_step));
        state->has_current_step = 1;
    }
    return read_net(file);
}

static enum crema_status index_state(struct crema_blob_file *file)
{
    int members = 0, i = 0;
    struct walk w = { .file = file, .group = "history", .members = &members };

    if (!file->h5->type->has(file->h5, "iter"))
        return crema_fail(file->ctx, CREMA_EINVAL, "%s is %s", file->path,
                          file->h5->type->has(file->h5, "data")
                              ? "a .caffemodel.h5: use it as weights"
                              : "no solver state: it has no iter");
    CREMA_TRY(read_own(file));
    CREMA_TRY(read_fields(file));
    if (file->h5->type->has(file->h5, "history"))
        CREMA_TRY(file->h5->type->members(file->h5, "history", member, &w));
    for (struct crema_stored_blob *b = file->blobs; b; b = b->next)
        if (b->index != i++)
            return crema_fail(file->ctx, CREMA_EIO,
                              "%s is damaged: history %d is missing",
                              file->path, i - 1);
    return CREMA_OK;
}

enum crema_status crema_blob__index_h5(struct crema_blob_file *file)
{
    return file->kind == CREMA_KIND_STATE ? index_state(file)
                                          : index_weights(file);
}
