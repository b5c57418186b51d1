/* axpy.c - Y = a X + B, where a has one number for each image and channel.  The
 * bottoms are a, X and B.  From SENet's fork. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_shape *a = &l->bottom[0]->shape;
    const struct crema_shape *x = &l->bottom[1]->shape;
    struct crema_tensor *pair[2] = { NULL, l->bottom[2] };
    struct crema_shape channels;

    if (x->ndims < 2 || a->ndims < 2 || a->dim[0] != x->dim[0] ||
        a->dim[1] != x->dim[1] ||
        crema_shape_count(a) != a->dim[0] * a->dim[1]) {
        char s[CREMA_SHAPE_TEXT], t[CREMA_SHAPE_TEXT];

        return crema_layer_fail(l, NULL,
                                "a first bottom of %s does not have one number "
                                "for each image and channel of %s",
                                crema_shape_text(a, s), crema_shape_text(x, t));
    }
    channels = CREMA_SHAPE(x->dim[0], x->dim[1]);
    pair[0] =
        crema_scale(l->program, 0, l->bottom[1],
                    crema_view(l->program, &channels, l->bottom[0]), NULL);
    l->top[0] = crema_sum(l->program, 2, pair, NULL);
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "a scaled blob and another: a x + b",
    .text = "  y = a x + b\n\n"
            "a has one number for each image and channel, and is spread over "
            "the others of x.",
    .bottoms = { { "a", "N x C, or N x C x 1 x 1" },
                 { "x", "N x C x any axes" },
                 { "b", "of the shape of x" } },
    .tops = { { "y", "of the same shape" } },
    .quirks = "From SENet's fork.",
};

const struct crema_layer_type crema_layer_Axpy = {
    .name = "Axpy",
    .min_bottoms = 3,
    .max_bottoms = 3,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
