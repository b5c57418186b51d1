/* batch_norm.c - normalization of each channel by its batch or by statistics,
 * with the scale s and bias b that may follow it, and the ReLU behind that.
 *
 *   batch    mean, var = of X over all but axis 1, biased
 *            R  = (X - mean) / sqrt(var + eps),  Y = R s + b + Z
 *            dX = s (dY - mean(dY) - R mean(dY R)) / sqrt(var + eps)
 *            ds = sum of dY R,  db = sum of dY
 *   global   R  = (X - sum_mean f) / sqrt(sum_var f + eps),  f = 1 / factor
 *            Y  = R s + b
 *            dX = s dY / sqrt(sum_var f + eps)
 *   update   factor = factor r + 1,  sum_mean = sum_mean r + mean,
 *            sum_var = sum_var r + var m / (m - 1); without a factor
 *            mean' = mean' r + mean (1 - r),  var' = var' r + var (1 - r)
 *   affine   Y = X a + c of the global one, with a bias d added to X before:
 *            a = s / sqrt(sum_var f + eps),  c = b + (d - sum_mean f) a
 *
 * s, b and Z are put there by program/merge.c and fuse.c.  Backward gets no Y:
 * which elements the ReLU let pass is worked out from X again.
 */
#include "device/ops/params.h"

#include <math.h>

static bool has_channels(struct crema_program *p, const struct crema_tensor *x)
{
    char text[CREMA_SHAPE_TEXT];

    if (x->shape.ndims >= 2) return true;
    crema_op_refuse(p, "a blob of %s has no channels",
                    crema_shape_text(&x->shape, text));
    return false;
}

struct crema_tensor *crema_batch_norm(struct crema_program *p, float eps,
                                      struct crema_tensor *x,
                                      struct crema_tensor **mean,
                                      struct crema_tensor **var)
{
    struct crema_batch_norm params = { eps, false };
    struct crema_tensor *in[4] = { x };
    struct crema_shape shapes[3];
    struct crema_op *op;

    *mean = *var = NULL;
    if (!x || !has_channels(p, x)) return NULL;
    shapes[0] = x->shape;
    shapes[1] = shapes[2] = CREMA_SHAPE(x->shape.dim[1]);
    op = crema_op_record(p, &crema_op_batch_norm, &params, 4, in, 3, shapes);
    if (!op) return NULL;
    *mean = op->out[1];
    *var = op->out[2];
    (*mean)->needs_grad = (*var)->needs_grad = false;
    return op->out[0];
}

/* dX, ds and db, where somebody wants them. */
static bool wanted(struct crema_program *p, const struct crema_op *op, int s,
                   struct crema_tensor *out[3])
{
    out[0] = crema_grad_part(p, op->in[0]);
    out[1] = crema_grad_part(p, op->in[s]);
    out[2] = crema_grad_part(p, op->in[s + 1]);
    return out[0] || out[1] || out[2];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_batch_norm params =
        *(const struct crema_batch_norm *)op->params;
    struct crema_tensor *in[6] = { op->in[0],  op->out[0]->grad, op->out[1],
                                   op->out[2], op->in[1],        op->in[2] };
    struct crema_tensor *out[3];

    params.passes = op->relu;
    if (wanted(p, op, 1, out))
        crema_op_record_into(p, &crema_op_batch_norm_bwd, &params, 6, in, 3,
                             out, op);
}

void crema_batch_norm_update(struct crema_program *p, float fraction, int64_t m,
                             struct crema_tensor *mean,
                             struct crema_tensor *var,
                             struct crema_tensor *sum_mean,
                             struct crema_tensor *sum_var,
                             struct crema_tensor *factor)
{
    struct crema_batch_norm_update params = { fraction, m };
    struct crema_tensor *in[5] = { mean, var, sum_mean, sum_var, factor };

    for (int i = 0; i < 4; i++)
        if (!in[i]) return;
    crema_op_record(p, &crema_op_batch_norm_update, &params, 5, in, 0, NULL);
}

struct crema_tensor *crema_batch_norm_global(struct crema_program *p, float eps,
                                             struct crema_tensor *x,
                                             struct crema_tensor *sum_mean,
                                             struct crema_tensor *sum_var,
                                             struct crema_tensor *factor)
{
    struct crema_batch_norm params = { eps, false };
    struct crema_tensor *in[6] = { x, sum_mean, sum_var, factor };
    struct crema_op *op;

    if (!x || !sum_mean || !sum_var || !has_channels(p, x)) return NULL;
    op = crema_op_record(p, &crema_op_batch_norm_global, &params, 6, in, 1,
                         &x->shape);
    return op ? op->out[0] : NULL;
}

