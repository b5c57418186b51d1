/* flatten.c - the axes from `axis` to `end_axis` become one. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__FlattenParameter, CREMA__FLATTEN_PARAMETER__INIT,
                  flatten_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__FlattenParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_shape y = *x;
    int from, to;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &from));
    CREMA_TRY(crema_layer_axis(l, &p->end_axis, p->end_axis, x->ndims, &to));
    if (from > to)
        return crema_layer_fail(l, &p->end_axis,
                                "end_axis %d lies before axis %d", p->end_axis,
                                p->axis);
    y.ndims = x->ndims - (to - from);
    y.dim[from] = crema_shape_product(x, from, to + 1);
    for (int i = to + 1; i < x->ndims; i++) y.dim[i - (to - from)] = x->dim[i];
    l->top[0] = crema_view(l->program, &y, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc flatten_param = {
    .message = "flatten_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "the first of them; negative ones count from the end" },
            { "end_axis", "the last of them; likewise" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "several axes become one",
    .text = "The axes from axis to end_axis, both included, become one; no "
            "number moves.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "x's axes, those from axis to end_axis as one" } },
    .params = { &flatten_param },
};

const struct crema_layer_type crema_layer_Flatten = {
    .name = "Flatten",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
