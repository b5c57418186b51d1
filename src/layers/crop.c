/* crop.c - what the first bottom has from `offset` on, as large as the second
 * from `axis` on.  The second is a model of the size only. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__CropParameter, CREMA__CROP_PARAMETER__INIT, crop_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__CropParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    const struct crema_shape *like = &l->bottom[1]->shape;
    struct crema_shape y = *x;
    int64_t first[CREMA_MAX_DIMS] = { 0 };
    int axis;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &axis));
    if (like->ndims < x->ndims)
        return crema_layer_fail(l, NULL,
                                "the bottoms have %d and %d axes; the second "
                                "must have all that are cropped",
                                x->ndims, like->ndims);
    if (p->n_offset > 1 && p->n_offset != (size_t)(x->ndims - axis))
        return crema_layer_fail(l, p->offset,
                                "%zu offsets for %d axes; give one for all or "
                                "one for each",
                                p->n_offset, x->ndims - axis);
    for (int k = axis; k < x->ndims; k++) {
        if (p->n_offset) first[k] = p->offset[p->n_offset > 1 ? k - axis : 0];
        y.dim[k] = like->dim[k];
    }
    l->top[0] = crema_crop(l->program, &y, first, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc crop_param = {
    .message = "crop_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "the first axis that is cropped; -1 is the last" },
            { "offset", "where the part begins: one for all axes, or one for "
                        "each; 0 when not given" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "a part of a blob, as large as another",
    .text = "From axis on, y is as large as the second bottom and begins in x "
            "at offset; before axis it is as x is.",
    .bottoms = { { "x", "of any shape" },
                 { "like", "of as many axes; only its shape counts" } },
    .tops = { { "y", "x's lengths before axis, like's from there on" } },
    .params = { &crop_param },
    .quirks = "No gradient flows to the second bottom.",
    .example = "crop_param { axis: 2 offset: 4 }",
};

const struct crema_layer_type crema_layer_Crop = {
    .name = "Crop",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
