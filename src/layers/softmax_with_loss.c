/* softmax_with_loss.c - loss = mean of -log softmax(X)[label]; top 1, if there
 * is one: the softmax. */
#include "layers/loss.h"

CREMA_LAYER_PARAM(Crema__SoftmaxParameter, CREMA__SOFTMAX_PARAMETER__INIT,
                  softmax_param)

static enum crema_status setup(struct crema_layer *l)
{
    struct crema_softmax_loss *s = l->state;
    struct crema_loss_rule rule;

    CREMA_TRY(crema_layer_forks(l, param(l), 2, ""));
    CREMA_TRY(crema_loss_rule(l, CREMA_NORMALIZE_VALID, &rule));
    s->ignores = rule.ignores;
    s->ignore_label = rule.ignore_label;
    s->normalization = rule.normalization;
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__SoftmaxParameter *p = param(l);
    struct crema_softmax_loss *s = l->state;
    struct crema_tensor *prob;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, l->bottom[0]->shape.ndims,
                               &s->axis));
    l->top[0] = crema_softmax_with_loss(l->program, s, l->bottom[0],
                                        l->bottom[1], &prob);
    if (l->ntops > 1) l->top[1] = prob;
    return CREMA_OK;
}

static const struct crema_param_doc softmax_param = {
    .message = "softmax_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "along which the classes lie; -1 is the last" },
            { 0 },
        },
    .ignored = "engine",
    .refused = "class_weight hard_mining_label cutting_point normalize_type "
               "label_smooth_factor scaling_temperature hard_ratio",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "cross entropy of scores: the loss of classifiers",
    .text = "  loss = -sum of log softmax(x)[label], over what loss_param says",
    .bottoms = { { "x", "scores, classes along axis; any others: N x C, N x C "
                        "x H x W" },
                 { "label", "a class for each position outside axis" } },
    .tops = { { "loss", "a single number" },
              { "softmax", "optional, of the shape of x" } },
    .params = { &softmax_param, &crema_loss_param_doc },
    .quirks = "loss_param's normalization is VALID when not given. The second "
              "top can be used, which fails in Caffe's last version.",
};

const struct crema_layer_type crema_layer_SoftmaxWithLoss = {
    .name = "SoftmaxWithLoss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct crema_softmax_loss),
    .loss = true,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
