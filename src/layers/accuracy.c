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
    return CREMA_OK;
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

static const struct crema_param_doc accuracy_param = {
    .message = "accuracy_param",
    .fields =
        (const struct crema_field_doc[]){
            { "top_k", "how many of the best scores count" },
            { "axis", "along which the classes lie; -1 is the last" },
            { "ignore_label", "positions with this label are left out" },
            { 0 },
        },
    .refused = "min_is_better",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_MEASURE,
    .line = "share of labels among the top_k scores",
    .text = "A position counts when fewer than top_k other classes have a "
            "score at least as high as the labelled one's. Without any valid "
            "label it is 0. No gradient flows back.",
    .bottoms = { { "x", "scores, classes along axis" },
                 { "label", "a class for each position outside axis" } },
    .tops = { { "accuracy", "a single number, 0 to 1" },
              { "by_class", "optional, classes: the share for each" } },
    .params = { &accuracy_param },
    .quirks = "A tie counts against the label: a net that says the same of all "
              "classes gets 0. A score that is not a number counts as the "
              "best, as in Caffe.",
    .example = "include { phase: TEST }\n"
               "accuracy_param { top_k: 5 }",
};

const struct crema_layer_type crema_layer_Accuracy = {
    .name = "Accuracy",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 2,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
