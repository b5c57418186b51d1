/* clip.c - Y = min(max(X, min), max). */
#include "layers/layer.h"

static enum crema_status setup(struct crema_layer *l)
{
    if (!l->param->clip_param)
        return crema_layer_fail(l, NULL,
                                "clip_param { min: .. max: .. } is "
                                "missing");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ClipParameter *p = l->param->clip_param;
    const float limits[CREMA_FORMULA_NUMBERS] = { p->min, p->max };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_clip, limits, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc clip_param = {
    .message = "clip_param",
    .fields =
        (const struct crema_field_doc[]){
            { "min", "smallest value of y; must be given" },
            { "max", "largest value of y; must be given" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "limits to a range",
    .text = "  y = min(max(x, min), max)\n\n"
            "The gradient passes where min <= x <= max.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &clip_param },
    .quirks = "In place Caffe takes the gradient from the limited value; here "
              "it is the derivative.",
    .example = "clip_param { min: 0 max: 1 }",
};

const struct crema_layer_type crema_layer_Clip = {
    .name = "Clip",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
