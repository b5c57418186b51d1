/* save.c - a net's weights as a .caffemodel or .caffemodel.h5 that Caffe reads.
 *
 * Every layer is written with its parameters; one that shares weights has them
 * too, but not in HDF5, as Caffe does.  Numbers are unpacked and written in
 * strips.
 */
#include "net/net.h"
#include "proto/blob_file.h"

#include <string.h>

/* One blob's numbers in row-major order, for the writer. */
static enum crema_status fill(void *user, int64_t first, int64_t count,
                              float *out)
{
    return crema_param_read(user, first, count, out);
}

static void describe(struct crema_blob_out *out, const struct crema_weights *w,
                     struct crema_slot *slot)
{
    const struct crema_slot *first = w->slots;

    while (first->weight != slot->weight) first = first->next;
    *out = (struct crema_blob_out){
        .ndims = slot->shape.ndims,
        .dims = slot->shape.dim,
        .shared = first != slot,
        .fill = fill,
        .user = &slot->weight->value,
    };
}

static enum crema_status list_layers(struct crema_net *net,
                                     struct crema_arena *arena,
                                     struct crema_layer_out **out)
{
    const struct crema_weights *w = &net->world->weights;
    struct crema_layer_out *list =
        crema_arena_alloc(arena, sizeof *list * (size_t)net->nlayers);

    if (!list) return crema_no_memory(net->ctx, "a snapshot");
    for (int i = 0; i < net->nlayers; i++) {
        const char *name = net->layer[i].param->name;
        struct crema_blob_out *blobs;
        int n = 0;

        while (crema_weights_find(w, name, n)) n++;
        blobs = crema_arena_alloc(arena, sizeof *blobs * (size_t)(n + 1));
        if (!blobs) return crema_no_memory(net->ctx, "a snapshot");
        for (int k = 0; k < n; k++)
            describe(&blobs[k], w, crema_weights_find(w, name, k));
        list[i] = (struct crema_layer_out){ net->layer[i].param, n, blobs };
    }
    *out = list;
    return CREMA_OK;
}

static bool is_h5(const char *path)
{
    size_t n = strlen(path);

    return n > 3 && !strcmp(path + n - 3, ".h5");
}

static enum crema_status write_file(struct crema_net *net, const char *path,
                                    const struct crema_layer_out *layers)
{
    struct crema_file *file;
    struct crema_sink sink;
    enum crema_status status;

    CREMA_TRY(crema_file_create(net->ctx, path, &file));
    sink = crema_sink_file(file);
    status = is_h5(path)
                 ? crema_weights_write_h5(net->ctx, crema_file_path(file),
                                          net->nlayers, layers)
                 : crema_weights_write(net->ctx, &sink, net->name, net->nlayers,
                                       layers);
    if (status == CREMA_OK) return crema_file_commit(file);
    crema_file_abandon(file);
    return status;
}

enum crema_status crema_net_save_weights(struct crema_net *net,
                                         const char *path)
{
    struct crema_arena arena = { 0 };
    struct crema_layer_out *layers = NULL;
    enum crema_status status = list_layers(net, &arena, &layers);

    if (status == CREMA_OK) status = write_file(net, path, layers);
    crema_arena_free(&arena);
    return status;
}
