/* relu6.c - Y = min(max(X, 0), 6), of the MobileNet forks. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    const float limits[CREMA_FORMULA_NUMBERS] = { 0, 6 };

    l->top[0] = crema_unary(l->program, CREMA_UNARY_clip, limits, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc relu6_param = {
    .message = "relu6_param",
    .ignored = "negative_slope engine fuse",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "ReLU that ends at 6",
    .text = "  y = min(max(x, 0), 6)",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &relu6_param },
    .quirks = "From the MobileNet forks. Some of them call its message "
              "relu6_param; what that says has no effect.",
};

const struct crema_layer_type crema_layer_ReLU6 = {
    .name = "ReLU6",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
