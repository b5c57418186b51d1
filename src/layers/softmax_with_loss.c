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
};
