/* connect.c - layers by type, blobs by name: everything that can be told
 * without shapes. */
#include "layers/forks.h"
#include "net/build.h"
#include "proto/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Index of the blob; -1 when there is none. */
static int blob_index(const struct crema_net *net, const char *name)
{
    for (int i = net->nblobs - 1; i >= 0; i--)
        if (!strcmp(net->blob[i].name, name)) return i;
    return -1;
}

struct crema_blob *crema_net_blob(const struct crema_net *net, const char *name)
{
    int i = blob_index(net, name);

    return i < 0 ? NULL : &net->blob[i];
}

/* ---- layer types ------------------------------------------------------- */

/* NULL when nothing is near. */
static const char *nearest_type(const struct crema_ctx *ctx, const char *name)
{
    struct crema_nearest near = { .name = name, .length = strlen(name) };
    const struct crema_layer_type *t;

    for (int i = 0; (t = crema_layer_known_nth(ctx, i)); i++)
        crema_nearest_try(&near, t->name, strlen(t->name));
    return near.best;
}

/* What to do about it. */
static void advise(const struct crema_ctx *ctx, const char *type, char *out,
                   size_t size)
{
    const struct crema_fork_type *fork = crema_fork_type(type);
    const char *near = nearest_type(ctx, type);

    if (!strcmp(type, "Python"))
        snprintf(out, size,
                 "; its Python code cannot run here: replace it by layers, or "
                 "leave it out");
    else if (fork)
        snprintf(out, size,
                 " of %s, which crema lacks; a plugin may have it (--plugin "
                 "FILE)",
                 fork->fork);
    else if (near)
        snprintf(out, size, "; did you mean \"%s\"?", near);
    else
        snprintf(out, size, "; if a plugin has it, say --plugin FILE");
}

/* Has a layer before this one the same unknown type? */
static bool said_before(const struct crema_net *net,
                        const struct crema_layer *l)
{
    for (const struct crema_layer *k = net->layer; k < l; k++)
        if (k->param->type && l->param->type &&
            !strcmp(k->param->type, l->param->type))
            return true;
    return false;
}

/* Complains about one type; the first complaint starts the message. */
static void unknown_type(struct crema_net *net,
                         const Crema__LayerParameter *layer, bool *failed)
{
    struct crema_place at =
        crema_source_place(net->source, &layer->type, layer);
    const char *type = layer->type ? layer->type : "";
    char advice[256];

    advise(net->ctx, type, advice, sizeof advice);
    if (*failed)
        crema_also_at(net->ctx, &at, "unknown layer type \"%s\"%s", type,
                      advice);
    else
        (void)!crema_fail_at(net->ctx, CREMA_EINVAL, &at,
                             "unknown layer type \"%s\"%s", type, advice);
    *failed = true;
}

static enum crema_status find_types(struct crema_net *net)
{
    bool failed = false;

    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        l->type =
            l->param->type ? crema_layer_known(net->ctx, l->param->type) : NULL;
        if (!l->type && !said_before(net, l))
            unknown_type(net, l->param, &failed);
    }
    if (!failed) return CREMA_OK;
    if (!net->options.optimistic) return CREMA_EINVAL;
    if (net->ctx->log)
        net->ctx->log(net->ctx->log_user, CREMA_WARNING, net->ctx->message);
    return CREMA_OK;
}

/* ---- blobs -------------------------------------------------------------- */

/* A layer of another phase, level or stage that makes the blob. */
static const Crema__LayerParameter *made_elsewhere(const struct crema_net *net,
                                                   const char *name)
{
    for (size_t i = 0; i < net->param->n_layer; i++)
        for (size_t k = 0; k < net->param->layer[i]->n_top; k++)
            if (!strcmp(net->param->layer[i]->top[k], name))
                return net->param->layer[i];
    return NULL;
}

/* Such a file may well be meant for one phase alone: crema check notes it. */
static enum crema_status left_out(struct crema_net *net, struct crema_layer *l,
                                  size_t k, const Crema__LayerParameter *maker)
{
    (void)!crema_layer_fail(l, &l->param->bottom[k],
                            "blob \"%s\" is made by layer \"%s\", which does "
                            "not belong to phase %s as it is asked for",
                            l->param->bottom[k], maker->name,
                            net->options.train ? "TRAIN" : "TEST");
    return net->options.optimistic ? CREMA_EUNSUPPORTED : CREMA_EINVAL;
}

