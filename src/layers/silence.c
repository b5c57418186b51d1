/* silence.c - takes blobs that nobody else reads, so that they are no outputs
 * of the net. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    (void)l;
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "takes blobs that nobody else reads",
    .text = "Does nothing. A blob that it reads is no output of the net and is "
            "not printed.",
    .bottoms = { { "x", "of any shape; more may follow" } },
};

const struct crema_layer_type crema_layer_Silence = {
    .name = "Silence",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 0,
    .max_tops = 0,
    .record = record,
    .doc = &doc,
};
