/* split.c - the same blob under several names. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    for (int i = 0; i < l->ntops; i++)
        l->top[i] = crema_alias(l->program, l->bottom[0]);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Split = {
    .name = "Split",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = -1,
    .record = record,
};
