/* net.c - building a net, and what can be asked of it. */
#include "net/net.h"

#include "net/build.h"

#include <stdlib.h>
#include <string.h>

static enum crema_status choose_layers(struct crema_net *net)
{
    size_t n = net->param->n_layer;

    net->layer = crema_arena_alloc(&net->arena, sizeof *net->layer * (n + 1));
    if (!net->layer) return crema_no_memory(net->ctx, "a net");
    for (size_t i = 0; i < n; i++) {
        Crema__LayerParameter *p = net->param->layer[i];
        bool included;

        CREMA_TRY(crema_net_includes(net, p, &included));
        if (!included) continue;
        if (!p->name) p->name = (char *)protobuf_c_empty_string;
        net->layer[net->nlayers++] = (struct crema_layer){
            .param = p,
            .source = net->source,
            .lender = &net->world->lender,
            .ctx = net->ctx,
            .train = net->options.train,
        };
    }
    return CREMA_OK;
}

enum crema_status crema_net_forgive(struct crema_net *net,
                                    struct crema_layer *l,
                                    enum crema_status status)
{
    bool lacking = status == CREMA_EUNSUPPORTED;

    if (status == CREMA_OK || !net->options.optimistic) return status;
    if (status != CREMA_EINVAL && status != CREMA_EIO && !lacking)
        return status;
    if (net->ctx->log)
        net->ctx->log(net->ctx->log_user,
                      lacking ? CREMA_WARNING : CREMA_ERROR,
                      net->ctx->message);
    if (l->type && l->type->free && l->state) l->type->free(l);
    l->type = NULL;
    return CREMA_OK;
}

static enum crema_status build(struct crema_net *net)
{
    CREMA_TRY(choose_layers(net));
    if (net->nlayers == 0 && !net->options.optimistic)
        return crema_fail(net->ctx, CREMA_EINVAL,
                          "%s: no layer is left for phase %s",
                          net->source ? net->source->path : "net",
                          net->options.train ? "TRAIN" : "TEST");
    CREMA_TRY(crema_net_connect(net));
    return crema_net_record(net);
}

enum crema_status crema_net_build(struct crema_world *world,
                                  Crema__NetParameter *param,
                                  const struct crema_source *source,
                                  const struct crema_net_options *options,
                                  struct crema_net **out)
{
    struct crema_net *net = calloc(1, sizeof *net);
    enum crema_status status;

    if (!net) return crema_no_memory(world->ctx, "a net");
    net->world = world;
    net->ctx = world->ctx;
    net->name = param->name ? param->name : "";
    net->param = param;
    net->source = source;
    net->options = *options;
    net->options.force_backward |= param->force_backward;
    status = build(net);
    if (status != CREMA_OK) {
        crema_net_free(net);
        return status;
    }
    *out = net;
    return CREMA_OK;
}

void crema_net_free(struct crema_net *net)
{
    if (!net) return;
    crema_program_free(net->program);
    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        if (l->type && l->type->free && l->state) l->type->free(l);
    }
    for (int i = 0; i < net->ninputs; i++) free(net->input[i].data);
    for (int i = 0; i < net->ndiffs; i++) free(net->diff[i].data);
    free(net->input);
    free(net->diff);
    free(net->values);
    crema_arena_free(&net->arena);
    free(net);
}

const struct crema_shape *crema_blob_shape(const struct crema_blob *blob)
{
    return &blob->last->shape;
}

enum crema_status crema_net_read_blob(struct crema_net *net,
                                      const struct crema_blob *blob,
                                      float *dense)
{
    return crema_tensor_read(net->world->dev, blob->last, dense);
}

struct crema_layer *crema_net_data(const struct crema_net *net,
                                   uint64_t *records)
{
    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];
        uint64_t n = l->type->records ? l->type->records(l) : 0;

        if (n == 0 || l->ntops == 0 || !l->top[0]) continue;
        if (records) *records = n;
        return l;
    }
    return NULL;
}

double crema_net_waited(const struct crema_net *net)
{
    double seconds = 0;

    for (int i = 0; i < net->nlayers; i++) {
        const struct crema_layer *l = &net->layer[i];

        if (l->type && l->type->waited) seconds += l->type->waited(l);
    }
    return seconds;
}
