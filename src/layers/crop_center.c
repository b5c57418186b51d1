/* crop_center.c - crop_size[k] entries less at either end of axis k.  Of
 * waifu2x's fork. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__CropCenterParameter,
                  CREMA__CROP_CENTER_PARAMETER__INIT, crop_center_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__CropCenterParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int64_t first[CREMA_MAX_DIMS];
    struct crema_shape y = *x;

    if (p->n_crop_size != (size_t)x->ndims)
        return crema_layer_fail(l, p->n_crop_size ? &p->crop_size[0] : NULL,
                                "give a crop_size for each of %d axes",
                                x->ndims);
    for (int k = 0; k < x->ndims; k++) {
        first[k] = p->crop_size[k];
        y.dim[k] -= 2 * first[k];
        if (y.dim[k] < 1)
            return crema_layer_fail(l, &p->crop_size[k],
                                    "nothing is left of %lld",
                                    (long long)x->dim[k]);
    }
    l->top[0] = crema_crop(l->program, &y, first, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc crop_center_param = {
    .message = "crop_center_param",
    .fields =
        (const struct crema_field_doc[]){
            { "crop_size", "for each axis: entries left out at either end" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "the middle of a blob",
    .text = "Axis k has 2 crop_size[k] entries less, half of them at either "
            "end.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "with as many axes" } },
    .params = { &crop_center_param },
    .quirks = "Of waifu2x's fork.",
    .example = "crop_center_param { crop_size: [0, 0, 1, 1] }",
};

const struct crema_layer_type crema_layer_CropCenter = {
    .name = "CropCenter",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