static bool included(const struct crema_net *net,
                     const Crema__LayerParameter *param)
{
    for (int i = 0; i < net->nlayers; i++)
        if (net->layer[i].param == param) return true;
    return false;
}

static enum crema_status unknown_bottom(struct crema_net *net,
                                        struct crema_layer *l, size_t k)
{
    const char *name = l->param->bottom[k];
    const Crema__LayerParameter *maker = made_elsewhere(net, name);
    struct crema_nearest near = { .name = name, .length = strlen(name) };

    if (maker && !included(net, maker)) return left_out(net, l, k, maker);
    for (int i = 0; i < net->nblobs; i++)
        crema_nearest_try(&near, net->blob[i].name, strlen(net->blob[i].name));
    if (near.best)
        return crema_layer_fail(l, &l->param->bottom[k],
                                "no layer before it makes blob \"%s\"; did "
                                "you mean \"%s\"?",
                                name, near.best);
    return crema_layer_fail(l, &l->param->bottom[k],
                            "no layer before it makes blob \"%s\"", name);
}

static enum crema_status use_bottoms(struct crema_net *net,
                                     struct crema_layer *l)
{
    for (size_t k = 0; k < l->param->n_bottom; k++) {
        int i = blob_index(net, l->param->bottom[k]);

        if (i < 0) return unknown_bottom(net, l, k);
        net->blob[i].output = false;
    }
    return CREMA_OK;
}

static enum crema_status make_top(struct crema_net *net, struct crema_layer *l,
                                  size_t k)
{
    const Crema__LayerParameter *p = l->param;
    const char *name = k < p->n_top ? p->top[k] : "(automatic)";
    int i = k < p->n_top ? blob_index(net, name) : -1;
    bool in_place = k < p->n_bottom && !strcmp(name, p->bottom[k]);

    if (i >= 0 && !in_place)
        return crema_layer_fail(
            l, &p->top[k], "blob \"%s\" is already made by layer \"%s\"", name,
            net->layer[net->blob[i].producer].param->name);
    if (i < 0) {
        i = net->nblobs++;
        net->blob[i].name = name;
    }
    net->blob[i].producer = (int)(l - net->layer);
    net->blob[i].output = k < p->n_top;
    return CREMA_OK;
}

static enum crema_status count_fits(const struct crema_layer *l,
                                    const char *what, int n, int least,
                                    int most)
{
    if (n >= least && (most < 0 || n <= most)) return CREMA_OK;
    if (least == most)
        return crema_layer_fail(l, NULL, "%s takes %d %s%s, got %d",
                                l->type->name, least, what,
                                least == 1 ? "" : "s", n);
    if (most < 0)
        return crema_layer_fail(l, NULL, "%s takes at least %d %s%s, got %d",
                                l->type->name, least, what,
                                least == 1 ? "" : "s", n);
    return crema_layer_fail(l, NULL, "%s takes %d to %d %ss, got %d",
                            l->type->name, least, most, what, n);
}

/* A loss without a top gets one, as in Caffe. */
static enum crema_status check_counts(struct crema_layer *l)
{
    const Crema__LayerParameter *p = l->param;

    if (l->type) {
        if (l->type->loss && l->ntops < l->type->min_tops)
            l->ntops = l->type->min_tops;
        CREMA_TRY(count_fits(l, "bottom", l->nbottoms, l->type->min_bottoms,
                             l->type->max_bottoms));
        CREMA_TRY(count_fits(l, "top", l->ntops, l->type->min_tops,
                             l->type->max_tops));
    }
    if (p->n_propagate_down && p->n_propagate_down != p->n_bottom)
        return crema_layer_fail(l, &p->propagate_down[0],
                                "%zu propagate_down for %zu bottoms",
                                p->n_propagate_down, p->n_bottom);
    if (p->n_loss_weight && p->n_loss_weight != (size_t)l->ntops)
        return crema_layer_fail(l, &p->loss_weight[0],
                                "%zu loss_weight for %d tops: give one for "
                                "each, or none",
                                p->n_loss_weight, l->ntops);
    return CREMA_OK;
}

