/* accuracy.c - share of positions whose true class is among the top k.
 *
 * A class that scores as much as the true one counts as better.  Positions
 * with the ignored label do not count; without any position it is 0.
 */
#include "device/ops/labels.h"

#include <string.h>

struct crema_tensor *crema_top_accuracy(struct crema_program *p,
                                        const struct crema_accuracy *a,
                                        struct crema_tensor *x,
                                        struct crema_tensor *label,
                                        struct crema_tensor **per_class)
{
    struct crema_tensor *in[2] = { x, label };
    struct crema_shape shapes[2] = { { 0 } };
    struct crema_op *op;

    if (per_class) *per_class = NULL;
    if (!x || !label || !crema_labels_fit(p, a->axis, x, label)) return NULL;
    if (a->top_k < 1 || a->top_k > x->shape.dim[a->axis])
        return crema_op_refuse(p, "the top %d of %lld classes", a->top_k,
                               (long long)x->shape.dim[a->axis]);
    crema_expect_labels(label, x->shape.dim[a->axis], a->ignores,
                        a->ignore_label);
    shapes[1] = CREMA_SHAPE(x->shape.dim[a->axis]);
    op = crema_op_record(p, &crema_op_accuracy, a, 2, in, per_class ? 2 : 1,
                         shapes);
    if (!op) return NULL;
    if (per_class) *per_class = op->out[1];
    return op->out[0];
}

/* x: `length` scores, `step` apart. */
static bool among_the_top(int k, const float *x, int64_t length, int64_t step,
                          int64_t class)
{
    int better = -1; /* the class itself counts, too */

    for (int64_t c = 0; c < length && better < k; c++)
        better += x[c * step] >= x[class * step];
    return better < k;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_accuracy *a = op->params;
    struct crema_sides s = crema_sides(&op->in[0]->shape, a->axis);
    const float *x = crema_in(op, 0), *label = crema_in(op, 1);
    float *each = crema_out(op, 1);
    int64_t valid = 0, hits = 0, class;

    if (each) memset(each, 0, sizeof(float) * (size_t)s.length);
    for (int64_t i = 0; i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.length * s.inner + i % s.inner;
        bool hit;

        CREMA_TRY(crema_label_read(ctx, op, label, i, s.length,
                                   a->ignores ? &a->ignore_label : NULL,
                                   &class));
        if (class < 0) continue;
        hit = among_the_top(a->top_k, x + at, s.length, s.inner, class);
        valid++;
        hits += hit;
        if (each && hit) each[class]++;
    }
    *crema_out(op, 0) = valid ? (float)hits / (float)valid : 0;
    for (int64_t c = 0; each && c < s.length; c++) {
        int64_t members = 0;

        if (a->ignores && a->ignore_label == c) continue;
        for (int64_t i = 0; i < s.outer * s.inner; i++)
            members += (int64_t)label[i] == c;
        if (members) each[c] /= (float)members;
    }
    return CREMA_OK;
}

/* x label -> accuracy [per_class] */
const struct crema_op_type crema_op_accuracy = {
    .name = "accuracy",
    .params_size = sizeof(struct crema_accuracy),
    .ref = ref,
};
