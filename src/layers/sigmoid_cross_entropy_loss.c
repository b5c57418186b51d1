/* sigmoid_cross_entropy_loss.c - loss = -sum of w t log p + (1 - t) log(1 - p),
 * p = sigmoid(X), over what loss_param says; the batch's size by default.  w is
 * pos_weight: 1, or one number, or one for each index of axis 1. */
#include "layers/loss.h"

#include <math.h>

struct state {
    struct crema_loss_rule rule;
    const float *weight; /* of positive targets; or NULL */
    size_t nweights;     /* 1, or as long as axis 1 */
};

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__LossParameter *p = l->param->loss_param;
    struct state *s = l->state;

    if (p && p->n_pos_weight) {
        s->weight = p->pos_weight;
        s->nweights = p->n_pos_weight;
    }
    s->rule = crema_loss_rule(l, CREMA_NORMALIZE_BATCH_SIZE);
    return CREMA_OK;
}

static bool is_ignored(const struct crema_loss_rule *rule, float target)
{
    return rule->ignores && truncf(target) == (float)rule->ignore_label;
}

/* What the positive part of element i counts. */
static double weight_of(const struct state *s, const struct crema_shape *x,
                        int64_t i)
{
    int64_t inner;

    if (!s->weight) return 1;
    if (s->nweights == 1) return (double)s->weight[0];
    inner = crema_shape_product(x, 2, x->ndims);
    return (double)s->weight[i / inner % x->dim[1]];
}

static double divisor(const struct crema_loss_rule *rule,
                      const struct crema_host_tensor *x)
{
    int64_t count = crema_shape_count(&x[0].shape), valid = 0;

    for (int64_t i = 0; i < count; i++)
        valid += !is_ignored(rule, x[1].data[i]);
    return crema_loss_divisor(rule, count, x[0].shape.dim[0], valid);
}

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct state *s = state;
    int64_t count = crema_shape_count(&x[0].shape);
    double sum = 0;

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < count; i++) {
        double v = (double)x[0].data[i], t = (double)x[1].data[i];

        if (is_ignored(&s->rule, x[1].data[i])) continue;
        sum -= v * (t - (v >= 0)) - log1p(exp(-fabs(v)));
        if (s->weight)
            sum -= (weight_of(s, &x[0].shape, i) - 1) * t *
                   ((v < 0 ? v : 0) - log1p(exp(-fabs(v))));
    }
    *y[0].diff = (float)(sum / divisor(&s->rule, x));
    return CREMA_OK;
}

static enum crema_status backward(void *state, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    const struct state *s = state;
    int64_t count = crema_shape_count(&x[0].shape);
    float rate = (float)((double)*y[0].data / divisor(&s->rule, x));

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < count && x[0].diff; i++) {
        float p = 0.5f * tanhf(0.5f * x[0].data[i]) + 0.5f;

        float t = x[1].data[i], slope = p - t;

        if (s->weight)
            slope -= ((float)weight_of(s, &x[0].shape, i) - 1) * t * (1 - p);
        x[0].diff[i] = is_ignored(&s->rule, t) ? 0 : rate * slope;
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l->state };
    const struct crema_shape *x = &l->bottom[0]->shape;
    const struct state *s = l->state;

    CREMA_TRY(crema_loss_same_size(l, 1));
    if (s->nweights > 1 && (x->ndims < 2 || x->dim[1] != (int64_t)s->nweights))
        return crema_layer_fail(l, s->weight,
                                "%zu pos_weight: give one, or one for each "
                                "index of axis 1",
                                s->nweights);
    l->bottom[1] = crema_detach(l->program, l->bottom[1]);
    crema_loss_record(l, &host);
    return CREMA_OK;
}

static const struct crema_param_doc loss_param = {
    .message = "loss_param",
    .fields =
        (const struct crema_field_doc[]){
            CREMA_LOSS_FIELDS,
            { "pos_weight", "what positive targets count: one number, or one "
                            "for each index of axis 1" },
            { 0 },
        },
    .refused = "label_smoothing weight_by_label_freqs class_weighting",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "cross entropy of independent yes-or-no scores",
    .text = "  p = 1 / (1 + e^-x)\n"
            "  loss = -sum of w t log p + (1 - t) log(1 - p), over what "
            "loss_param says\n"
            "  w = pos_weight, 1 where it is not given",
    .bottoms = { { "x", "N x any axes: scores" },
                 { "t", "of the same number of elements: 0 to 1" } },
    .tops = { { "loss", "a single number" } },
    .params = { &loss_param },
    .quirks =
        "loss_param's normalization is BATCH_SIZE when not given. An element "
        "is ignored when its target, cut to a whole number, is ignore_label.",
};

const struct crema_layer_type crema_layer_SigmoidCrossEntropyLoss = {
    .name = "SigmoidCrossEntropyLoss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .state_size = sizeof(struct state),
    .loss = true,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