static enum crema_status add_losses(struct crema_net *net,
                                    struct crema_layer *l)
{
    for (int k = 0; k < l->ntops; k++) {
        float weight = l->type && l->type->loss && k == 0 ? 1 : 0;

        if (l->param->n_loss_weight > (size_t)k)
            weight = l->param->loss_weight[k];
        if (weight == 0) continue;
        net->loss[net->nlosses++] = (struct crema_loss){
            .layer = (int)(l - net->layer), .top = k, .weight = weight
        };
    }
    return CREMA_OK;
}

/* ---- layers ------------------------------------------------------------- */

static enum crema_status set_up(struct crema_net *net, struct crema_layer *l,
                                struct crema_ignored *ignored)
{
    size_t bytes = l->type ? l->type->state_size : 0;

    l->bottom = crema_arena_alloc(&net->arena, sizeof *l->bottom *
                                                   (size_t)(l->nbottoms + 1));
    l->top =
        crema_arena_alloc(&net->arena, sizeof *l->top * (size_t)(l->ntops + 1));
    l->state = crema_arena_alloc(&net->arena, bytes + 1);
    if (!l->bottom || !l->top || !l->state)
        return crema_no_memory(net->ctx, l->param->name);
    if (!l->type) return CREMA_OK;
    CREMA_TRY(crema_layer_check_fields(l, ignored));
    CREMA_TRY(crema_layer_check_options(l));
    return l->type->setup ? l->type->setup(l) : CREMA_OK;
}

static int by_name(const void *a, const void *b, void *net)
{
    const struct crema_blob *blob = ((struct crema_net *)net)->blob;

    return strcmp(blob[*(const int *)a].name, blob[*(const int *)b].name);
}

static enum crema_status list_outputs(struct crema_net *net)
{
    net->output = crema_arena_alloc(&net->arena, sizeof *net->output *
                                                     (size_t)(net->nblobs + 1));
    if (!net->output) return crema_no_memory(net->ctx, "a net");
    for (int i = 0; i < net->nblobs; i++)
        if (net->blob[i].output) net->output[net->noutputs++] = i;
    qsort_r(net->output, (size_t)net->noutputs, sizeof *net->output, by_name,
            net);
    return CREMA_OK;
}

static enum crema_status make_tables(struct crema_net *net)
{
    size_t tops = 1;

    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        l->nbottoms = (int)l->param->n_bottom;
        l->ntops = (int)l->param->n_top;
        tops += l->param->n_top + 4; /* a loss may get automatic ones */
    }
    net->blob = crema_arena_alloc(&net->arena, sizeof *net->blob * tops);
    net->loss = crema_arena_alloc(&net->arena, sizeof *net->loss * tops);
    net->batches = crema_arena_alloc(&net->arena, sizeof *net->batches * tops);
    if (!net->blob || !net->loss || !net->batches)
        return crema_no_memory(net->ctx, "a net");
    return CREMA_OK;
}

/* What has no effect, and what would have another in TRAIN than Caffe's. */
static enum crema_status check_fields(const struct crema_net *net,
                                      struct crema_ignored *ignored)
{
    const Crema__NetParameter *p = net->param;
    struct crema_place at;

    crema_net_check_fields(p, ignored);
    if (p->bn_stats_batch_size == 0 || !net->options.train) return CREMA_OK;
    at = crema_source_place(net->source, &p->bn_stats_batch_size, p);
    return crema_fail_at(net->ctx, CREMA_EUNSUPPORTED, &at,
                         "bn_stats_batch_size, which only Intel's fork of "
                         "Caffe has, is not supported in TRAIN");
}

enum crema_status crema_net_connect(struct crema_net *net)
{
    struct crema_ignored ignored = { "" };

    CREMA_TRY(check_fields(net, &ignored));
    CREMA_TRY(make_tables(net));
    CREMA_TRY(find_types(net));
    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        CREMA_TRY(crema_net_forgive(net, l, check_counts(l)));
        CREMA_TRY(crema_net_forgive(net, l, use_bottoms(net, l)));
        for (int k = 0; k < l->ntops; k++)
            CREMA_TRY(crema_net_forgive(net, l, make_top(net, l, (size_t)k)));
        CREMA_TRY(add_losses(net, l));
        CREMA_TRY(crema_net_forgive(net, l, set_up(net, l, &ignored)));
    }
    if (ignored.names[0])
        crema_log(net->ctx, CREMA_WARNING, "without effect here: %s",
                  ignored.names);
    return list_outputs(net);
}
