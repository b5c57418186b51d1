/* dump.c - every blob and diff of a net, written down as it comes into being.
 *
 * A blob rewritten in place has the data of its last writer and the diff of
 * its first.  Values are written before their memory is used again, so that
 * memory and in-place stay as in training.
 */
#include "dump.h"

#include "npy.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- what there is to write --------------------------------------------- */

/* Prefix and name with '/' as '__'. */
static const char *file_name(struct dump *d, const char *prefix,
                             const char *name, int index)
{
    size_t n = strlen(prefix) + 2 * strlen(name) + 16, used;
    char *out = crema_arena_alloc(&d->arena, n);

    if (!out) return NULL;
    used = (size_t)snprintf(out, n, "%s", prefix);
    for (; *name; name++) {
        out[used++] = *name == '/' ? '_' : *name;
        if (*name == '/') out[used++] = '_';
    }
    if (index >= 0) snprintf(out + used, n - used, "_%d", index);
    return out;
}

static enum crema_status add(struct dump *d, const char *name,
                             const struct crema_tensor *t,
                             const struct crema_shape *shape)
{
    if (d->nitems == d->capacity) {
        int capacity = 2 * d->capacity + 64;
        struct dump_item *more =
            realloc(d->items, (size_t)capacity * sizeof *more);

        if (!more) return crema_no_memory(d->job->ctx, "a dump");
        d->items = more;
        d->capacity = capacity;
    }
    if (!name) return crema_no_memory(d->job->ctx, "a dump");
    d->items[d->nitems++] =
        (struct dump_item){ .name = name, .tensor = t, .shape = *shape };
    return CREMA_OK;
}

static enum crema_status add_blobs(struct dump *d)
{
    struct crema_net *net = d->job->net;

    for (int i = 0; i < net->nblobs; i++) {
        const struct crema_blob *b = &net->blob[i];

        if (!b->last) continue;
        CREMA_TRY(add(d, file_name(d, "data_", b->name, -1), b->last,
                      &b->last->shape));
        if (d->backward)
            CREMA_TRY(add(d, file_name(d, "diff_", b->name, -1), b->first->grad,
                          &b->first->shape));
    }
    return CREMA_OK;
}

static enum crema_status add_params(struct dump *d)
{
    struct crema_weights *ws = &d->job->world->weights;

    for (struct crema_slot *s = ws->slots; s && d->backward; s = s->next) {
        const struct crema_tensor *t = d->job->net->program->tensors;

        while (t && t->param != &s->weight->value) t = t->next;
        CREMA_TRY(add(d, file_name(d, "param_diff_", s->layer, s->index),
                      t ? t->grad : NULL, &s->shape));
    }
    return CREMA_OK;
}

static enum crema_status watch_all(struct dump *d, struct crema_net *net)
{
    for (int i = 0; i < d->nitems; i++) {
        struct dump_item *item = &d->items[i];

        if (!item->tensor || item->watched) continue;
        CREMA_TRY(crema_program_watch(net->program, item->tensor));
        for (int k = i; k < d->nitems; k++)
            d->items[k].watched |= d->items[k].tensor == item->tensor;
    }
    return CREMA_OK;
}

static enum crema_status recorded(void *dump, struct crema_net *net)
{
    struct dump *d = dump;

    d->nitems = 0;
    CREMA_TRY(add_blobs(d));
    CREMA_TRY(add_params(d));
    return d->optimized ? CREMA_OK : watch_all(d, net);
}

static enum crema_status ready(void *dump, struct crema_net *net)
{
    struct dump *d = dump;

    return d->optimized ? watch_all(d, net) : CREMA_OK;
}

/* ---- writing ------------------------------------------------------------ */

static enum crema_status write_values(struct dump *d, const char *name,
                                      const struct crema_shape *shape,
                                      const float *values)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s.npy", d->folder, name);
    return npy_write(d->job->ctx, path, shape, values);
}

static enum crema_status write_item(struct dump *d, struct dump_item *item)
{
    size_t n = (size_t)crema_shape_count(&item->shape);
    float *values = calloc(n + 1, sizeof *values);
    enum crema_status status = CREMA_OK;

    if (!values) return crema_no_memory(d->job->ctx, item->name);
    if (item->tensor)
        status = crema_tensor_read(d->job->dev, item->tensor, values);
    if (status == CREMA_OK)
        status = write_values(d, item->name, &item->shape, values);
    item->written = true;
    free(values);
    return status;
}

static enum crema_status look(void *dump, const struct crema_tensor *t)
{
    struct dump *d = dump;

    for (int i = 0; i < d->nitems && d->folder; i++)
        if (d->items[i].tensor == t) CREMA_TRY(write_item(d, &d->items[i]));
    return CREMA_OK;
}

static enum crema_status write_absent(struct dump *d)
{
    char path[PATH_MAX];
    FILE *f = NULL;

    snprintf(path, sizeof path, "%s/absent.txt", d->folder);
    remove(path);
    for (int i = 0; i < d->nitems; i++) {
        if (d->items[i].written) continue;
        if (!f) f = fopen(path, "w");
        if (!f)
            return crema_fail(d->job->ctx, CREMA_EIO, "cannot write %s: %s",
                              path, strerror(errno));
        fprintf(f, "%s\n", d->items[i].name);
    }
    if (f && fclose(f) != 0)
        return crema_fail(d->job->ctx, CREMA_EIO, "cannot write %s: %s", path,
                          strerror(errno));
    return CREMA_OK;
}

/* ---- the whole ---------------------------------------------------------- */

enum crema_status dump_attach(struct dump *d)
{
    struct crema_net *net = d->job->net;

    net->options.no_fusion |= !d->optimized;
    net->recorded = recorded;
    net->ready = ready;
    net->watch = look;
    net->recorded_user = net->ready_user = net->watch_user = d;
    return crema_net_record(net);
}

void dump_free(struct dump *d)
{
    free(d->items);
    crema_arena_free(&d->arena);
}

void dump_begin(struct dump *d, const char *folder)
{
    d->folder = folder;
    for (int i = 0; i < d->nitems; i++) d->items[i].written = false;
}

enum crema_status dump_end(struct dump *d)
{
    for (int i = 0; i < d->nitems; i++) {
        struct dump_item *item = &d->items[i];
        bool lasts = !item->tensor || item->tensor->role != CREMA_VALUE;

        if (!item->written && lasts) CREMA_TRY(write_item(d, item));
    }
    return write_absent(d);
}

enum crema_status dump_params(struct dump *d)
{
    struct crema_weights *ws = &d->job->world->weights;
    enum crema_status status = CREMA_OK;

    for (struct crema_slot *s = ws->slots; s && status == CREMA_OK;
         s = s->next) {
        const char *name = file_name(d, "param_", s->layer, s->index);
        int64_t n = crema_shape_count(&s->shape);
        float *values = malloc((size_t)n * sizeof *values + 1);

        if (!values || !name) {
            free(values);
            return crema_no_memory(d->job->ctx, "a dump");
        }
        status = crema_param_read(&s->weight->value, 0, n, values);
        if (status == CREMA_OK)
            status = write_values(d, name, &s->shape, values);
        free(values);
    }
    return status;
}
