/* prelu.c - Y = X where it is positive, a X elsewhere; a is learned, for each
 * channel or one for all. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__PReLUParameter, CREMA__PRE_LUPARAMETER__INIT,
                  prelu_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__PReLUParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    Crema__FillerParameter quarter = CREMA__FILLER_PARAMETER__INIT;
    struct crema_shape shape = { 0 };

    if (x->ndims < 2)
        return crema_layer_fail(l, NULL, "wants a bottom of at least 2 axes");
    if (!p->channel_shared) shape = CREMA_SHAPE(x->dim[1]);
    quarter.value = 0.25f;
    l->top[0] = crema_prelu(
        l->program, l->bottom[0],
        crema_layer_weight(l, 0, &shape, p->filler ? p->filler : &quarter));
    return CREMA_OK;
}

static const struct crema_param_doc prelu_param = {
    .message = "prelu_param",
    .fields =
        (const struct crema_field_doc[]){
            { "filler", "first values of a; 0.25 when not given" },
            { "channel_shared", "one a for all channels" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "ReLU with a learned slope for negative elements",
    .text = "  y = x      where x > 0\n"
            "  y = a x    elsewhere\n\n"
            "a is a weight: one for each channel (axis 1), or one for all.",
    .bottoms = { { "x", "of two axes or more, channels at axis 1" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &prelu_param },
};

const struct crema_layer_type crema_layer_PReLU = {
    .name = "PReLU",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
