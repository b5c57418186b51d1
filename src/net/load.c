/* load.c - weights from a .caffemodel into a net, layer by layer.
 *
 * Nothing is changed unless everything fits: shapes are compared first.  Blobs
 * are read in strips, straight into the layout in which they will be used.
 */
#include "net/net.h"
#include "proto/blob_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers read at a time. */
enum { STRIP = 1 << 16 };

/* The layer's slots, in order of their index; NULL behind the last. */
static struct crema_slot *slot(struct crema_net *net, const char *layer, int i)
{
    return crema_weights_find(&net->world->weights, layer, i);
}

static const struct crema_layer *find_layer(const struct crema_net *net,
                                            const char *name)
{
    for (int i = 0; i < net->nlayers; i++)
        if (!strcmp(net->layer[i].param->name, name)) return &net->layer[i];
    return NULL;
}

static const struct crema_stored_layer *
find_stored(const struct crema_blob_file *file, const char *name)
{
    for (const struct crema_stored_layer *l = file->layers; l; l = l->next)
        if (l->nblobs && !strcmp(l->name, name)) return l;
    return NULL;
}

static int count_slots(struct crema_net *net, const char *layer)
{
    int n = 0;

    while (slot(net, layer, n)) n++;
    return n;
}

static const char *stored_text(const struct crema_stored_blob *b,
                               char out[CREMA_SHAPE_TEXT])
{
    struct crema_shape s = { .ndims = b->ndims };

    if (b->ndims > CREMA_MAX_DIMS) {
        snprintf(out, CREMA_SHAPE_TEXT, "%d dims", b->ndims);
        return out;
    }
    for (int i = 0; i < b->ndims; i++) s.dim[i] = b->dims[i];
    return crema_shape_text(&s, out);
}

/* ---- does it fit? ------------------------------------------------------- */

/* One line of the table of what does not fit; the first starts the message. */
static void mismatch(struct crema_net *net, const char *path, bool *failed,
                     const char *layer, const char *what)
{
    static const struct crema_place nowhere;

    if (!*failed)
        (void)!crema_fail(net->ctx, CREMA_EINVAL,
                          "%s does not fit the net; rename a layer to leave "
                          "its weights out:",
                          path);
    crema_also_at(net->ctx, &nowhere, "  layer \"%s\": %s", layer, what);
    *failed = true;
}

static void compare(struct crema_net *net, const struct crema_blob_file *file,
                    const struct crema_stored_layer *stored, bool *failed)
{
    const struct crema_stored_blob *b = stored->blobs;
    int want = count_slots(net, stored->name);
    char what[2 * CREMA_SHAPE_TEXT + 80], has[CREMA_SHAPE_TEXT];
    char wants[CREMA_SHAPE_TEXT];

    if (want != stored->nblobs) {
        snprintf(what, sizeof what, "the file has %d blobs, the net %d",
                 stored->nblobs, want);
        mismatch(net, file->path, failed, stored->name, what);
        return;
    }
    for (; b; b = b->next) {
        const struct crema_slot *s = slot(net, stored->name, b->index);

        if (crema_stored_fits(b, s->shape.ndims, s->shape.dim)) continue;
        snprintf(what, sizeof what, "blob %d is %s in the file, %s in the net",
                 b->index, stored_text(b, has),
                 crema_shape_text(&s->shape, wants));
        mismatch(net, file->path, failed, stored->name, what);
    }
}

/* ---- reading ------------------------------------------------------------ */

static enum crema_status read_blob(struct crema_blob_file *file,
                                   const struct crema_stored_blob *b,
                                   struct crema_param *param, float *strip)
{
    for (int64_t i = 0; i < b->count; i += STRIP) {
        int64_t n = b->count - i < STRIP ? b->count - i : STRIP;

        CREMA_TRY(crema_blob_file_read(file, b, i, n, strip));
        CREMA_TRY(crema_param_write(param, i, n, strip));
    }
    return CREMA_OK;
}

static enum crema_status read_layers(struct crema_net *net,
                                     struct crema_blob_file *file, float *strip,
                                     struct crema_load_report *report)
{
    for (const struct crema_stored_layer *l = file->layers; l; l = l->next) {
        if (!l->nblobs) continue;
        if (!find_layer(net, l->name)) {
            crema_log(net->ctx, CREMA_INFO, "Ignoring source layer %s",
                      l->name);
            report->skipped++;
            continue;
        }
        for (const struct crema_stored_blob *b = l->blobs; b; b = b->next)
            CREMA_TRY(read_blob(
                file, b, &slot(net, l->name, b->index)->weight->value, strip));
        report->loaded++;
    }
    return CREMA_OK;
}

/* Layers whose weights stay as they were. */
static void tell_missing(struct crema_net *net,
                         const struct crema_blob_file *file,
                         struct crema_load_report *report)
{
    for (int i = 0; i < net->nlayers; i++) {
        const char *name = net->layer[i].param->name;

        if (!slot(net, name, 0) || find_stored(file, name)) continue;
        report->missing++;
        crema_log(net->ctx, CREMA_WARNING,
                  "layer \"%s\" is not in %s: its weights stay as they are",
                  name, file->path);
    }
}

static enum crema_status load(struct crema_net *net,
                              struct crema_blob_file *file,
                              struct crema_load_report *report)
{
    bool failed = false;
    float *strip;
    enum crema_status status;

    for (const struct crema_stored_layer *l = file->layers; l; l = l->next)
        if (l->nblobs && find_layer(net, l->name))
            compare(net, file, l, &failed);
    if (failed) return CREMA_EINVAL;
    strip = malloc(sizeof *strip * STRIP);
    if (!strip) return crema_no_memory(net->ctx, file->path);
    status = read_layers(net, file, strip, report);
    free(strip);
    if (status == CREMA_OK) tell_missing(net, file, report);
    return status;
}

enum crema_status crema_net_load_weights(struct crema_net *net,
                                         const char *path,
                                         struct crema_load_report *report)
{
    struct crema_load_report counts = { 0 };
    struct crema_blob_file *file;
    enum crema_status status;

    CREMA_TRY(crema_weights_open(net->ctx, path, &file));
    status = load(net, file, &counts);
    crema_blob_file_free(file);
    CREMA_TRY(status);
    if (counts.loaded == 0)
        return crema_fail(net->ctx, CREMA_EINVAL,
                          "%s has no layer of this net by name: nothing was "
                          "loaded",
                          path);
    crema_log(net->ctx, CREMA_INFO,
              "Loaded weights of %d layers from %s (%d missing, %d skipped)",
              counts.loaded, path, counts.missing, counts.skipped);
    if (report) *report = counts;
    return CREMA_OK;
}
