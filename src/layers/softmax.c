/* softmax.c - Y = exp(X) / sum of exp(X) along `axis`. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__SoftmaxParameter, CREMA__SOFTMAX_PARAMETER__INIT,
                  softmax_param)

static enum crema_status record(struct crema_layer *l)
{
    const Crema__SoftmaxParameter *p = param(l);
    int axis;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, l->bottom[0]->shape.ndims,
                               &axis));
    l->top[0] = crema_softmax(l->program, axis, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc softmax_param = {
    .message = "softmax_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "along which the sum is 1; -1 is the last" },
            { 0 },
        },
    .ignored = "engine",
    .refused = "class_weight hard_mining_label cutting_point normalize_type "
               "label_smooth_factor scaling_temperature hard_ratio",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "positive numbers whose sum is 1",
    .text = "  y = e^x / sum of e^x along axis",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &softmax_param },
};

const struct crema_layer_type crema_layer_Softmax = {
    .name = "Softmax",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
