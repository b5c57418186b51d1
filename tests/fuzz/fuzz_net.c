/* fuzz_net.c - any prototxt: a net of it, run forward and backward on ref.
 *
 * The net is built without values first: what is too large or too slow for a
 * test, or reads files, goes no further.
 */
#include "device/op.h"
#include "net/net.h"
#include "proto/upgrade.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ELEMENTS = 100000, MOST_FLOPS = 10000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_small(const struct crema_net *net)
{
    const struct crema_program *p = net->program;
    int64_t elements = 0;
    double flops = 0;

    for (const struct crema_tensor *t = p->tensors; t; t = t->next) {
        elements += crema_shape_count(&t->shape);
        if (elements > MOST_ELEMENTS) return false;
    }
    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->type->flops) flops += p->op[i]->type->flops(p->op[i]);
    for (int i = 0; i < net->nlayers; i++)
        if (net->layer[i].type->waited) return false;
    return flops <= MOST_FLOPS;
}

static void run(struct crema_net *net)
{
    float loss;

    for (int i = 0; i < 2; i++)
        if (crema_net_forward(net) != CREMA_OK ||
            crema_net_loss(net, &loss) != CREMA_OK ||
            crema_net_backward(net) != CREMA_OK)
            return;
}

/* True when the net was built; it then was small, or has run. */
static bool try_net(struct crema_ctx *ctx, struct crema_device *dev,
                    Crema__NetParameter *param,
                    const struct crema_source *source, bool train, bool values)
{
    const struct crema_net_options o = { .train = train, .backward = true };
    struct crema_world *world;
    struct crema_net *net;
    bool good = false;

    if (crema_world_open(ctx, dev, 1, &world) != CREMA_OK) abort();
    world->lender.no_values = !values;
    world->lender.opens_data = values;
    if (crema_net_build(world, param, source, &o, &net) == CREMA_OK) {
        good = is_small(net);
        if (good && values) run(net);
        crema_net_free(net);
    }
    crema_world_free(world);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_source *source;
    struct crema_device *dev;
    Crema__NetParameter *param;
    ProtobufCMessage *message;

    if (!ctx || crema_device_open(ctx, "ref", 1, &dev) != CREMA_OK) abort();
    if (crema_text_read(ctx, "fuzz", (const char *)data, size,
                        &crema__net_parameter__descriptor, CREMA_TEXT_STRICT,
                        &message, &source) == CREMA_OK) {
        param = (Crema__NetParameter *)message;
        if (crema_net_upgrade(ctx, source, param) == CREMA_OK)
            for (int train = 0; train < 2; train++)
                if (try_net(ctx, dev, param, source, train, false))
                    try_net(ctx, dev, param, source, train, true);
        crema_source_free(source);
    }
    crema_device_free(dev);
    crema_ctx_free(ctx);
    return 0;
}
