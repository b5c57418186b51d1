/* mvn.c - Y = (X - mean) / (deviation + eps), by image and channel or, with
 * across_channels, by image. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__MVNParameter, CREMA__MVNPARAMETER__INIT, mvn_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__MVNParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int axis = p->across_channels ? 1 : 2;
    struct crema_tensor *mean;

    if (x->ndims < axis)
        return crema_layer_fail(l, NULL, "wants a bottom of at least %d axes",
                                axis);
    if (p->normalize_variance) {
        l->top[0] = crema_standardize(l->program, p->eps, axis, l->bottom[0]);
        return CREMA_OK;
    }
    mean = crema_reduce(l->program, CREMA_REDUCE_SUM,
                        -1 / (float)crema_shape_product(x, axis, x->ndims),
                        axis, x->ndims, l->bottom[0]);
    l->top[0] = crema_scale(l->program, 0, l->bottom[0], NULL, mean);
    return CREMA_OK;
}

static const struct crema_param_doc mvn_param = {
    .message = "mvn_param",
    .fields =
        (const struct crema_field_doc[]){
            { "normalize_variance", "false: only the mean is taken off" },
            { "across_channels",
              "mean and deviation of all channels together" },
            { "eps", "added to the deviation" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_NORM,
    .line = "each image to mean 0 and variance 1",
    .text = "  y = (x - mean) / (deviation + eps)\n\n"
            "By image and channel or, with across_channels, by image. Nothing "
            "is learned or kept.",
    .bottoms = { { "x", "N x C x any axes" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &mvn_param },
    .quirks = "The gradient is Caffe's, which takes eps as if it were within "
              "the deviation.",
};

const struct crema_layer_type crema_layer_MVN = {
    .name = "MVN",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
