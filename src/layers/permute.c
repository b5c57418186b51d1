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

const struct crema_layer_type crema_layer_Permute = {
    .name = "Permute",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
