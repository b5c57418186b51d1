/* upgrade_weights.c - .caffemodel files of any age, brought to today's form.
 *
 * The net without its blobs is small: it is unpacked, upgraded and packed.
 * Blobs go from file to file as they lie there; only what NVIDIA's fork keeps
 * as raw bytes is turned into the floats that Caffe reads.
 */
#include "proto/blob_file.h"
#include "proto/prune.h"
#include "proto/upgrade.h"

#include <stdlib.h>
#include <string.h>

enum { STRIP = 1 << 14 }; /* bytes */

/* Memory for repeated fields has room for 2^k entries, so that they grow as
 * those do which were read from text. */
static void *alloc_roomy(void *arena, size_t size)
{
    size_t room = 16;

    while (room < size) room *= 2;
    return crema_arena_alloc(arena, room);
}

static void ignore_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* The net without blobs; owned by `source`. */
static enum crema_status unpack(struct crema_blob_file *file,
                                struct crema_source *source,
                                Crema__NetParameter **net, size_t *dropped)
{
    ProtobufCAllocator allocator = { alloc_roomy, ignore_free, &source->arena };
    struct crema_pruned pruned = { .bytes.ctx = file->ctx };
    struct crema_wire w = crema_wire_all(&file->input);
    enum crema_status status =
        crema_prune(&w, &crema__net_parameter__descriptor,
                    &crema__blob_proto__descriptor, &pruned);

    *net = NULL;
    if (status == CREMA_OK)
        *net = (Crema__NetParameter *)protobuf_c_message_unpack(
            &crema__net_parameter__descriptor, &allocator, pruned.bytes.length,
            pruned.bytes.data);
    free(pruned.bytes.data);
    *dropped = pruned.dropped;
    CREMA_TRY(status);
    if (*net) return CREMA_OK;
    return crema_fail(file->ctx, CREMA_EIO,
                      "%s: the layers' parameters cannot be read", file->path);
}

/* ---- blobs --------------------------------------------------------------- */

struct blob {
    struct crema_blob_file *file;
    const struct crema_stored_blob *stored;
};

static enum crema_status fill(void *user, int64_t first, int64_t count,
                              float *out)
{
    const struct blob *b = user;

    return crema_blob_file_read(b->file, b->stored, first, count, out);
}

static enum crema_status copy(void *user, const struct crema_sink *sink)
{
    const struct blob *b = user;
    uint64_t at = b->stored->at, end = at + b->stored->length;
    uint8_t strip[STRIP];

    while (at < end) {
        size_t n = end - at < STRIP ? (size_t)(end - at) : STRIP;

        if (!crema_wire_copy(&b->file->input, at, strip, n))
            return crema_fail(b->file->ctx, CREMA_EIO, "cannot read %s: %s",
                              b->file->path, strerror(b->file->input.error));
        CREMA_TRY(crema_sink_write(sink, strip, n));
        at += n;
    }
    return CREMA_OK;
}

static enum crema_status list_blobs(struct crema_blob_file *file,
                                    const struct crema_stored_layer *from,
                                    struct crema_layer_out *to, int *raw)
{
    size_t n = (size_t)from->nblobs + 1;
    struct crema_blob_out *out =
        crema_arena_alloc(&file->arena, n * sizeof *out);
    struct blob *user = crema_arena_alloc(&file->arena, n * sizeof *user);

    if (!out || !user) return crema_no_memory(file->ctx, file->path);
    to->blobs = out;
    to->nblobs = from->nblobs;
    for (const struct crema_stored_blob *b = from->blobs; b;
         b = b->next, out++, user++) {
        *user = (struct blob){ file, b };
        *raw += b->raw;
        *out = (struct crema_blob_out){ .ndims = b->ndims,
                                        .dims = b->dims,
                                        .legacy = b->legacy,
                                        .fill = fill,
                                        .user = user };
        if (b->raw) continue;
        out->copy = copy;
        out->length = b->length;
    }
    return CREMA_OK;
}

/* ---- layers -------------------------------------------------------------- */

static bool is_padding(const Crema__NetParameter *net, size_t i)
{
    const Crema__V0LayerParameter *v0 =
        i < net->n_layers ? net->layers[i]->layer : NULL;

    return v0 && v0->type && !strcmp(v0->type, "padding");
}

/* The file's layers that the upgraded net has still, in order. */
static enum crema_status list_layers(struct crema_blob_file *file,
                                     const Crema__NetParameter *old,
                                     const struct crema_stored_layer **list,
                                     size_t *n)
{
    size_t i = 0, all = old->n_layer + old->n_layers;

    *n = 0;
    for (const struct crema_stored_layer *l = file->layers; l; l = l->next)
        if (i++ < all && !is_padding(old, i - 1)) list[(*n)++] = l;
    if (i == all) return CREMA_OK;
    return crema_fail(file->ctx, CREMA_EIO,
                      "%s: of %zu layers %zu can be unpacked", file->path, i,
                      all);
}

static enum crema_status write_net(struct crema_blob_file *file,
                                   const Crema__NetParameter *net,
                                   const struct crema_stored_layer *const *list,
                                   size_t n, const struct crema_sink *sink,
                                   struct crema_upgraded *what)
{
    size_t front = net->n_layer - n; /* an Input layer that was made */
    struct crema_layer_out *out =
        crema_arena_alloc(&file->arena, (net->n_layer + 1) * sizeof *out);

    if (!out) return crema_no_memory(file->ctx, file->path);
    for (size_t i = 0; i < net->n_layer; i++) {
        out[i].param = net->layer[i];
        if (i < front) continue;
        CREMA_TRY(list_blobs(file, list[i - front], &out[i], &what->raw));
        what->blobs += out[i].nblobs;
    }
    what->layers = (int)net->n_layer;
    return crema_net_write(file->ctx, sink, net, (int)net->n_layer, out);
}

static enum crema_status upgrade(struct crema_blob_file *file,
                                 struct crema_source *source,
                                 const struct crema_sink *sink,
                                 struct crema_upgraded *what)
{
    const struct crema_stored_layer **list;
    Crema__NetParameter *net;
    size_t n, all;

    if (file->h5)
        return crema_fail(file->ctx, CREMA_EUNSUPPORTED,
                          "%s is HDF5, which has one form only: nothing is to "
                          "be upgraded",
                          file->path);
    CREMA_TRY(unpack(file, source, &net, &what->dropped));
    all = net->n_layer + net->n_layers;
    list = crema_arena_alloc(&file->arena, (all + 1) * sizeof *list);
    if (!list) return crema_no_memory(file->ctx, file->path);
    CREMA_TRY(list_layers(file, net, list, &n));
    what->padding = (int)(all - n);
    what->age = crema_net_age(net);
    CREMA_TRY(crema_net_upgrade(file->ctx, source, net));
    return write_net(file, net, list, n, sink, what);
}

enum crema_status crema_weights_upgrade(struct crema_ctx *ctx, const char *path,
                                        const struct crema_sink *sink,
                                        struct crema_upgraded *what)
{
    struct crema_source *source = NULL;
    struct crema_blob_file *file;
    enum crema_status status;

    *what = (struct crema_upgraded){ 0 };
    CREMA_TRY(crema_weights_open(ctx, path, &file));
    status = crema_source_new(ctx, path, "", 0, &source);
    if (status == CREMA_OK) status = upgrade(file, source, sink, what);
    crema_source_free(source);
    crema_blob_file_free(file);
    return status;
}
