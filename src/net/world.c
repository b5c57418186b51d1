/* world.c - what the nets of one process share. */
#include "data/lmdb.h"
#include "device/backend.h"
#include "net/net.h"

#include <stdlib.h>

static void *take(void *dev, size_t bytes)
{
    return ((struct crema_device *)dev)->type->host_alloc(dev, bytes);
}

static void give(void *dev, void *memory)
{
    ((struct crema_device *)dev)->type->host_free(dev, memory);
}

/* Batches lie where the device reads them by itself. */
static void lend_memory(struct crema_world *w)
{
    const struct crema_device_type *type = w->dev->type;

    w->lender.takes_bytes = type->takes_bytes;
    w->lender.holds = type->feed ? CREMA_FEED_HOLDS : 1;
    if (type->host_alloc)
        w->lender.memory = (struct crema_batch_memory){ take, give, w->dev };
}

enum crema_status crema_world_open(struct crema_ctx *ctx,
                                   struct crema_device *dev, uint32_t seed,
                                   struct crema_world **out)
{
    struct crema_world *w = calloc(1, sizeof *w);
    enum crema_status status;

    if (!w) return crema_no_memory(ctx, "a net's surroundings");
    w->ctx = ctx;
    w->dev = dev;
    w->weights.dev = dev;
    w->heap.dev = dev;
    w->loss_scale.name = "loss scale";
    w->loss_scale.shape = CREMA_SHAPE(2);
    w->loss_scale.dev = dev;
    w->lender = (struct crema_lender){
        .ctx = ctx,
        .weights = &w->weights,
        .dev = dev,
        .seed = seed,
        .opens_data = true,
    };
    lend_memory(w);
    status = crema_databases_new(ctx, &w->lender.databases);
    if (status != CREMA_OK) {
        free(w);
        return status;
    }
    *out = w;
    return CREMA_OK;
}

void crema_world_free(struct crema_world *w)
{
    if (!w) return;
    crema_weights_free(&w->weights);
    crema_heap_release(&w->heap);
    crema_param_release(&w->loss_scale);
    crema_databases_free(w->lender.databases);
    crema_arena_free(&w->arena);
    free(w);
}