static void global_gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_batch_norm params =
        *(const struct crema_batch_norm *)op->params;
    struct crema_tensor *in[7] = { op->in[0], op->out[0]->grad, op->in[1],
                                   op->in[2], op->in[3],        op->in[4],
                                   op->in[5] };
    struct crema_tensor *out[3];

    params.passes = op->relu;
    if (!wanted(p, op, 4, out)) return;
    if (!out[1] && !params.passes) in[0] = NULL;
    crema_op_record_into(p, &crema_op_batch_norm_global_bwd, &params, 7, in, 3,
                         out, op);
}

/* ---- the definition --------------------------------------------------- */

/* Element j of channel c, of outer * inner. */
static int64_t at(struct crema_sides s, int64_t c, int64_t j)
{
    return (j / s.inner * s.length + c) * s.inner + j % s.inner;
}

static double rate_of(const struct crema_op *op, double var)
{
    const struct crema_batch_norm *params = op->params;

    return 1 / sqrt(var + params->eps);
}

/* Entry c of an optional input. */
static double entry(const struct crema_op *op, int i, int64_t c, double absent)
{
    const float *v = crema_in(op, i);

    return v ? v[c] : absent;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[0]->shape, 1);
    int64_t m = s.outer * s.inner;
    const float *x = crema_in(op, 0), *z = crema_in(op, 3);
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t c = 0; c < s.length; c++) {
        double sum = 0, squares = 0, mean, var, a;

        for (int64_t j = 0; j < m; j++) sum += x[at(s, c, j)];
        mean = m ? sum / (double)m : 0;
        for (int64_t j = 0; j < m; j++) {
            double d = x[at(s, c, j)] - mean;

            squares += d * d;
        }
        var = m ? squares / (double)m : 0;
        a = rate_of(op, var) * entry(op, 1, c, 1);
        for (int64_t j = 0; j < m; j++) {
            int64_t i = at(s, c, j);

            y[i] = (float)((x[i] - mean) * a + entry(op, 2, c, 0) +
                           (z ? z[i] : 0));
        }
        crema_out(op, 1)[c] = (float)mean;
        crema_out(op, 2)[c] = (float)var;
    }
    return CREMA_OK;
}

/* What is known of a channel. */
struct channel {
    double mean, rate, s, b;
};

/* dY at i, or 0 where the ReLU behind Y did not let it pass. */
static double passed(const struct crema_op *op, const struct channel *c,
                     int64_t i)
{
    const struct crema_batch_norm *params = op->params;
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);

    if (!params->passes) return dy[i];
    return (x[i] - c->mean) * (c->rate * c->s) + c->b > 0 ? dy[i] : 0;
}

/* Sums of dY and dY R over channel c, which are db and ds. */
static void sums(const struct crema_op *op, const struct channel *ch,
                 struct crema_sides s, int64_t c, double *sum, double *dot)
{
    const float *x = crema_in(op, 0);

    *sum = *dot = 0;
    for (int64_t j = 0; j < s.outer * s.inner; j++) {
        int64_t i = at(s, c, j);
        double dy = passed(op, ch, i);

        *sum += dy;
        if (x) *dot += dy * (x[i] - ch->mean) * ch->rate;
    }
    if (crema_out(op, 1)) crema_out(op, 1)[c] = (float)*dot;
    if (crema_out(op, 2)) crema_out(op, 2)[c] = (float)*sum;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[1]->shape, 1);
    int64_t m = s.outer * s.inner;
    const float *x = crema_in(op, 0);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t c = 0; c < s.length; c++) {
        const struct channel ch = { crema_in(op, 2)[c],
                                    rate_of(op, crema_in(op, 3)[c]),
                                    entry(op, 4, c, 1), entry(op, 5, c, 0) };
        double sum, dot;

        sums(op, &ch, s, c, &sum, &dot);
        for (int64_t j = 0; dx && j < m; j++) {
            int64_t i = at(s, c, j);
            double y = (x[i] - ch.mean) * ch.rate;

            dx[i] = (float)((passed(op, &ch, i) - sum / (double)m -
                             y * dot / (double)m) *
                            ch.rate * ch.s);
        }
    }
    return CREMA_OK;
}

/* 1 / factor, where 0 stands for no statistics yet; no factor is 1. */
static double inverse(const float *factor)
{
    if (!factor) return 1;
    return *factor == 0 ? 0 : 1.0 / *factor;
}

