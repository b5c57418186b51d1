/* concat.c - the bottoms side by side along `axis`. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ConcatParameter, CREMA__CONCAT_PARAMETER__INIT,
                  concat_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ConcatParameter *p = param(l);

    if (p->has_axis && p->has_concat_dim)
        return crema_layer_fail(l, &p->concat_dim,
                                "axis and concat_dim are both given; axis is "
                                "enough");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ConcatParameter *p = param(l);
    int ndims = l->bottom[0]->shape.ndims, axis;

    if (p->has_concat_dim && p->concat_dim >= (uint32_t)ndims)
        return crema_layer_fail(l, &p->concat_dim,
                                "concat_dim %u does not exist in a blob of %d "
                                "axes",
                                p->concat_dim, ndims);
    CREMA_TRY(crema_layer_axis(l, &p->axis,
                               p->has_concat_dim ? (int)p->concat_dim : p->axis,
                               ndims, &axis));
    l->top[0] = crema_concat(l->program, axis, l->nbottoms, l->bottom);
    return CREMA_OK;
}

static const struct crema_param_doc concat_param = {
    .message = "concat_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "-1 is the last" },
            { "concat_dim",
              "old name of axis, without negative numbers; one of the two" },
            { 0 },
        },
    .ignored = "engine per_fla_fuse",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "blobs side by side along an axis",
    .text = "The bottoms one behind the other along axis. Along all other axes "
            "they have the same length.",
    .bottoms = { { "a", "of any shape" },
                 { "b", "the same but for axis; more may follow" } },
    .tops = { { "y", "along axis, as long as all together" } },
    .params = { &concat_param },
    .example = "concat_param { axis: 1 }",
};

const struct crema_layer_type crema_layer_Concat = {
    .name = "Concat",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
