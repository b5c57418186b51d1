/* bias.c - Y = X + b along `axis`; b is a weight over num_axes axes, or the
 * second bottom. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__BiasParameter, CREMA__BIAS_PARAMETER__INIT, bias_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__BiasParameter *p = param(l);
    struct crema_tensor *b = l->bottom[l->nbottoms - 1];
    struct crema_shape shape;
    int axis;

    CREMA_TRY(crema_layer_span(l, &p->axis, &p->num_axes, &axis, &shape));
    if (l->nbottoms == 1) b = crema_layer_weight(l, 0, &shape, p->filler);
    l->top[0] = crema_scale(l->program, axis, l->bottom[0], NULL, b);
    return CREMA_OK;
}

static const struct crema_param_doc bias_param = {
    .message = "bias_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "where b begins in x; -1 is the last axis" },
            { "num_axes",
              "axes of the weight; -1: all that follow; 0: a single number" },
            { "filler", "first values of the weight" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "adds a learned or a second blob, spread along axes",
    .text = "  y = x + b\n\n"
            "b lies over x's axes from axis on and is repeated along the "
            "others. With one bottom it is a weight of num_axes axes; else it "
            "is the second bottom.",
    .bottoms = { { "x", "of any shape" },
                 { "b", "optional: x's axes from axis on, some or all" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &bias_param },
};

const struct crema_layer_type crema_layer_Bias = {
    .name = "Bias",
    .min_bottoms = 1,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
