/* update.c - what is done to weights: update rules, sums of gradients, the
 * norm that clips them.
 *
 *   update       W, histories = rule(W, scale clip dW + decay W)
 *   accumulate   sum = sum + X
 *   clear        param = 0
 *   clip_factor  y = min(1, threshold / sqrt(sum of all X^2))
 */
#include "device/ops/update.h"
#include "device/ops/params.h"

#include <math.h>
#include <string.h>

typedef void apply_rule(const struct crema_step *, float g, float *w, float *h0,
                        float *h1);

/* What a rule without a history gets in its place is not looked at. */
#define X(name, histories)                                                     \
    static void name##_rule(const struct crema_step *s, float g, float *w,     \
                            float *h0, float *h1)                              \
    {                                                                          \
        crema_rule_##name(s, g, w, h0, h1);                                    \
    }
#include "device/formula/rules.h"
#undef X

static const struct {
    apply_rule *apply;
    int histories;
} rules[CREMA_RULES] = {
#define X(name, histories) { name##_rule, histories },
#include "device/formula/rules.h"
#undef X
};

int crema_rule_histories(enum crema_rule rule)
{
    return rules[rule].histories;
}

void crema_update(struct crema_program *p, const struct crema_update *u,
                  struct crema_tensor *w, struct crema_tensor *dw,
                  struct crema_tensor *h0, struct crema_tensor *h1,
                  struct crema_tensor *clip, struct crema_tensor *local)
{
    struct crema_tensor *in[8] = {
        w, dw, h0, h1, p->rate, clip, p->ring, local
    };

    if (w && dw) crema_op_record(p, &crema_op_update, u, 8, in, 0, NULL);
}

void crema_accumulate(struct crema_program *p, struct crema_tensor *sum,
                      struct crema_tensor *x)
{
    struct crema_tensor *in[2] = { sum, x };

    if (sum && x)
        crema_op_record(p, &crema_op_accumulate, NULL, 2, in, 0, NULL);
}

void crema_clear(struct crema_program *p, struct crema_tensor *param)
{
    if (param) crema_op_record(p, &crema_op_clear, NULL, 1, &param, 0, NULL);
}

/* More tensors than one op can have are a chain, in[0] the sum so far.
 * partial: a sum is all that is wanted. */
static struct crema_tensor *norm_chain(struct crema_program *p, float threshold,
                                       bool partial, int n,
                                       struct crema_tensor *const *x)
{
    enum { MOST = CREMA_MAX_PORTS - 1 };
    struct crema_tensor *in[CREMA_MAX_PORTS] = { NULL };
    const struct crema_shape scalar = { 0 };

    for (;;) {
        struct crema_clip clip = { threshold, partial || n > MOST };
        int some = n > MOST ? MOST : n;
        struct crema_op *op;

        for (int i = 0; i < some; i++)
            if (!(in[1 + i] = x[i])) return NULL;
        op = crema_op_record(p, &crema_op_clip_factor, &clip, 1 + some, in, 1,
                             &scalar);
        in[0] = op ? op->out[0] : NULL;
        x += some;
        n -= some;
        if (!op || n == 0) return in[0];
    }
}

struct crema_tensor *crema_clip_factor(struct crema_program *p, float threshold,
                                       int n, struct crema_tensor *const *x)
{
    return norm_chain(p, threshold, false, n, x);
}

struct crema_tensor *crema_square_sum(struct crema_program *p, int n,
                                      struct crema_tensor *const *x)
{
    return norm_chain(p, 0, true, n, x);
}

/* ---- the definition --------------------------------------------------- */

static enum crema_status ref_update(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    const struct crema_update *u = op->params;
    const struct crema_step step = crema_step_of(
        u, op->in[4]->data, crema_in(op, 5) ? *crema_in(op, 5) : 1.0f,
        crema_in(op, 7) ? *crema_in(op, 7) : 1.0f);
    float *w = op->in[0]->data, unused = 0;
    float *h0 = op->in[2] ? op->in[2]->data : NULL;
    float *h1 = op->in[3] ? op->in[3]->data : NULL;
    const float *dw = crema_in(op, 1);

    (void)ctx;
    if (crema_held(crema_in(op, 5), crema_in(op, 6))) return CREMA_OK;
    for (int64_t i = 0; i < crema_shape_count(&op->in[0]->shape); i++) {
        float g = crema_regularized(&step, dw[i], u->l1, w[i]);

        w[i] *= step.keep;
        rules[u->rule].apply(&step, g, &w[i], h0 ? &h0[i] : &unused,
                             h1 ? &h1[i] : &unused);
    }
    return CREMA_OK;
}

static enum crema_status ref_accumulate(struct crema_ctx *ctx,
                                        const struct crema_op *op)
{
    float *sum = op->in[0]->data;
    const float *x = crema_in(op, 1);

    (void)ctx;
    for (int64_t i = 0; i < crema_shape_count(&op->in[0]->shape); i++)
        sum[i] += x[i];
    return CREMA_OK;
}

static enum crema_status ref_clear(struct crema_ctx *ctx,
                                   const struct crema_op *op)
{
    (void)ctx;
    memset(op->in[0]->data, 0,
           sizeof(float) * (size_t)crema_shape_count(&op->in[0]->shape));
    return CREMA_OK;
}

static enum crema_status ref_clip(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    const struct crema_clip *clip = op->params;
    double sum = crema_in(op, 0) ? *crema_in(op, 0) : 0, norm;

    (void)ctx;
    for (int i = 1; i < op->nin; i++) {
        const float *x = crema_in(op, i);

        for (int64_t j = 0; j < crema_shape_count(&op->in[i]->shape); j++)
            sum += (double)x[j] * x[j];
    }
    norm = sqrt(sum);
    if (clip->partial)
        *crema_out(op, 0) = (float)sum;
    else
        *crema_out(op, 0) =
            norm > clip->threshold ? (float)(clip->threshold / norm) : 1;
    return CREMA_OK;
}

/* w! dw [h0!] [h1!] rates [clip] [ring] [local] -> [copy]; clip, local: one
 * number; copy: w in another type, which a pass adds where the backend says
 * updates_copy */
const struct crema_op_type crema_op_update = {
    .name = "update",
    .params_size = sizeof(struct crema_update),
    .mutates = 1u << 0 | 1u << 2 | 1u << 3,
    .elementwise = true,
    .keeps_zero = true,
    .ref = ref_update,
};

/* sum! x */
const struct crema_op_type crema_op_accumulate = {
    .name = "accumulate",
    .mutates = 1u << 0,
    .elementwise = true,
    .keeps_zero = true,
    .ref = ref_accumulate,
};

/* param! */
const struct crema_op_type crema_op_clear = {
    .name = "clear",
    .mutates = 1u << 0,
    .elementwise = true,
    .keeps_zero = true,
    .ref = ref_clear,
};

/* [sum] x[n] -> y; sum: of the squares so far, see struct crema_clip */
const struct crema_op_type crema_op_clip_factor = {
    .name = "clip_factor",
    .params_size = sizeof(struct crema_clip),
    .ref = ref_clip,
};
