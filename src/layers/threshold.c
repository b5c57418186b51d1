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

static const struct crema_param_doc threshold_param = {
    .message = "threshold_param",
    .fields =
        (const struct crema_field_doc[]){
            { "threshold", "what x must be above" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "1 above a threshold, else 0",
    .text = "  y = 1   where x > threshold\n"
            "  y = 0   elsewhere\n\n"
            "No gradient flows back.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &threshold_param },
    .example = "threshold_param { threshold: 0.5 }",
};

const struct crema_layer_type crema_layer_Threshold = {
    .name = "Threshold",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
