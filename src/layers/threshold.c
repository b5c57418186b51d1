/* threshold.c - Y = 1 where X is above the threshold, 0 elsewhere; no gradient
 * flows back. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ThresholdParameter, CREMA__THRESHOLD_PARAMETER__INIT,
                  threshold_param)

static enum crema_status record(struct crema_layer *l)
{
    const float at[CREMA_FORMULA_NUMBERS] = { param(l)->threshold };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_threshold, at,
                            crema_detach(l->program, l->bottom[0]));
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Threshold = {
    .name = "Threshold",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
};
