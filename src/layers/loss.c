/* loss.c - labels, and by what a loss is divided. */
#include "layers/loss.h"

const struct crema_param_doc crema_loss_param_doc = {
    .message = "loss_param",
    .fields = (const struct crema_field_doc[]){ CREMA_LOSS_FIELDS, { 0 } },
    .refused = "label_smoothing weight_by_label_freqs class_weighting "
               "pos_weight",
};

struct crema_loss_rule crema_loss_rule(const struct crema_layer *l,
                                       enum crema_normalization usual)
{
    const Crema__LossParameter *p = l->param->loss_param;
    struct crema_loss_rule rule = { .normalization = usual };

    if (!p) return rule;
    rule.ignores = p->has_ignore_label;
    rule.ignore_label = p->ignore_label;
    if (p->has_normalize)
        rule.normalization =
            p->normalize ? CREMA_NORMALIZE_VALID : CREMA_NORMALIZE_BATCH_SIZE;
    if (!p->has_normalization) return rule;
    rule.fixed = p->pre_fixed_normalizer;
    if (p->normalization ==
        CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__PRE_FIXED)
        rule.normalization = CREMA_NORMALIZE_FIXED;
    else
        rule.normalization = (enum crema_normalization)p->normalization;
    return rule;
}

double crema_loss_divisor(const struct crema_loss_rule *rule, int64_t full,
                          int64_t batch, int64_t valid)
{
    double n = 1;

    if (rule->normalization == CREMA_NORMALIZE_VALID) n = (double)valid;
    if (rule->normalization == CREMA_NORMALIZE_FULL) n = (double)full;
    if (rule->normalization == CREMA_NORMALIZE_BATCH_SIZE) n = (double)batch;
    if (rule->normalization == CREMA_NORMALIZE_FIXED) n = (double)rule->fixed;
    return n > 1 ? n : 1;
}

enum crema_status crema_loss_label(const struct crema_layer *l,
                                   const struct crema_loss_rule *rule,
                                   const float *label, int64_t i,
                                   int64_t classes, int64_t *out)
{
    float value = label[i];

    *out = -1;
    if (rule && rule->ignores && value == (float)rule->ignore_label)
        return CREMA_OK;
    if (value > -1 && value < (float)classes) {
        *out = (int64_t)value;
        return CREMA_OK;
    }
    return crema_layer_fail(l, NULL,
                            "label %g at index %lld is not one of the %lld "
                            "classes, 0 to %lld",
                            (double)value, (long long)i, (long long)classes,
                            (long long)classes - 1);
}

static enum crema_status misfit(const struct crema_layer *l, int k,
                                const char *how)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];

    return crema_layer_fail(l, NULL, "bottoms of %s and %s %s",
                            crema_shape_text(&l->bottom[0]->shape, a),
                            crema_shape_text(&l->bottom[k]->shape, b), how);
}

enum crema_status crema_loss_same_size(const struct crema_layer *l, int k)
{
    const struct crema_shape *a = &l->bottom[0]->shape;
    const struct crema_shape *b = &l->bottom[k]->shape;

    if (a->ndims > 0 && b->ndims > 0 && a->dim[0] == b->dim[0] &&
        crema_shape_count(a) == crema_shape_count(b))
        return CREMA_OK;
    return misfit(l, k, "do not have the same number of elements");
}

enum crema_status crema_loss_difference(struct crema_layer *l,
                                        enum crema_reduction of, float coeff)
{
    static const float minus[2] = { 1, -1 };
    const struct crema_shape *a = &l->bottom[0]->shape;
    struct crema_tensor *pair[2] = { l->bottom[0] };

    CREMA_TRY(crema_loss_same_size(l, 1));
    pair[1] = crema_view(l->program, a, l->bottom[1]);
    l->top[0] = crema_reduce(l->program, of, coeff / (float)a->dim[0], 0,
                             a->ndims, crema_sum(l->program, 2, pair, minus));
    return CREMA_OK;
}

void crema_loss_record(struct crema_layer *l, const struct crema_host_op *host)
{
    static const struct crema_shape scalar = { 0 };

    crema_host(l->program, host, l->nbottoms, l->bottom, 1, &scalar, l->top);
}

enum crema_status crema_loss_record_labelled(struct crema_layer *l,
                                             const struct crema_host_op *host)
{
    const struct crema_shape *x = &l->bottom[0]->shape;

    if (x->ndims == 0 || crema_shape_count(&l->bottom[1]->shape) != x->dim[0])
        return misfit(l, 1, "do not fit: one label is needed for each image");
    crema_expect_labels(l->bottom[1], crema_shape_product(x, 1, x->ndims),
                        false, 0);
    l->bottom[1] = crema_detach(l->program, l->bottom[1]);
    crema_loss_record(l, host);
    return CREMA_OK;
}
