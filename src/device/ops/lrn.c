/* lrn.c - local response normalization across channels.
 *
 *   S[c]  = k + alpha / size * sum of X[c']^2 over the `size` channels round c
 *   Y[c]  = X[c] S[c]^-beta
 *   dX[c] = dY[c] S[c]^-beta - 2 alpha beta / size X[c]
 *           * sum of dY[c'] X[c'] S[c']^(-beta - 1) over the channels round c
 *
 * at each image and position; channels that do not exist count as 0.
 */
#include "device/ops/params.h"

#include <math.h>

struct crema_tensor *crema_lrn(struct crema_program *p,
                               const struct crema_lrn *lrn,
                               struct crema_tensor *x)
{
    struct crema_shape shapes[2];
    struct crema_op *op;
    char text[CREMA_SHAPE_TEXT];

    if (!x) return NULL;
    if (x->shape.ndims < 2)
        return crema_op_refuse(p, "a blob of %s has no channels",
                               crema_shape_text(&x->shape, text));
    if (lrn->size < 1 || lrn->size % 2 == 0)
        return crema_op_refuse(p, "a local size of %d is not odd", lrn->size);
    shapes[0] = x->shape;
    shapes[1] = CREMA_SHAPE(0);
    op = crema_op_record(p, &crema_op_lrn, lrn, 1, &x, 2, shapes);
    if (!op) return NULL;
    op->out[1]->needs_grad = false;
    return op->out[0];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[3] = { op->in[0], op->out[0]->grad, op->out[1] };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_lrn_bwd, op->params, 3, in, 1, &dx,
                             op);
}

/* ---- the definition --------------------------------------------------- */

/* The channels of one image at one position: channel c is at c * step. */
struct column {
    const struct crema_lrn *lrn;
    const float *x;
    int64_t channels, step;
};

/* The channels [from, to) that count for channel c. */
static void around(const struct column *l, int64_t c, int64_t *from,
                   int64_t *to)
{
    int64_t half = (l->lrn->size - 1) / 2;

    *from = c > half ? c - half : 0;
    *to = c + half < l->channels ? c + half + 1 : l->channels;
}

static double scale(const struct column *l, int64_t c)
{
    double sum = 0;
    int64_t from, to;

    around(l, c, &from, &to);
    for (int64_t i = from; i < to; i++)
        sum += (double)l->x[i * l->step] * l->x[i * l->step];
    return l->lrn->k + sum * l->lrn->alpha / l->lrn->size;
}

static double slope(const struct column *l, const float *dy, int64_t c)
{
    const struct crema_lrn *lrn = l->lrn;
    double sum = 0, beta = lrn->beta;
    int64_t from, to;

    around(l, c, &from, &to);
    for (int64_t i = from; i < to; i++)
        sum += (double)dy[i * l->step] * l->x[i * l->step] *
               pow(scale(l, i), -beta - 1);
    return dy[c * l->step] * pow(scale(l, c), -beta) -
           2 * beta * lrn->alpha / lrn->size * l->x[c * l->step] * sum;
}

/* dy NULL: out is Y, else dX. */
static void each_column(const struct crema_op *op, const float *dy, float *out)
{
    struct crema_sides s = crema_sides(&op->in[0]->shape, 1);
    struct column l = { op->params, NULL, s.length, s.inner };

    for (int64_t i = 0; i < s.outer * s.inner; i++) {
        int64_t at = i / s.inner * s.length * s.inner + i % s.inner;

        l.x = crema_in(op, 0) + at;
        for (int64_t c = 0; c < s.length; c++)
            out[at + c * s.inner] =
                dy ? (float)slope(&l, dy + at, c)
                   : (float)(l.x[c * s.inner] *
                             pow(scale(&l, c), -(double)l.lrn->beta));
    }
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    each_column(op, NULL, crema_out(op, 0));
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    (void)ctx;
    each_column(op, crema_in(op, 1), crema_out(op, 0));
    return CREMA_OK;
}

/* Square, sum, power and product of each element. */
static double flops(const struct crema_op *op)
{
    const struct crema_lrn *lrn = op->params;

    return (double)crema_shape_count(&op->in[0]->shape) * (2.0 * lrn->size + 4);
}

/* x -> y ws; ws is empty, {0}, unless a backend fills it */
const struct crema_op_type crema_op_lrn = {
    .name = "lrn",
    .params_size = sizeof(struct crema_lrn),
    .workspace = 1,
    .gradient = gradient,
    .ref = ref,
    .flops = flops,
};

/* x dy ws -> dx */
const struct crema_op_type crema_op_lrn_bwd = {
    .name = "lrn_bwd",
    .params_size = sizeof(struct crema_lrn),
    .ref = ref_bwd,
    .flops = flops,
};
