/* record.c - a connected net becomes a program.
 *
 * Layers record their ops in order; a blob's name goes from one version to the
 * next.  Gradients start where a top has a loss weight, or where the user gave
 * a diff.
 */
#include "device/backend.h"
#include "net/build.h"

#include <stdio.h>
#include <string.h>

/* The blob behind top k; automatic tops are looked up by their producer. */
static struct crema_blob *top_blob(struct crema_net *net,
                                   const struct crema_layer *l, int k)
{
    int producer = (int)(l - net->layer);

    if ((size_t)k < l->param->n_top)
        return crema_net_blob(net, l->param->top[k]);
    for (int i = 0; i < net->nblobs; i++)
        if (net->blob[i].producer == producer &&
            !strcmp(net->blob[i].name, "(automatic)"))
            return &net->blob[i];
    return NULL;
}

static bool take_bottoms(struct crema_net *net, struct crema_layer *l)
{
    bool known = true;

    for (int k = 0; k < l->nbottoms; k++) {
        struct crema_blob *b = crema_net_blob(net, l->param->bottom[k]);
        bool stop = l->param->n_propagate_down > (size_t)k &&
                    !l->param->propagate_down[k] &&
                    !net->options.force_backward;

        l->bottom[k] = b ? b->last : NULL;
        if (stop && b && b->last)
            l->bottom[k] = crema_detach(net->program, b->last);
        known &= l->bottom[k] != NULL;
    }
    return known;
}

/* propagate_down: true asks for a gradient that nobody needs, of a layer that
 * has one. */
static void push_down(struct crema_net *net, const struct crema_layer *l)
{
    bool learns = false;

    for (int k = 0; k < l->ntops; k++)
        learns |= l->top[k] && l->top[k]->needs_grad;
    for (size_t k = 0; learns && k < l->param->n_propagate_down; k++) {
        struct crema_blob *b = (int)k < l->nbottoms
                                   ? crema_net_blob(net, l->param->bottom[k])
                                   : NULL;

        if (b && b->last && l->param->propagate_down[k])
            b->last->needs_grad = true;
    }
}

static void give_tops(struct crema_net *net, struct crema_layer *l)
{
    for (int k = 0; k < l->ntops; k++) {
        struct crema_blob *b = top_blob(net, l, k);
        struct crema_tensor *t = l->top[k];

        if (!t || !b) continue;
        if (!t->name) t->name = b->name;
        if (!b->first) b->first = t;
        b->last = t;
        if (l->nbottoms == 0 && net->options.force_backward)
            t->needs_grad = true;
    }
}

/* An op's own complaint knows no place: it gets the layer's. */
static enum crema_status refused(struct crema_net *net,
                                 const struct crema_layer *l)
{
    char reason[1024];

    if (!net->program->refused) return net->ctx->status;
    snprintf(reason, sizeof reason, "%s", net->ctx->message);
    return crema_layer_fail(l, NULL, "%s", reason);
}

/* Weights belong to a layer by its name: it must be the only one that has both.
 * A param {} that nothing belongs to is a slip of the pen. */
static enum crema_status check_weights(const struct crema_net *net,
                                       const struct crema_layer *l)
{
    const Crema__LayerParameter *p = l->param;

    if (p->n_param > (size_t)l->nweights)
        return crema_layer_fail(l, p->param[l->nweights],
                                "%zu param for a layer with %d blobs of "
                                "weights",
                                p->n_param, l->nweights);
    for (const struct crema_layer *k = net->layer; k < l && l->nweights; k++)
        if (k->nweights && !strcmp(k->param->name, p->name))
            return crema_layer_fail(l, &p->name,
                                    "another layer with weights has this name; "
                                    "rename one of them");
    return CREMA_OK;
}

static enum crema_status record_layer(struct crema_net *net,
                                      struct crema_layer *l)
{
    memset(l->top, 0, sizeof *l->top * (size_t)(l->ntops + 1));
    l->program = net->program;
    l->nweights = 0;
    net->program->layer = l->param->name;
    CREMA_TRY(crema_net_layer_types(net, l));
    if (!take_bottoms(net, l) || !l->type) /* crema check: not known */
        return net->program->failed ? refused(net, l) : CREMA_OK;
    CREMA_TRY(l->type->record(l));
    if (net->program->failed) return refused(net, l);
    CREMA_TRY(check_weights(net, l));
    push_down(net, l);
    give_tops(net, l);
    return CREMA_OK;
}

