/* labels.c - what is asked of class labels, once for all ops that read them. */
#include "device/ops/labels.h"

void crema_expect_labels(struct crema_tensor *t, int64_t count, bool ignores,
                         int ignore_label)
{
    bool first = t && t->labels == 0;

    if (!t) return;
    /* Of several readers the strictest counts. */
    if (first || count < t->labels) t->labels = count;
    t->ignores =
        ignores && (first || (t->ignores && t->ignore_label == ignore_label));
    t->ignore_label = ignore_label;
}

bool crema_labels_fit(struct crema_program *p, int axis,
                      const struct crema_tensor *x,
                      const struct crema_tensor *label)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];
    struct crema_sides s;

    if (axis < 0 || axis >= x->shape.ndims) {
        crema_op_refuse(p, "a blob of %s has no axis %d",
                        crema_shape_text(&x->shape, a), axis);
        return false;
    }
    s = crema_sides(&x->shape, axis);
    if (crema_shape_count(&label->shape) == s.outer * s.inner) return true;
    crema_op_refuse(p,
                    "labels of %s do not fit scores of %s: %lld are needed, "
                    "one for each position outside axis %d",
                    crema_shape_text(&label->shape, b),
                    crema_shape_text(&x->shape, a),
                    (long long)(s.outer * s.inner), axis);
    return false;
}

enum crema_status crema_label_read(struct crema_ctx *ctx,
                                   const struct crema_op *op,
                                   const float *label, int64_t i,
                                   int64_t classes, const int *ignored,
                                   int64_t *out)
{
    float value = label[i];

    *out = -1;
    if (ignored && value == (float)*ignored) return CREMA_OK;
    /* Not (int)value: a label beyond int, or NaN, is refused as well. */
    if (value > -1 && value < (float)classes) {
        *out = (int64_t)value;
        return CREMA_OK;
    }
    return crema_fail(ctx, CREMA_EINVAL,
                      "layer \"%s\": label %g at index %lld is not one of the "
                      "%lld classes, 0 to %lld",
                      op->layer ? op->layer : "", (double)value, (long long)i,
                      (long long)classes, (long long)classes - 1);
}
