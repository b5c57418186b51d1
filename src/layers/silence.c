/* silence.c - takes blobs that nobody else reads, so that they are no outputs
 * of the net. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    (void)l;
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Silence = {
    .name = "Silence",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 0,
    .max_tops = 0,
    .record = record,
};
