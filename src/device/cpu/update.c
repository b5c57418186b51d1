/* update.c - what changes weights, in one pass and in the weights' own layout.
 *
 * Formulas: formula/update.h.  The norm that clips gradients is summed in parts
 * whose number depends on the threads alone, so it is the same in each run.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"
#include "device/ops/update.h"

#include <math.h>
#include <string.h>

enum { GRAIN = 8192 };

struct update {
    const struct crema_update *params;
    struct crema_step step;
    float *w, *h0, *h1;
    const float *dw;
    uint16_t *copy; /* w as bf16, or NULL */
};

/* ---- rules ----------------------------------------------------------------
 */

typedef void rule_fn(const struct update *, int64_t from, int64_t to);

/* A history that the rule does not have is not looked at. */
#define X(name, histories)                                                     \
    CREMA_CPU_CLONES                                                           \
    static void name##_rule(const struct update *u, int64_t from, int64_t to)  \
    {                                                                          \
        const struct crema_step step = u->step;                                \
        const int l1 = u->params->l1;                                          \
        const float *restrict dw = u->dw;                                      \
        float *restrict w = u->w, *restrict h0 = u->h0, *restrict h1 = u->h1;  \
                                                                               \
        for (int64_t i = from; i < to; i++) {                                  \
            float g = crema_regularized(&step, dw[i], l1, w[i]);               \
            float wi = step.keep * w[i], a = 0, b = 0;                         \
                                                                               \
            if ((histories) > 0) a = h0[i];                                    \
            if ((histories) > 1) b = h1[i];                                    \
            crema_rule_##name(&step, g, &wi, &a, &b);                          \
            w[i] = wi;                                                         \
            if ((histories) > 0) h0[i] = a;                                    \
            if ((histories) > 1) h1[i] = b;                                    \
        }                                                                      \
    }
#include "device/formula/rules.h"
#undef X

static rule_fn *const rules[CREMA_RULES] = {
#define X(name, histories) name##_rule,
#include "device/formula/rules.h"
#undef X
};

static void update_part(const void *user, int64_t from, int64_t to)
{
    const struct update *u = user;

    for (int64_t i = from; i < to; i += GRAIN) {
        int64_t end = i + GRAIN < to ? i + GRAIN : to;

        rules[u->params->rule](u, i, end);
        if (u->copy) crema_cpu_narrow(end - i, u->w + i, u->copy + i);
    }
}

static int64_t floats(const struct crema_tensor *t)
{
    return (int64_t)(t->layout.bytes / sizeof(float));
}

static float *data(const struct crema_op *op, int i)
{
    return op->in[i] ? op->in[i]->data : NULL;
}

static enum crema_status update(struct crema_ctx *ctx,
                                const struct crema_op *op)
{
    const struct crema_update *p = op->params;
    const float *clip = crema_in(op, 5), *local = crema_in(op, 7);
    struct update u = {
        .params = p,
        .step = crema_step_of(p, op->in[4]->data, clip ? *clip : 1.0f,
                              local ? *local : 1.0f),
        .w = data(op, 0),
        .h0 = data(op, 2),
        .h1 = data(op, 3),
        .dw = crema_in(op, 1),
        .copy = op->nout > 0 ? op->out[0]->data : NULL,
    };

    (void)ctx;
    if (crema_held(clip, crema_in(op, 6))) return CREMA_OK;
    crema_cpu_parts(crema_cpu_threads(op), floats(op->in[0]), GRAIN,
                    update_part, &u);
    return CREMA_OK;
}

/* ---- sums of gradients ------------------------------------------------------
 */

CREMA_CPU_CLONES
static void add(int64_t n, const float *restrict x, float *restrict sum)
{
    for (int64_t i = 0; i < n; i++) sum[i] += x[i];
}

static void accumulate_part(const void *user, int64_t from, int64_t to)
{
    const struct crema_op *op = user;

    add(to - from, crema_in(op, 1) + from, data(op, 0) + from);
}

static enum crema_status accumulate(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), floats(op->in[0]), GRAIN,
                    accumulate_part, op);
    return CREMA_OK;
}

static void clear_part(const void *user, int64_t from, int64_t to)
{
    const struct crema_op *op = user;

    memset(data(op, 0) + from, 0, sizeof(float) * (size_t)(to - from));
}

static enum crema_status clear(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), floats(op->in[0]), GRAIN, clear_part,
                    op);
    return CREMA_OK;
}

/* ---- the norm ---------------------------------------------------------------
 */

