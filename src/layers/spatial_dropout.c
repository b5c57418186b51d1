/* spatial_dropout.c - whole channels dropped in TRAIN: Y = X m[n, c] /
 * (1 - ratio).  Of Intel's fork. */
#include "base/philox.h"
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__SpatialDropoutParameter,
                  CREMA__SPATIAL_DROPOUT_PARAMETER__INIT, spatial_dropout_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__SpatialDropoutParameter *p = param(l);

    if (p->dropout_ratio >= 0 && p->dropout_ratio < 1) return CREMA_OK;
    return crema_layer_fail(l, &p->dropout_ratio,
                            "dropout_ratio must be in [0, 1), got %g",
                            (double)p->dropout_ratio);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_tensor *mask;

    l->top[0] = l->bottom[0];
    if (!l->train) return CREMA_OK;
    if (x->ndims < 2)
        return crema_layer_fail(l, NULL,
                                "SpatialDropout reads blobs of at least 2 "
                                "axes");
    mask = crema_dropout(
        l->program, param(l)->dropout_ratio, l->lender->seed,
        crema_hash(l->param->name ? l->param->name : ""),
        crema_fill(l->program, &CREMA_SHAPE(x->dim[0], x->dim[1]), 1));
    l->top[0] = crema_scale(l->program, 0, l->bottom[0], mask, NULL);
    return CREMA_OK;
}

static const struct crema_param_doc spatial_dropout_param = {
    .message = "spatial_dropout_param",
    .fields =
        (const struct crema_field_doc[]){
            { "dropout_ratio",
              "share of channels that are dropped; at least 0, below 1" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "drops random channels in TRAIN",
    .text = "  TRAIN: y = x m / (1 - ratio),  m = 0 with probability ratio, "
            "else 1\n"
            "  TEST:  y = x\n\n"
            "m is one number for each image and channel.",
    .bottoms = { { "x", "N x C x any axes" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &spatial_dropout_param },
    .quirks = "Of Intel's fork.",
};

const struct crema_layer_type crema_layer_SpatialDropout = {
    .name = "SpatialDropout",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