static enum crema_status record_or_forgive(struct crema_net *net,
                                           struct crema_layer *l)
{
    enum crema_status status = record_layer(net, l);

    CREMA_TRY(crema_net_forgive(net, l, status));
    if (status != CREMA_OK)
        net->program->failed = net->program->refused = false;
    return CREMA_OK;
}

static void find_losses(struct crema_net *net)
{
    for (int i = 0; i < net->nlosses; i++) {
        struct crema_loss *loss = &net->loss[i];

        loss->tensor = net->layer[loss->layer].top[loss->top];
        if (loss->tensor) crema_program_keep(loss->tensor);
    }
    for (int i = 0; i < net->noutputs; i++) {
        struct crema_tensor *t = net->blob[net->output[i]].last;

        if (t) crema_program_keep(t);
    }
}

static enum crema_status seed(struct crema_net *net)
{
    struct crema_program *p = net->program;

    p->layer = "loss";
    p->storage = p->grad_storage = CREMA_F32;
    CREMA_TRY(crema_net_seed_losses(net));
    for (int i = 0; i < net->ndiffs; i++) {
        struct crema_net_input *d = &net->diff[i];
        struct crema_blob *b = crema_net_blob(net, d->name);

        /* Backward complains, if it is not another size by then. */
        d->tensor = NULL;
        if (crema_shape_count(&d->shape) != crema_shape_count(&b->last->shape))
            continue;
        d->shape = b->last->shape;
        d->tensor = crema_program_input(p, &d->shape, CREMA_F32);
        crema_program_seed(p, b->last, d->tensor);
    }
    return p->failed ? net->ctx->status : CREMA_OK;
}

/* Where the host would have to wait for each loss. */
static void record_ring(struct crema_net *net)
{
    struct crema_tensor *loss[CREMA_RING_LOSSES];
    float weight[CREMA_RING_LOSSES];
    int n = net->nlosses;

    if (!net->defers || net->world->dev->type->host) return;
    for (int i = 0; i < n && n <= CREMA_RING_LOSSES; i++) {
        loss[i] = net->loss[i].tensor;
        weight[i] = net->loss[i].weight;
    }
    net->program->layer = "loss";
    crema_loss_ring(net->program, n, loss, weight);
}

static enum crema_status record_backward(struct crema_net *net)
{
    struct crema_program *p = net->program;

    record_ring(net);
    crema_program_end(p, CREMA_FORWARD);
    if (net->options.backward) {
        CREMA_TRY(seed(net));
        CREMA_TRY(crema_program_differentiate(p));
        if (net->updates) CREMA_TRY(net->updates(net->updates_user, net));
        if (p->failed) return net->ctx->status;
    }
    crema_program_end(p, CREMA_UPDATE);
    return CREMA_OK;
}

void crema_net_forget(struct crema_net *net)
{
    crema_program_free(net->program);
    net->program = NULL;
    net->prepared = net->fed = false;
    for (int i = 0; i < net->nblobs; i++)
        net->blob[i].first = net->blob[i].last = NULL;
    for (int i = 0; i < net->nlosses; i++) net->loss[i].tensor = NULL;
}

static enum crema_status record_all(struct crema_net *net)
{
    CREMA_TRY(crema_net_default_types(net));
    CREMA_TRY(crema_program_open(net->world->dev, &net->world->heap,
                                 net->options.train, &net->program));
    net->program->fuse = !net->options.no_fusion;
    net->program->arranged = net->arranged;
    for (int i = 0; i < net->nlayers; i++)
        CREMA_TRY(record_or_forgive(net, &net->layer[i]));
    find_losses(net);
    CREMA_TRY(record_backward(net));
    return net->recorded ? net->recorded(net->recorded_user, net) : CREMA_OK;
}

enum crema_status crema_net_record(struct crema_net *net)
{
    enum crema_status status;

    crema_net_forget(net);
    status = record_all(net);
    /* Half a program must not run. */
    if (status != CREMA_OK) crema_net_forget(net);
    return status;
}
