/* permute.c - axes in another order: axis k of the top is axis order[k] of the
 * bottom; those not named follow in theirs.  From SSD. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__PermuteParameter, CREMA__PERMUTE_PARAMETER__INIT,
                  permute_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__PermuteParameter *p = param(l);
    int ndims = l->bottom[0]->shape.ndims, order[CREMA_MAX_DIMS], n = 0;
    bool used[CREMA_MAX_DIMS] = { false };

    for (size_t i = 0; i < p->n_order; i++) {
        uint32_t k = p->order[i];

        if (k >= (uint32_t)ndims || used[k])
            return crema_layer_fail(l, &p->order[i], "order: %u %s", k,
                                    k < (uint32_t)ndims
                                        ? "is given twice"
                                        : "is an axis that the bottom lacks");
        used[k] = true;
        order[n++] = (int)k;
    }
    for (int k = 0; k < ndims; k++)
        if (!used[k]) order[n++] = k;
    l->top[0] = crema_permute(l->program, order, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc permute_param = {
    .message = "permute_param",
    .fields =
        (const struct crema_field_doc[]){
            { "order", "an axis of x for each of y, once each" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "axes in another order",
    .text = "Axis k of y is axis order[k] of x; axes that order does not name "
            "follow in theirs.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "the same lengths in another order" } },
    .params = { &permute_param },
    .quirks = "From SSD.",
    .example = "permute_param { order: 0 order: 2 order: 3 order: 1 }",
};

const struct crema_layer_type crema_layer_Permute = {
    .name = "Permute",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
