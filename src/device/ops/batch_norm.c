/* batch_norm.c - normalization of each channel by its batch or by statistics.
 *
 *   batch    mean, var = of X over all but axis 1, biased
 *            Y  = (X - mean) / sqrt(var + eps)
 *            dX = (dY - mean(dY) - Y mean(dY Y)) / sqrt(var + eps)
 *   global   Y  = (X - sum_mean f) / sqrt(sum_var f + eps),  f = 1 / factor
 *            dX = dY / sqrt(sum_var f + eps)
 *   update   factor = factor r + 1,  sum_mean = sum_mean r + mean,
 *            sum_var = sum_var r + var m / (m - 1)
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
    struct crema_batch_norm params = { eps };
    struct crema_shape shapes[3];
    struct crema_op *op;

    *mean = *var = NULL;
    if (!x || !has_channels(p, x)) return NULL;
    shapes[0] = x->shape;
    shapes[1] = shapes[2] = CREMA_SHAPE(x->shape.dim[1]);
    op = crema_op_record(p, &crema_op_batch_norm, &params, 1, &x, 3, shapes);
    if (!op) return NULL;
    *mean = op->out[1];
    *var = op->out[2];
    (*mean)->needs_grad = (*var)->needs_grad = false;
    return op->out[0];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[4] = { op->in[0], op->out[0]->grad, op->out[1],
                                   op->out[2] };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_batch_norm_bwd, op->params, 4, in, 1,
                             &dx, op);
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

    for (int i = 0; i < 5; i++)
        if (!in[i]) return;
    crema_op_record(p, &crema_op_batch_norm_update, &params, 5, in, 0, NULL);
}

struct crema_tensor *crema_batch_norm_global(struct crema_program *p, float eps,
                                             struct crema_tensor *x,
                                             struct crema_tensor *sum_mean,
                                             struct crema_tensor *sum_var,
                                             struct crema_tensor *factor)
{
    struct crema_batch_norm params = { eps };
    struct crema_tensor *in[4] = { x, sum_mean, sum_var, factor };
    struct crema_op *op;

    if (!x || !sum_mean || !sum_var || !factor || !has_channels(p, x))
        return NULL;
    op = crema_op_record(p, &crema_op_batch_norm_global, &params, 4, in, 1,
                         &x->shape);
    return op ? op->out[0] : NULL;
}

static void global_gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[3] = { op->out[0]->grad, op->in[2], op->in[3] };
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_batch_norm_global_bwd, op->params, 3,
                             in, 1, &dx, op);
}

/* ---- the definition --------------------------------------------------- */

/* Element j of channel c, of outer * inner. */
static int64_t at(struct crema_sides s, int64_t c, int64_t j)
{
    return (j / s.inner * s.length + c) * s.inner + j % s.inner;
}

static double scale(const struct crema_op *op, double var)
{
    const struct crema_batch_norm *params = op->params;

    return 1 / sqrt(var + params->eps);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[0]->shape, 1);
    int64_t m = s.outer * s.inner;
    const float *x = crema_in(op, 0);
    float *y = crema_out(op, 0);

    (void)ctx;
    for (int64_t c = 0; c < s.length; c++) {
        double sum = 0, squares = 0, mean, var;

        for (int64_t j = 0; j < m; j++) sum += x[at(s, c, j)];
        mean = m ? sum / (double)m : 0;
        for (int64_t j = 0; j < m; j++) {
            double d = x[at(s, c, j)] - mean;

            squares += d * d;
        }
        var = m ? squares / (double)m : 0;
        for (int64_t j = 0; j < m; j++)
            y[at(s, c, j)] = (float)((x[at(s, c, j)] - mean) * scale(op, var));
        crema_out(op, 1)[c] = (float)mean;
        crema_out(op, 2)[c] = (float)var;
    }
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[0]->shape, 1);
    int64_t m = s.outer * s.inner;
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t c = 0; c < s.length; c++) {
        double mean = crema_in(op, 2)[c], rate = scale(op, crema_in(op, 3)[c]);
        double sum = 0, dot = 0;

        for (int64_t j = 0; j < m; j++) {
            int64_t i = at(s, c, j);

            sum += dy[i];
            dot += dy[i] * (x[i] - mean) * rate;
        }
        for (int64_t j = 0; j < m; j++) {
            int64_t i = at(s, c, j);
            double y = (x[i] - mean) * rate;

            dx[i] =
                (float)((dy[i] - sum / (double)m - y * dot / (double)m) * rate);
        }
    }
    return CREMA_OK;
}

/* 1 / factor, where 0 stands for no statistics yet. */
static double inverse(const float *factor)
{
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

        y[i] = (float)((x[i] - crema_in(op, 1)[c] * f) *
                       scale(op, crema_in(op, 2)[c] * f));
    }
    return CREMA_OK;
}

static enum crema_status ref_global_bwd(struct crema_ctx *ctx,
                                        const struct crema_op *op)
{
    struct crema_sides s = crema_sides(&op->in[0]->shape, 1);
    const float *dy = crema_in(op, 0);
    double f = inverse(crema_in(op, 2));
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < s.outer * s.length * s.inner; i++)
        dx[i] = (float)(dy[i] *
                        scale(op, crema_in(op, 1)[i / s.inner % s.length] * f));
    return CREMA_OK;
}

static enum crema_status ref_update(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    const struct crema_batch_norm_update *u = op->params;
    const float *mean = crema_in(op, 0), *var = crema_in(op, 1);
    float *sum_mean = op->in[2]->data, *sum_var = op->in[3]->data;
    float *factor = op->in[4]->data;
    float unbias = u->m > 1 ? (float)u->m / (float)(u->m - 1) : 1;

    (void)ctx;
    for (int64_t c = 0; c < crema_shape_count(&op->in[0]->shape); c++) {
        sum_mean[c] = sum_mean[c] * u->fraction + mean[c];
        sum_var[c] = sum_var[c] * u->fraction + var[c] * unbias;
    }
    *factor = *factor * u->fraction + 1;
    return CREMA_OK;
}

/* x -> y mean var */
const struct crema_op_type crema_op_batch_norm = {
    .name = "batch_norm",
    .params_size = sizeof(struct crema_batch_norm),
    .gradient = gradient,
    .ref = ref,
};

/* x dy mean var -> dx */
const struct crema_op_type crema_op_batch_norm_bwd = {
    .name = "batch_norm_bwd",
    .params_size = sizeof(struct crema_batch_norm),
    .ref = ref_bwd,
};

/* x mean var factor -> y; the three are running sums */
const struct crema_op_type crema_op_batch_norm_global = {
    .name = "batch_norm_global",
    .params_size = sizeof(struct crema_batch_norm),
    .overwrites = 1,
    .gradient = global_gradient,
    .ref = ref_global,
};

/* dy var factor -> dx */
const struct crema_op_type crema_op_batch_norm_global_bwd = {
    .name = "batch_norm_global_bwd",
    .params_size = sizeof(struct crema_batch_norm),
    .overwrites = 1,
    .ref = ref_global_bwd,
};

/* mean var sum_mean! sum_var! factor! */
const struct crema_op_type crema_op_batch_norm_update = {
    .name = "batch_norm_update",
    .params_size = sizeof(struct crema_batch_norm_update),
    .mutates = 1u << 2 | 1u << 3 | 1u << 4,
    .ref = ref_update,
};
