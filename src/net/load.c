/* load.c - weights into a net, layer by layer.
 *
 * Shapes are compared first.  Blobs are read in strips, straight into the
 * layout in which they will be used.
 */
#include "net/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers read at a time. */
enum { STRIP = 1 << 16 };

struct crema_slot *crema_load__slot(const struct crema_net *net,
                                    const char *layer, int i)
{
    return crema_weights_find(&net->world->weights, layer, i);
}

bool crema_load__has_layer(const struct crema_net *net, const char *name)
{
    for (int i = 0; i < net->nlayers; i++)
        if (!strcmp(net->layer[i].param->name, name)) return true;
    return false;
}

static int count_slots(const struct crema_net *net, const char *layer)
{
    int n = 0;

    while (crema_load__slot(net, layer, n)) n++;
    return n;
}

/* ---- does it fit? ------------------------------------------------------- */

/* The length of the first axis; of an old inner product's, which lies behind
 * two 1s. */
static int64_t outputs(const struct crema_stored_blob *b)
{
    if (b->legacy && b->dims[0] == 1 && b->dims[1] == 1) return b->dims[2];
    return b->ndims ? b->dims[0] : 1;
}

enum crema_fit crema_load__fit(const struct crema_stored_blob *b,
                               const struct crema_shape *shape)
{
    if (crema_stored_fits(b, shape->ndims, shape->dim)) return CREMA_FITS;
    if (shape->ndims && b->count == crema_shape_count(shape) &&
        outputs(b) == shape->dim[0])
        return CREMA_FITS_RESHAPED;
    return CREMA_DIFFERS;
}

/* The table of what does not fit; its first line starts the message. */
struct mismatches {
    struct crema_net *net;
    const char *path;
    int count;
    bool reshapable; /* one would fit if only its shape were another */
};

static void mismatch(struct mismatches *m, const char *layer, const char *what)
{
    enum { MOST = 40 }; /* lines */
    static const struct crema_place nowhere;

    if (m->count == 0)
        (void)!crema_fail(m->net->ctx, CREMA_EINVAL,
                          "%s does not fit the net; rename a layer to leave "
                          "its weights out:",
                          m->path);
    if (m->count++ < MOST)
        crema_also_at(m->net->ctx, &nowhere, "  layer \"%s\": %s", layer, what);
    if (m->count == MOST + 1)
        crema_also_at(m->net->ctx, &nowhere, "  and more");
}

/* A layer's blobs are all in the file, but for those that it shares with a
 * layer before it where such are left out. */
static bool complete(const struct crema_net *net,
                     const struct crema_weight_source *from,
                     const struct crema_stored_layer *l, int want)
{
    int n = 0;

    if (!from->owners_only) return l->nblobs == want;
    for (int i = 0; i < want; i++) {
        const struct crema_slot *s = crema_load__slot(net, l->name, i), *first;
        const struct crema_stored_blob *b = l->blobs;

        while (b && b->index != i) b = b->next;
        for (first = net->world->weights.slots; first->weight != s->weight;)
            first = first->next;
        if (!b && first == s) return false;
        n += b != NULL;
    }
    return n == l->nblobs;
}

static void compare(struct mismatches *m,
                    const struct crema_weight_source *from,
                    const struct crema_stored_layer *l)
{
    int want = count_slots(m->net, l->name);
    char what[2 * CREMA_SHAPE_TEXT + 80], has[CREMA_SHAPE_TEXT];
    char wants[CREMA_SHAPE_TEXT];

    if (!complete(m->net, from, l, want)) {
        snprintf(what, sizeof what, "the file has %d blobs, the net %d",
                 l->nblobs, want);
        mismatch(m, l->name, what);
        return;
    }
    for (const struct crema_stored_blob *b = l->blobs; b; b = b->next) {
        const struct crema_slot *s =
            crema_load__slot(m->net, l->name, b->index);
        enum crema_fit fit = crema_load__fit(b, &s->shape);

        if (fit == CREMA_FITS) continue;
        if (fit == CREMA_FITS_RESHAPED) {
            if (m->net->options.reshape_weights) continue;
            m->reshapable = true;
        }
        snprintf(what, sizeof what, "blob %d is %s in the file, %s in the net",
                 b->index, crema_load__shape_text(b, has),
                 crema_shape_text(&s->shape, wants));
        mismatch(m, l->name, what);
    }
}

