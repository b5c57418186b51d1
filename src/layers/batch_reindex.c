/* batch_reindex.c - the images of the first bottom that the second names, in
 * its order. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    if (l->bottom[1]->shape.ndims != 1)
        return crema_layer_fail(l, NULL,
                                "the second bottom must be a list of indices, "
                                "of one axis");
    l->top[0] = crema_gather(l->program, l->bottom[0],
                             crema_detach(l->program, l->bottom[1]));
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "images in another order, by a list of indices",
    .text = "  y[i] = x[index[i]]\n\n"
            "An index may be there several times, or not at all.",
    .bottoms = { { "x", "N x any axes" },
                 { "index", "M whole numbers, 0 to N - 1, of one axis" } },
    .tops = { { "y", "M x the other axes of x" } },
    .quirks = "No gradient flows to the indices.",
};

const struct crema_layer_type crema_layer_BatchReindex = {
    .name = "BatchReindex",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