enum { PARTS = 64, LANES = 16, STRIP = 4096 };

struct norm {
    const float *x;
    int64_t n, each; /* elements; of one part */
    double *part;    /* [PARTS] */
};

CREMA_CPU_CLONES
static void squares(int64_t n, const float *x, float *sum)
{
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) sum[l] += x[i + l] * x[i + l];
    for (int l = 0; i < n; i++, l++) sum[l] += x[i] * x[i];
}

/* Long sums are gathered in double. */
static void norm_part(const void *user, int64_t from, int64_t to)
{
    const struct norm *n = user;

    for (int64_t p = from; p < to; p++) {
        int64_t at = p * n->each,
                end = at + n->each < n->n ? at + n->each : n->n;

        n->part[p] = 0;
        for (; at < end; at += STRIP) {
            float sum[LANES] = { 0 };

            squares(end - at < STRIP ? end - at : STRIP, n->x + at, sum);
            for (int l = 0; l < LANES; l++) n->part[p] += sum[l];
        }
    }
}

static double square_sum(const struct crema_op *op,
                         const struct crema_tensor *x)
{
    double part[PARTS] = { 0 }, sum = 0;
    struct norm n = { x->data, floats(x), 0, part };

    n.each = (n.n + PARTS - 1) / PARTS;
    crema_cpu_parts(n.n < GRAIN ? 1 : crema_cpu_threads(op), PARTS, 1,
                    norm_part, &n);
    for (int p = 0; p < PARTS; p++) sum += part[p];
    return sum;
}

static enum crema_status clip_factor(struct crema_ctx *ctx,
                                     const struct crema_op *op)
{
    const struct crema_clip *clip = op->params;
    double sum = crema_in(op, 0) ? *crema_in(op, 0) : 0, norm;

    (void)ctx;
    for (int i = 1; i < op->nin; i++) sum += square_sum(op, op->in[i]);
    norm = sqrt(sum);
    if (clip->partial)
        *crema_out(op, 0) = (float)sum;
    else
        *crema_out(op, 0) =
            norm > clip->threshold ? (float)(clip->threshold / norm) : 1;
    return CREMA_OK;
}

/* ---- planning ---------------------------------------------------------------
 */

/* The first `n` inputs lie as in[0], or the first of them that is decided. */
static void share(const struct crema_op *op, int n, struct crema_port in[])
{
    struct crema_layout l = crema_layout_dense(&op->in[0]->shape, CREMA_F32);

    for (int i = n - 1; i >= 0; i--)
        if (op->in[i] && in[i].have && in[i].have->type == CREMA_F32)
            l = *in[i].have;
    for (int i = 0; i < n; i++) in[i].want = l;
}

enum crema_status crema_cpu_update(struct crema_device *dev,
                                   struct crema_op *op, struct crema_port in[],
                                   struct crema_port out[])
{
    const struct crema_shape scalar = { 0 };

    (void)out;
    share(op, 4, in);
    in[4].want = crema_layout_dense(&op->in[4]->shape, CREMA_F32);
    in[5].want = in[7].want = crema_layout_dense(&scalar, CREMA_F32);
    if (op->in[6])
        in[6].want = crema_layout_dense(&op->in[6]->shape, CREMA_F32);
    return crema_host_call(dev, op, update, CREMA_CPU_OWN);
}

bool crema_cpu_updates_copy(const struct crema_op *op,
                            const struct crema_layout *copy)
{
    return op->type == &crema_op_update && copy->type == CREMA_BF16;
}

enum crema_status crema_cpu_accumulate(struct crema_device *dev,
                                       struct crema_op *op,
                                       struct crema_port in[],
                                       struct crema_port out[])
{
    (void)out;
    share(op, 2, in);
    return crema_host_call(dev, op, accumulate, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_clear(struct crema_device *dev, struct crema_op *op,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    (void)out;
    share(op, 1, in);
    return crema_host_call(dev, op, clear, CREMA_CPU_OWN);
}

/* Zeros of the padding do not count. */
enum crema_status crema_cpu_clip_factor(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    const struct crema_shape scalar = { 0 };

    in[0].want = out[0].want = crema_layout_dense(&scalar, CREMA_F32);
    for (int i = 1; i < op->nin; i++) {
        in[i].want = crema_layout_dense(&op->in[i]->shape, CREMA_F32);
        if (in[i].have && in[i].have->type == CREMA_F32)
            in[i].want = *in[i].have;
    }
    return crema_host_call(dev, op, clip_factor, CREMA_CPU_OWN);
}
