/* reshape.c - the same numbers under another shape: 0 copies a dim, -1 stands
 * for what remains. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ReshapeParameter, CREMA__RESHAPE_PARAMETER__INIT,
                  reshape_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ReshapeParameter *p = param(l);
    int open = 0;

    for (size_t i = 0; p->shape && i < p->shape->n_dim; i++) {
        if (p->shape->dim[i] < -1)
            return crema_layer_fail(l, p->shape->dim,
                                    "dim: %lld; a dim is positive, 0 (copied) "
                                    "or -1 (what remains)",
                                    (long long)p->shape->dim[i]);
        open += p->shape->dim[i] == -1;
    }
    if (open > 1)
        return crema_layer_fail(l, p->shape->dim,
                                "only one dim can be -1, not %d", open);
    return CREMA_OK;
}

/* The axes from..to - 1 of the bottom are what the new dims replace.  A
 * negative axis counts from behind the last: -1 appends. */
static enum crema_status span(const struct crema_layer *l, int *from, int *to)
{
    const Crema__ReshapeParameter *p = param(l);
    int ndims = l->bottom[0]->shape.ndims;

    *from = p->axis < 0 ? ndims + p->axis + 1 : p->axis;
    *to = ndims;
    if (*from < 0 || *from > ndims)
        return crema_layer_fail(l, &p->axis,
                                "axis %d does not exist in a blob of %d axes",
                                p->axis, ndims);
    if (p->num_axes < -1 || p->num_axes > ndims - *from)
        return crema_layer_fail(l, &p->num_axes,
                                "%d axes from axis %d on do not exist in a "
                                "blob of %d axes",
                                p->num_axes, *from, ndims);
    if (p->num_axes >= 0) *to = *from + p->num_axes;
    return CREMA_OK;
}

static enum crema_status add(const struct crema_layer *l, struct crema_shape *y,
                             int64_t dim)
{
    if (y->ndims == CREMA_MAX_DIMS)
        return crema_layer_fail(l, NULL, "more than %d axes", CREMA_MAX_DIMS);
    y->dim[y->ndims++] = dim;
    return CREMA_OK;
}

/* Dim i of the new ones; *open: its index, if it is to be found. */
static enum crema_status new_dim(const struct crema_layer *l, size_t i,
                                 int from, struct crema_shape *y, int *open)
{
    const struct crema_shape *x = &l->bottom[0]->shape;
    const int64_t *dim = &param(l)->shape->dim[i];

    if (*dim == -1) *open = y->ndims;
    if (*dim != 0) return add(l, y, *dim == -1 ? 1 : *dim);
    if (from + (int)i >= x->ndims)
        return crema_layer_fail(l, dim,
                                "dim 0 copies axis %d, which the bottom lacks",
                                from + (int)i);
    return add(l, y, x->dim[from + (int)i]);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_shape *x = &l->bottom[0]->shape;
    const Crema__ReshapeParameter *p = param(l);
    struct crema_shape y = { 0 };
    int from, to, open = -1;
    int64_t rest;

    CREMA_TRY(span(l, &from, &to));
    for (int k = 0; k < from; k++) CREMA_TRY(add(l, &y, x->dim[k]));
    for (size_t i = 0; p->shape && i < p->shape->n_dim; i++)
        CREMA_TRY(new_dim(l, i, from, &y, &open));
    for (int k = to; k < x->ndims; k++) CREMA_TRY(add(l, &y, x->dim[k]));
    rest = crema_shape_valid(&y) ? crema_shape_count(&y) : 0;
    if (open >= 0 && rest > 0) y.dim[open] = crema_shape_count(x) / rest;
    l->top[0] = crema_view(l->program, &y, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc reshape_param = {
    .message = "reshape_param",
    .fields =
        (const struct crema_field_doc[]){
            { "shape", "the new lengths, outermost first" },
            { "axis", "the first that is replaced; negative ones count from "
                      "behind the last: -1 appends" },
            { "num_axes", "how many are replaced; -1: all that follow; 0: "
                          "none, the new ones are inserted" },
            { 0 },
        },
    .refused = "pixelshuffler",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "the same numbers under another shape",
    .text = "num_axes axes of x, from axis on, are replaced by those of shape, "
            "where 0 copies the length x has there and -1, at most once, "
            "stands for whatever remains. No number moves.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of as many elements" } },
    .params = { &reshape_param },
    .example = "reshape_param { shape { dim: 0 dim: -1 } }",
};

const struct crema_layer_type crema_layer_Reshape = {
    .name = "Reshape",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
