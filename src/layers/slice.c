/* slice.c - the bottom cut along `axis`: at the slice points, or evenly. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__SliceParameter, CREMA__SLICE_PARAMETER__INIT,
                  slice_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__SliceParameter *p = param(l);

    if (p->has_axis && p->has_slice_dim)
        return crema_layer_fail(l, &p->slice_dim,
                                "axis and slice_dim are both given; axis is "
                                "enough");
    if (l->ntops > CREMA_MAX_PORTS)
        return crema_layer_fail(l, NULL, "%d tops; %d are possible", l->ntops,
                                CREMA_MAX_PORTS);
    if (p->n_slice_point && p->n_slice_point != (size_t)l->ntops - 1)
        return crema_layer_fail(l, p->slice_point,
                                "%zu slice_point for %d tops; there must be %d",
                                p->n_slice_point, l->ntops, l->ntops - 1);
    return CREMA_OK;
}

static enum crema_status find_axis(const struct crema_layer *l, int *axis)
{
    const Crema__SliceParameter *p = param(l);
    int ndims = l->bottom[0]->shape.ndims;

    if (p->has_slice_dim && p->slice_dim >= (uint32_t)ndims)
        return crema_layer_fail(l, &p->slice_dim,
                                "slice_dim %u does not exist in a blob of %d "
                                "axes",
                                p->slice_dim, ndims);
    return crema_layer_axis(l, &p->axis,
                            p->has_slice_dim ? (int)p->slice_dim : p->axis,
                            ndims, axis);
}

/* size[k]: of top k, on an axis of `length`. */
static enum crema_status divide(const struct crema_layer *l, int64_t length,
                                int64_t *size)
{
    const Crema__SliceParameter *p = param(l);
    int64_t from = 0;

    if (!p->n_slice_point && length % l->ntops)
        return crema_layer_fail(l, NULL,
                                "an axis of %lld cannot be cut into %d equal "
                                "parts",
                                (long long)length, l->ntops);
    for (int k = 0; k < l->ntops; k++) {
        int64_t to = length;

        if (!p->n_slice_point)
            to = from + length / l->ntops;
        else if (k < l->ntops - 1)
            to = p->slice_point[k];
        if (to <= from || to > length)
            return crema_layer_fail(
                l, p->slice_point,
                "slice points must rise and lie between 0 and %lld, the "
                "length of the axis",
                (long long)length);
        size[k] = to - from;
        from = to;
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    int64_t size[CREMA_MAX_PORTS];
    int axis;

    CREMA_TRY(find_axis(l, &axis));
    CREMA_TRY(divide(l, l->bottom[0]->shape.dim[axis], size));
    if (l->ntops == 1)
        l->top[0] = crema_alias(l->program, l->bottom[0]);
    else
        crema_slice(l->program, axis, l->bottom[0], l->ntops, size, l->top);
    return CREMA_OK;
}

static const struct crema_param_doc slice_param = {
    .message = "slice_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "-1 is the last" },
            { "slice_point", "indices, rising, one less than tops" },
            { "slice_dim",
              "old name of axis, without negative numbers; one of the two" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "a blob cut along an axis",
    .text = "With slice_point, the first top ends before the first of them, "
            "and so on; without, all tops have the same length.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "a", "x but for axis" },
              { "b", "optional, likewise; more may follow" } },
    .params = { &slice_param },
    .example = "top: \"b\"\n"
               "slice_param { axis: 1 slice_point: 2 }",
};

const struct crema_layer_type crema_layer_Slice = {
    .name = "Slice",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = -1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