static enum crema_status ref_global(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[0]->shape, 1);
    const float *x = crema_in(op, 0);
    double f = inverse(crema_in(op, 3));
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < s.outer * s.length * s.inner; i++) {
        int64_t c = i / s.inner % s.length;
        double a = rate_of(op, crema_in(op, 2)[c] * f) * entry(op, 4, c, 1);

        y[i] =
            (float)((x[i] - crema_in(op, 1)[c] * f) * a + entry(op, 5, c, 0));
    }
    return CREMA_OK;
}

static enum crema_status ref_global_bwd(struct crema_ctx *ctx,
                                        const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[1]->shape, 1);
    double f = inverse(crema_in(op, 4));
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t c = 0; c < s.length; c++) {
        const struct channel ch = { crema_in(op, 2)[c] * f,
                                    rate_of(op, crema_in(op, 3)[c] * f),
                                    entry(op, 5, c, 1), entry(op, 6, c, 0) };
        double sum, dot;

        sums(op, &ch, s, c, &sum, &dot);
        for (int64_t j = 0; dx && j < s.outer * s.inner; j++) {
            int64_t i = at(s, c, j);

            dx[i] = (float)(passed(op, &ch, i) * ch.rate * ch.s);
        }
    }
    return CREMA_OK;
}

static enum crema_status ref_update(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    const struct crema_batch_norm_update *u = op->params;
    const float *mean = crema_in(op, 0), *var = crema_in(op, 1);
    float *sum_mean = op->in[2]->data, *sum_var = op->in[3]->data;
    float *factor = op->in[4] ? op->in[4]->data : NULL;
    struct crema_new_statistics new = crema_new_statistics(u, !factor);

    (void)ctx;
    for (int64_t c = 0; c < crema_shape_count(&op->in[0]->shape); c++) {
        sum_mean[c] = sum_mean[c] * u->fraction + mean[c] * new.mean;
        sum_var[c] = sum_var[c] * u->fraction + var[c] * new.var;
    }
    if (factor) *factor = *factor * u->fraction + 1;
    return CREMA_OK;
}

static enum crema_status ref_affine(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    double f = inverse(crema_in(op, 2));

    (void)ctx;
    for (int64_t c = 0; c < crema_shape_count(&op->in[0]->shape); c++) {
        double a = rate_of(op, crema_in(op, 1)[c] * f) * entry(op, 3, c, 1);
        double d = entry(op, 5, c, 0) - crema_in(op, 0)[c] * f;

        crema_out(op, 0)[c] = (float)a;
        crema_out(op, 1)[c] = (float)(entry(op, 4, c, 0) + d * a);
    }
    return CREMA_OK;
}

/* x [s] [b] [z] -> y mean var */
const struct crema_op_type crema_op_batch_norm = {
    .name = "batch_norm",
    .params_size = sizeof(struct crema_batch_norm),
    .gradient = gradient,
    .ref = ref,
};

/* x dy mean var [s] [b] -> [dx] [ds] [db]; dx may take dy's memory because
 * every sum is complete before the first element is written */
const struct crema_op_type crema_op_batch_norm_bwd = {
    .name = "batch_norm_bwd",
    .params_size = sizeof(struct crema_batch_norm),
    .overwrites = 2,
    .ref = ref_bwd,
};

/* x mean var factor [s] [b] -> y; mean and var are running sums */
const struct crema_op_type crema_op_batch_norm_global = {
    .name = "batch_norm_global",
    .params_size = sizeof(struct crema_batch_norm),
    .overwrites = 1,
    .gradient = global_gradient,
    .ref = ref_global,
};

/* [x] dy mean var factor [s] [b] -> [dx] [ds] [db]; x is there when ds is
 * wanted or the ReLU passes */
const struct crema_op_type crema_op_batch_norm_global_bwd = {
    .name = "batch_norm_global_bwd",
    .params_size = sizeof(struct crema_batch_norm),
    .overwrites = 2,
    .ref = ref_global_bwd,
};

/* mean var sum_mean! sum_var! factor! */
const struct crema_op_type crema_op_batch_norm_update = {
    .name = "batch_norm_update",
    .params_size = sizeof(struct crema_batch_norm_update),
    .mutates = 1u << 2 | 1u << 3 | 1u << 4,
    .ref = ref_update,
};

/* mean var factor [s] [b] [d] -> a c; mean and var are running sums */
const struct crema_op_type crema_op_batch_norm_affine = {
    .name = "batch_norm_affine",
    .params_size = sizeof(struct crema_batch_norm),
    .ref = ref_affine,
};