static enum crema_status compare_all(struct crema_net *net,
                                     const struct crema_weight_source *from)
{
    static const struct crema_place nowhere;
    struct mismatches m = { .net = net, .path = from->path };

    for (const struct crema_stored_layer *l = from->layers; l; l = l->next)
        if (l->nblobs && crema_load__has_layer(net, l->name))
            compare(&m, from, l);
    if (m.reshapable)
        crema_also_at(net->ctx, &nowhere,
                      "  where counts and first sizes agree, as of an inner "
                      "product made into a convolution, --reshape_weights "
                      "takes them");
    return m.count ? CREMA_EINVAL : CREMA_OK;
}

/* ---- reading ------------------------------------------------------------ */

static enum crema_status read_blob(const struct crema_weight_source *from,
                                   const struct crema_stored_blob *b,
                                   struct crema_param *param, float *strip)
{
    for (int64_t i = 0; i < b->count; i += STRIP) {
        int64_t n = b->count - i < STRIP ? b->count - i : STRIP;

        CREMA_TRY(from->read(from->user, b, i, n, strip));
        CREMA_TRY(crema_param_write(param, i, n, strip));
    }
    return CREMA_OK;
}

static enum crema_status read_layers(struct crema_net *net,
                                     const struct crema_weight_source *from,
                                     float *strip)
{
    for (const struct crema_stored_layer *l = from->layers; l; l = l->next) {
        if (!crema_load__has_layer(net, l->name)) continue;
        for (const struct crema_stored_blob *b = l->blobs; b; b = b->next) {
            struct crema_slot *s = crema_load__slot(net, l->name, b->index);

            CREMA_TRY(read_blob(from, b, &s->weight->value, strip));
        }
    }
    return CREMA_OK;
}

static bool any_name(const struct crema_net *net,
                     const struct crema_weight_source *from)
{
    for (const struct crema_stored_layer *l = from->layers; l; l = l->next)
        if (l->nblobs && crema_load__has_layer(net, l->name)) return true;
    return false;
}

enum crema_status crema_net_take_weights(struct crema_net *net,
                                         const struct crema_weight_source *from,
                                         struct crema_load_report *report)
{
    struct crema_load_report counts = { 0 };
    enum crema_status status;
    float *strip;

    if (!any_name(net, from)) return crema_load__no_names(net, from);
    CREMA_TRY(compare_all(net, from));
    strip = malloc(sizeof *strip * STRIP);
    if (!strip) return crema_no_memory(net->ctx, from->path);
    status = read_layers(net, from, strip);
    free(strip);
    CREMA_TRY(status);
    crema_load__tell(net, from, &counts);
    if (report) *report = counts;
    return CREMA_OK;
}

/* ---- .caffemodel -------------------------------------------------------- */

static enum crema_status read_stored(void *file,
                                     const struct crema_stored_blob *b,
                                     int64_t first, int64_t count, float *out)
{
    return crema_blob_file_read(file, b, first, count, out);
}

enum crema_status crema_net_load_weights(struct crema_net *net,
                                         const char *path,
                                         struct crema_load_report *report)
{
    struct crema_weight_source from = { .path = path, .read = read_stored };
    struct crema_blob_file *file;
    enum crema_status status;

    CREMA_TRY(crema_weights_open(net->ctx, path, &file));
    from.layers = file->layers;
    from.owners_only = file->h5 != NULL;
    from.user = file;
    status = crema_net_take_weights(net, &from, report);
    crema_blob_file_free(file);
    return status;
}
