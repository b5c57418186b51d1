/* load_report.c - what became of a file's layers and of the net's. */
#include "net/load.h"
#include "proto/nearest.h"

#include <stdio.h>
#include <string.h>

/* Names in one line, as many as it holds, and how many there are. */
struct list {
    int count, shown;
    size_t length;
    char text[400];
};

enum { WIDE = 200 }; /* most characters of names, but for the first */

static void add(struct list *list, const char *name)
{
    size_t room = sizeof list->text - list->length;

    if (list->shown == list->count++ &&
        (!list->shown || list->length + strlen(name) < WIDE)) {
        list->shown++;
        list->length +=
            (size_t)snprintf(list->text + list->length, room, "%s%.250s",
                             list->shown > 1 ? ", " : "", name);
    }
}

/* Behind the last name. */
static const char *ended(struct list *list)
{
    if (list->shown < list->count)
        snprintf(list->text + list->length, sizeof list->text - list->length,
                 " and %d more", list->count - list->shown);
    return list->text;
}

const char *crema_load__shape_text(const struct crema_stored_blob *b,
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

/* ---- what was done ------------------------------------------------------ */

struct table {
    struct list loaded, reshaped, skipped, missing;
};

static void sort_stored(const struct crema_net *net,
                        const struct crema_stored_layer *l, struct table *t)
{
    bool reshaped = false;
    char text[600], has[CREMA_SHAPE_TEXT], wants[CREMA_SHAPE_TEXT];

    if (!l->nblobs) return;
    if (!crema_load__has_layer(net, l->name)) {
        add(&t->skipped, l->name);
        return;
    }
    for (const struct crema_stored_blob *b = l->blobs; b; b = b->next) {
        const struct crema_slot *s = crema_load__slot(net, l->name, b->index);

        if (crema_load__fit(b, &s->shape) == CREMA_FITS) continue;
        snprintf(text, sizeof text, "%.120s (%s as %s)", l->name,
                 crema_load__shape_text(b, has),
                 crema_shape_text(&s->shape, wants));
        add(&t->reshaped, text);
        reshaped = true;
        break;
    }
    if (!reshaped) add(&t->loaded, l->name);
}

static bool is_stored(const struct crema_weight_source *from, const char *name)
{
    for (const struct crema_stored_layer *l = from->layers; l; l = l->next)
        if (l->nblobs && !strcmp(l->name, name)) return true;
    return false;
}

/* Has it weights that no layer before it has? */
static bool owns_weights(const struct crema_net *net, const char *layer)
{
    const struct crema_slot *s, *first;

    for (int i = 0; (s = crema_load__slot(net, layer, i)); i++) {
        for (first = net->world->weights.slots; first->weight != s->weight;)
            first = first->next;
        if (first == s) return true;
    }
    return false;
}

static void tell_list(struct crema_net *net, enum crema_log_level level,
                      const char *what, struct list *list)
{
    if (list->count)
        crema_log(net->ctx, level, "  %-25s %4d: %s", what, list->count,
                  ended(list));
}

void crema_load__tell(struct crema_net *net,
                      const struct crema_weight_source *from,
                      struct crema_load_report *report)
{
    struct table t = { 0 };

    for (const struct crema_stored_layer *l = from->layers; l; l = l->next)
        sort_stored(net, l, &t);
    for (int i = 0; i < net->nlayers; i++) {
        const char *name = net->layer[i].param->name;

        if (owns_weights(net, name) && !is_stored(from, name))
            add(&t.missing, name);
    }
    *report = (struct crema_load_report){
        .loaded = t.loaded.count + t.reshaped.count,
        .reshaped = t.reshaped.count,
        .skipped = t.skipped.count,
        .missing = t.missing.count,
    };
    crema_log(net->ctx, CREMA_INFO, "Loaded weights of %d layers from %s",
              report->loaded, from->path);
    tell_list(net, CREMA_INFO, "loaded", &t.loaded);
    tell_list(net, CREMA_INFO, "reshaped", &t.reshaped);
    tell_list(net, CREMA_INFO, "skipped, not in the net", &t.skipped);
    tell_list(net, CREMA_WARNING, "missing, left as they are", &t.missing);
}

/* ---- nothing to do ------------------------------------------------------ */

/* The net's layer that the file's one may be meant for; NULL: none. */
static const char *nearest_layer(const struct crema_net *net, const char *name)
{
    struct crema_nearest near = { .name = name, .length = strlen(name) };

    for (int i = 0; i < net->nlayers; i++) {
        const char *l = net->layer[i].param->name;

        if (crema_load__slot(net, l, 0)) crema_nearest_try(&near, l, strlen(l));
    }
    return near.best;
}

enum crema_status crema_load__no_names(struct crema_net *net,
                                       const struct crema_weight_source *from)
{
    enum { MOST = 5 }; /* suggestions */
    static const struct crema_place nowhere;
    struct list file = { 0 }, wanted = { 0 };
    enum crema_status status;
    int n = 0;

    for (const struct crema_stored_layer *l = from->layers; l; l = l->next)
        if (l->nblobs) add(&file, l->name);
    for (int i = 0; i < net->nlayers; i++)
        if (crema_load__slot(net, net->layer[i].param->name, 0))
            add(&wanted, net->layer[i].param->name);
    status = crema_fail(net->ctx, CREMA_EINVAL,
                        "%s has no layer of this net by name: nothing was "
                        "loaded",
                        from->path);
    crema_also_at(net->ctx, &nowhere, "  in the file %4d: %s", file.count,
                  ended(&file));
    crema_also_at(net->ctx, &nowhere, "  in the net  %4d: %s", wanted.count,
                  ended(&wanted));
    for (const struct crema_stored_layer *l = from->layers; l && n < MOST;
         l = l->next) {
        const char *near = l->nblobs ? nearest_layer(net, l->name) : NULL;

        if (!near) continue;
        n++;
        crema_also_at(net->ctx, &nowhere,
                      "  \"%s\" may be what the net calls \"%s\": rename it "
                      "there",
                      l->name, near);
    }
    return status;
}
