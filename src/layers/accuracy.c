/* accuracy.c - share of positions whose label is among the top_k scores; top 1,
 * if there is one: the same for each class. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__AccuracyParameter, CREMA__ACCURACY_PARAMETER__INIT,
                  accuracy_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__AccuracyParameter *p = param(l);

    if (p->top_k < 1)
        return crema_layer_fail(l, &p->top_k, "top_k must be positive, got 0");
    return crema_layer_forks(l, p, 3, "");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__AccuracyParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_accuracy a = { .ignores = p->has_ignore_label,
                                .ignore_label = p->ignore_label };

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &a.axis));
    if ((int64_t)p->top_k > x->dim[a.axis])
        return crema_layer_fail(l, &p->top_k, "top_k %u of %lld classes",
                                p->top_k, (long long)x->dim[a.axis]);
    a.top_k = (int)p->top_k;
    l->top[0] = crema_top_accuracy(l->program, &a, l->bottom[0], l->bottom[1],
                                   l->ntops > 1 ? &l->top[1] : NULL);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Accuracy = {
    .name = "Accuracy",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 2,
    .setup = setup,
    .record = record,
};
