/* scale.c - Y = X s + b along `axis`.
 *
 * s is a weight over num_axes axes, or the second bottom; b, with bias_term, is
 * a weight of the same shape.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ScaleParameter, CREMA__SCALE_PARAMETER__INIT,
                  scale_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ScaleParameter *p = param(l);
    Crema__FillerParameter one = CREMA__FILLER_PARAMETER__INIT;
    struct crema_tensor *s = l->bottom[l->nbottoms - 1], *b = NULL;
    struct crema_shape shape;
    int axis;

    CREMA_TRY(crema_layer_span(l, &p->axis, &p->num_axes, &axis, &shape));
    one.value = 1;
    if (l->nbottoms == 1)
        s = crema_layer_weight(l, 0, &shape, p->filler ? p->filler : &one);
    if (p->bias_term)
        b = crema_layer_weight(l, l->nbottoms == 1 ? 1 : 0, &shape,
                               p->bias_filler);
    l->top[0] = crema_scale(l->program, axis, l->bottom[0], s, b);
    return CREMA_OK;
}

static const struct crema_param_doc scale_param = {
    .message = "scale_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "where s begins in x; -1 is the last axis" },
            { "num_axes",
              "axes of the weight; -1: all that follow; 0: a single number" },
            { "filler", "first values of s; 1 when not given" },
            { "bias_term", "adds b" },
            { "bias_filler", "first values of b" },
            { 0 },
        },
    .refused = "min_value max_value",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "multiplies by a learned or a second blob, along axes",
    .text =
        "  y = x s + b\n\n"
        "s lies over x's axes from axis on and is repeated along the others. "
        "With one bottom it is a weight of num_axes axes; else it is the "
        "second bottom. b, with bias_term, is a weight of the same shape.",
    .bottoms = { { "x", "of any shape" },
                 { "s", "optional: x's axes from axis on, some or all" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &scale_param },
    .quirks =
        "Caffe overwrites the weight's gradient instead of adding to it when s "
        "has all of x's axes; here it is added always, as iter_size needs it.",
    .example = "scale_param { bias_term: true }",
};

const struct crema_layer_type crema_layer_Scale = {
    .name = "Scale",
    .min_bottoms = 1,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
