/* dropout.c - Y = X mask / (1 - ratio) in TRAIN, Y = X in TEST. */
#include "base/philox.h"
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__DropoutParameter, CREMA__DROPOUT_PARAMETER__INIT,
                  dropout_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__DropoutParameter *p = param(l);

    if (!(p->dropout_ratio >= 0 && p->dropout_ratio < 1))
        return crema_layer_fail(l, &p->dropout_ratio,
                                "dropout_ratio must be in [0, 1), got %g",
                                (double)p->dropout_ratio);
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__DropoutParameter *p = param(l);
    const float kept = 1 - p->dropout_ratio; /* share, on the average */
    struct crema_tensor *y = crema_dropout(
        l->program, p->dropout_ratio, l->lender->seed,
        crema_hash(l->param->name ? l->param->name : ""), l->bottom[0]);

    l->top[0] = p->scale_train ? y : crema_sum(l->program, 1, &y, &kept);
    return CREMA_OK;
}

static const struct crema_param_doc dropout_param = {
    .message = "dropout_param",
    .fields =
        (const struct crema_field_doc[]){
            { "dropout_ratio",
              "share of elements that are dropped; at least 0, below 1" },
            { "scale_train", "false, in forks: y = x m in TRAIN, and x (1 - "
                             "ratio) in TEST" },
            { 0 },
        },
    .ignored = "engine",
    .refused = "random_seed sqrt_scale sample_weights_test",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "drops random elements in TRAIN",
    .text = "  TRAIN: y = x m / (1 - ratio),  m = 0 with probability ratio, "
            "else 1\n"
            "  TEST:  y = x\n\n"
            "The mask depends on the seed, the layer's name, the pass and the "
            "element, never on threads.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &dropout_param },
    .quirks =
        "Numbers drawn at random come from another generator than Caffe's.",
    .example = "dropout_param { dropout_ratio: 0.5 }",
};

const struct crema_layer_type crema_layer_Dropout = {
    .name = "Dropout",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
