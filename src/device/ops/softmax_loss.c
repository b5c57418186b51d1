/* softmax_loss.c - softmax and the mean of -log of the true class.
 *
 *   P    = softmax(X) along the axis
 *   T    = (1 - smoothing) 1[label] + smoothing / classes
 *   loss = sum of -weight[label] T log max(P, FLT_MIN) / n
 *   dX   = dloss weight[label] (P - T) / n, 0 where the label is ignored
 *
 * n: the labels that count (VALID), all labels (FULL), the product of the axes
 * before (BATCH_SIZE), 1 (NONE) or given (FIXED); at least 1.
 */
#include "device/ops/labels.h"

#include <float.h>
#include <math.h>

struct crema_tensor *crema_softmax_with_loss(struct crema_program *p,
                                             const struct crema_softmax_loss *l,
                                             struct crema_tensor *x,
                                             struct crema_tensor *label,
                                             struct crema_tensor *weight,
                                             struct crema_tensor **prob)
{
    struct crema_tensor *in[3] = { x, label, weight };
    struct crema_shape shapes[2] = { { 0 } };
    struct crema_op *op;

    if (prob) *prob = NULL;
    if (!x || !label || !crema_labels_fit(p, l->axis, x, label)) return NULL;
    crema_expect_labels(label, x->shape.dim[l->axis], l->ignores,
                        l->ignore_label);
    shapes[1] = x->shape;
    op = crema_op_record(p, &crema_op_softmax_loss, l, 3, in, 2, shapes);
    if (!op) return NULL;
    op->out[0]->needs_grad = x->needs_grad;
    op->out[1]->needs_grad = false;
    if (prob) *prob = op->out[1];
    return op->out[0];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[4] = { op->out[1], op->in[1], op->out[0]->grad,
                                   op->in[2] };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_softmax_loss_bwd, op->params, 4, in,
                             1, &dx, op);
}

/* ---- the definition --------------------------------------------------- */

static double normalizer(const struct crema_softmax_loss *l,
                         struct crema_sides s, int64_t valid)
{
    double n = 1;

    if (l->normalization == CREMA_NORMALIZE_VALID) n = (double)valid;
    if (l->normalization == CREMA_NORMALIZE_FULL)
        n = (double)(s.outer * s.inner);
    if (l->normalization == CREMA_NORMALIZE_BATCH_SIZE) n = (double)s.outer;
    if (l->normalization == CREMA_NORMALIZE_FIXED) n = (double)l->fixed;
    return n > 1 ? n : 1;
}

static const int *ignored(const struct crema_softmax_loss *l)
{
    return l->ignores ? &l->ignore_label : NULL;
}

/* Written so that NaN stays NaN. */
static double log_of(float likely)
{
    return log((double)(likely < FLT_MIN ? FLT_MIN : likely));
}

/* -T log P at one position: column, of `length` classes `inner` apart. */
static double entropy(const struct crema_softmax_loss *l, const float *column,
                      struct crema_sides s, int64_t class)
{
    double own = -log_of(column[class * s.inner]), all = 0;

    if (l->smoothing == 0) return own;
    for (int64_t c = 0; c < s.length; c++) all -= log_of(column[c * s.inner]);
    return (1 - (double)l->smoothing) * own +
           (double)l->smoothing * all / (double)s.length;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_softmax_loss *l = op->params;
    struct crema_sides s = crema_sides(&op->in[0]->shape, l->axis);
    const float *x = crema_in(op, 0), *label = crema_in(op, 1);
    const float *weight = crema_in(op, 2);
    float *prob = crema_out(op, 1);
    int64_t valid = 0, class;
    double sum = 0;

    for (int64_t i = 0; s.length && i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.length * s.inner + i % s.inner;

        crema_softmax_column(x + at, s.length, s.inner, prob + at);
        CREMA_TRY(
            crema_label_read(ctx, op, label, i, s.length, ignored(l), &class));
        if (class < 0) continue;
        sum += (weight ? (double)weight[class] : 1) *
               entropy(l, prob + at, s, class);
        valid++;
    }
    *crema_out(op, 0) = (float)(sum / normalizer(l, s, valid));
    return CREMA_OK;
}

/* dX of class c at the position whose first is prob[at]. */
static float slope(const struct crema_op *op, struct crema_sides s, int64_t at,
                   int64_t c, int64_t class, double rate)
{
    const struct crema_softmax_loss *l = op->params;
    const float *weight = crema_in(op, 3);
    double smoothing = (double)l->smoothing;
    double target = smoothing / (double)s.length;

    if (c == class) target += 1 - smoothing;
    if (weight) rate *= (double)weight[class];
    return (float)(((double)crema_in(op, 0)[at + c * s.inner] - target) * rate);
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_softmax_loss *l = op->params;
    struct crema_sides s = crema_sides(&op->out[0]->shape, l->axis);
    const float *label = crema_in(op, 1);
    float *dx = crema_out(op, 0);
    int64_t valid = 0, class;
    double rate;

    for (int64_t i = 0; i < s.outer * s.inner; i++) {
        CREMA_TRY(
            crema_label_read(ctx, op, label, i, s.length, ignored(l), &class));
        valid += class >= 0;
    }
    rate = *crema_in(op, 2) / normalizer(l, s, valid);
    for (int64_t i = 0; i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.length * s.inner + i % s.inner;

        CREMA_TRY(
            crema_label_read(ctx, op, label, i, s.length, ignored(l), &class));
        for (int64_t c = 0; c < s.length; c++)
            dx[at + c * s.inner] =
                class < 0 ? 0 : slope(op, s, at, c, class, rate);
    }
    return CREMA_OK;
}

/* x label [weight] -> loss prob */
const struct crema_op_type crema_op_softmax_loss = {
    .name = "softmax_loss",
    .params_size = sizeof(struct crema_softmax_loss),
    .gradient = gradient,
    .ref = ref,
};

/* prob label dloss [weight] -> dx */
const struct crema_op_type crema_op_softmax_loss_bwd = {
    .name = "softmax_loss_bwd",
    .params_size = sizeof(struct crema_softmax_loss),
    .ref = ref_bwd,
};
