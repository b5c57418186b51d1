/* softmax_with_loss.c - loss = mean of -log softmax(X)[label]; top 1, if there
 * is one: the softmax. */
#include "layers/loss.h"

CREMA_LAYER_PARAM(Crema__SoftmaxParameter, CREMA__SOFTMAX_PARAMETER__INIT,
                  softmax_param)

struct state {
    struct crema_softmax_loss loss;
    struct crema_param weight; /* what each class counts, if they differ */
};

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__LossParameter *p = l->param->loss_param;
    struct state *s = l->state;
    const struct crema_loss_rule rule =
        crema_loss_rule(l, CREMA_NORMALIZE_VALID);

    s->loss.ignores = rule.ignores;
    s->loss.ignore_label = rule.ignore_label;
    s->loss.normalization = rule.normalization;
    s->loss.fixed = rule.fixed;
    s->loss.smoothing = p ? p->label_smoothing : 0;
    if (s->loss.smoothing >= 0 && s->loss.smoothing <= 1) return CREMA_OK;
    return crema_layer_fail(l, &p->label_smoothing,
                            "label_smoothing must be from 0 to 1, got %g",
                            (double)s->loss.smoothing);
}

/* NULL where all classes count alike. */
static enum crema_status record_weight(struct crema_layer *l,
                                       struct crema_tensor **out)
{
    const Crema__LossParameter *p = l->param->loss_param;
    struct state *s = l->state;
    int64_t classes = l->bottom[0]->shape.dim[s->loss.axis];

    *out = NULL;
    if (!p || p->n_class_weighting == 0) return CREMA_OK;
    if (p->has_weight_by_label_freqs && !p->weight_by_label_freqs)
        return CREMA_OK;
    if ((int64_t)p->n_class_weighting != classes)
        return crema_layer_fail(l, p->class_weighting,
                                "%zu class_weighting for %lld classes: give "
                                "one for each",
                                p->n_class_weighting, (long long)classes);
    if (!s->weight.dev) {
        s->weight = (struct crema_param){ .name = l->param->name,
                                          .shape = CREMA_SHAPE(classes),
                                          .dev = l->program->dev };
        CREMA_TRY(
            crema_param_write(&s->weight, 0, classes, p->class_weighting));
    }
    *out = crema_program_param(l->program, &s->weight, false);
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__SoftmaxParameter *p = param(l);
    struct state *s = l->state;
    struct crema_tensor *prob, *weight;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, l->bottom[0]->shape.ndims,
                               &s->loss.axis));
    CREMA_TRY(record_weight(l, &weight));
    l->top[0] = crema_softmax_with_loss(l->program, &s->loss, l->bottom[0],
                                        l->bottom[1], weight, &prob);
    if (l->ntops > 1) l->top[1] = prob;
    return CREMA_OK;
}

static void release(struct crema_layer *l)
{
    struct state *s = l->state;

    if (s->weight.dev) crema_param_release(&s->weight);
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

static const struct crema_param_doc loss_param = {
    .message = "loss_param",
    .fields =
        (const struct crema_field_doc[]){
            CREMA_LOSS_FIELDS,
            { "label_smoothing", "share of the target that all classes have "
                                 "together, from 0 to 1; 0.1 is usual" },
            { "class_weighting", "what a position counts, by its label: one "
                                 "number for each class" },
            { "weight_by_label_freqs",
              "false leaves class_weighting without effect" },
            { 0 },
        },
    .refused = "pos_weight",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "cross entropy of scores: the loss of classifiers",
    .text =
        "  loss = -sum of w[label] t log softmax(x), over what loss_param "
        "says\n"
        "  t = (1 - label_smoothing) at the label + label_smoothing / classes\n"
        "  w = class_weighting, 1 where it is not given",
    .bottoms = { { "x", "scores, classes along axis; any others: N x C, N x C "
                        "x H x W" },
                 { "label", "a class for each position outside axis" } },
    .tops = { { "loss", "a single number" },
              { "softmax", "optional, of the shape of x" } },
    .params = { &softmax_param, &loss_param },
    .quirks =
        "loss_param's normalization is VALID when not given. The second top "
        "can be used, which fails in Caffe's last version. Forks smooth the "
        "gradient only, each in another way; here the loss is smoothed, too, "
        "and its gradient is the derivative. class_weighting counts unless "
        "weight_by_label_freqs: false is said.",
};

const struct crema_layer_type crema_layer_SoftmaxWithLoss = {
    .name = "SoftmaxWithLoss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct state),
    .loss = true,
    .setup = setup,
    .record = record,
    .free = release,
    .doc = &doc,
};
