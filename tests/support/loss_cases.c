/* loss_cases.c - classification, running statistics, and what updates do. */
#include "support/op_cases.h"

/* ---- how each is recorded ------------------------------------------------ */

/* One label for each position outside axis 1. */
static struct crema_tensor *labels(struct parity *t,
                                   const struct crema_shape *x)
{
    struct crema_shape s = *x;

    s.dim[1] = 1;
    return parity_labels(t, &s, (int)x->dim[1]);
}

/* n: normalization, ignored label or -1, prob wanted, smoothing in hundredths,
 * weights for classes */
static void softmax_loss(struct parity *t, const struct parity_case *c)
{
    const struct crema_softmax_loss l = {
        .axis = 1,
        .ignores = c->n[1] >= 0,
        .ignore_label = c->n[1],
        .normalization = (enum crema_normalization)c->n[0],
        .fixed = 7,
        .smoothing = (float)c->n[3] / 100,
    };
    const struct crema_shape classes = CREMA_SHAPE(c->x.dim[1]);
    struct crema_tensor *prob = NULL, *weight = NULL;

    if (c->n[4]) weight = parity_param(t, &classes, 1, true);
    parity_loss(t, crema_softmax_with_loss(parity_program(t), &l, parity_x(t),
                                           labels(t, &c->x), weight,
                                           c->n[2] ? &prob : NULL));
    parity_output(t, prob);
}

/* n: top_k, ignored label or -1, per class wanted */
static void accuracy(struct parity *t, const struct parity_case *c)
{
    const struct crema_accuracy a = { .axis = 1,
                                      .top_k = c->n[0],
                                      .ignores = c->n[1] >= 0,
                                      .ignore_label = c->n[1] };
    struct crema_tensor *per_class = NULL;

    parity_output(t, crema_top_accuracy(parity_program(t), &a, parity_x(t),
                                        labels(t, &c->x),
                                        c->n[2] ? &per_class : NULL));
    parity_output(t, per_class);
}

/* Steps change the three sums; n: averages instead. */
static void running(struct parity *t, const struct parity_case *c)
{
    const struct crema_shape channels = CREMA_SHAPE(c->x.dim[1]);
    const struct crema_shape one = CREMA_SHAPE(1);
    int64_t m = crema_shape_count(&c->x) / c->x.dim[1];
    struct crema_tensor *mean, *var;

    parity_output(t, crema_batch_norm(parity_program(t), 1e-5f, parity_x(t),
                                      &mean, &var));
    crema_batch_norm_update(parity_program(t), 0.9f, m, mean, var,
                            parity_param(t, &channels, 1, false),
                            parity_param(t, &channels, 0.5f, true),
                            c->n[0] ? NULL : parity_param(t, &one, 0.5f, true));
}

/* n: rule, l1, clipped, hundredths of scale and decay */
static void update(struct parity *t, const struct parity_case *c)
{
    const struct crema_update u = { .rule = (enum crema_rule)c->n[0],
                                    .lr_mult = 2,
                                    .scale = (float)c->n[3] / 100,
                                    .decay = (float)c->n[4] / 100,
                                    .l1 = c->n[1] != 0,
                                    .momentum = 0.9f,
                                    .momentum2 = 0.99f,
                                    .delta = 1e-3f,
                                    .rms_decay = 0.95f };
    struct crema_program *p = parity_program(t);
    struct crema_tensor *dw = parity_x(t), *h[2] = { NULL, NULL }, *clip = NULL;
    struct crema_tensor *w = parity_param(t, &c->x, 1, false);

    if (!dw) return;
    for (int i = 0; i < crema_rule_histories(u.rule); i++)
        h[i] = parity_param(t, &c->x, 0.1f, true);
    if (c->n[2]) clip = crema_clip_factor(p, 0.5f, 1, &dw);
    crema_update(p, &u, w, dw, h[0], h[1], clip, NULL);
    parity_output(t, crema_unary(p, CREMA_UNARY_tanh, NULL, dw));
}

/* n: clips, directed, clipped; decay apart from the gradient */
static void own_rate(struct parity *t, const struct parity_case *c)
{
    const struct crema_local_rate l = { .eta = 0.1f,
                                        .scale = 0.5f,
                                        .decay = 0.01f,
                                        .momentum = 0.9f,
                                        .clips = c->n[0] };
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 1,
                                    .scale = 0.5f,
                                    .decay = 2,
                                    .decouples = true,
                                    .momentum = 0.9f };
    const struct crema_shape one = CREMA_SHAPE(1);
    struct crema_program *p = parity_program(t);
    struct crema_tensor *dw = parity_x(t), *clip = NULL, *local;
    struct crema_tensor *w = parity_param(t, &c->x, 1, false);
    struct crema_tensor *h = parity_param(t, &c->x, 0.1f, false);

    if (!dw) return;
    if (c->n[2]) clip = crema_clip_factor(p, 0.5f, 1, &dw);
    local = crema_local_rate(
        p, &l, w, dw, c->n[1] ? h : NULL,
        c->n[1] ? parity_param(t, &one, 0.1f, false) : NULL, clip);
    crema_update(p, &u, w, dw, h, NULL, clip, local);
    parity_output(t, local);
}

/* n: threshold in hundredths, tensors */
static void clip(struct parity *t, const struct parity_case *c)
{
    struct crema_tensor *x[80] = { parity_x(t) };

    for (int i = 1; i < c->n[1]; i++)
        x[i] = i % 2 ? x[i - 1]
                     : crema_unary(parity_program(t), CREMA_UNARY_tanh, NULL,
                                   x[0]);
    parity_output(t, crema_clip_factor(parity_program(t), (float)c->n[0] / 100,
                                       c->n[1], x));
}

/* sum = 0; sum += x; sum += x, in the param that steps compare */
static void accumulate(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t);
    struct crema_tensor *sum = parity_param(t, &c->x, 1, false);

    if (c->n[0]) crema_clear(p, sum);
    crema_accumulate(p, sum, x);
    crema_accumulate(p, sum, x);
    parity_output(t, crema_unary(p, CREMA_UNARY_tanh, NULL, x));
}

/* A constant, a view and what no gradient passes. */
static void fill(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_shape flat =
        CREMA_SHAPE(c->x.dim[0], crema_shape_product(&c->x, 1, 4));
    struct crema_tensor *x[3] = { crema_fill(p, &c->x, 0.75f), parity_x(t) };
    struct crema_tensor *y;

    x[2] = crema_detach(p, x[1]);
    y = crema_sum(p, 3, x, NULL);
    if (y) parity_output(t, crema_view(p, &flat, y));
}

/* ---- cases --------------------------------------------------------------- */

#define FULL  CREMA_NORMALIZE_FULL
#define VALID CREMA_NORMALIZE_VALID
#define BATCH CREMA_NORMALIZE_BATCH_SIZE
#define NONE  CREMA_NORMALIZE_NONE

static const struct parity_case losses[] = {
    { "loss, valid", softmax_loss, SHAPE2(6, 10), NULL, N(VALID, -1),
      .ref_too = true },
    { "loss, full", softmax_loss, SHAPE2(6, 10), NULL, N(FULL, -1),
      .ref_too = true },
    { "loss, batch size", softmax_loss, SHAPE4(2, 5, 4, 9), NULL,
      N(BATCH, 2, 1), .ref_too = true },
    { "loss, none", softmax_loss, SHAPE4(2, 5, 4, 3), NULL, N(NONE, 0),
      .ref_too = true },
    { "loss, ignoring", softmax_loss, SHAPE4(2, 5, 7, 6), NULL, N(VALID, 1),
      .ref_too = true },
    { "loss, native", softmax_loss, SHAPE4(2, 21, 5, 6), NULL, N(VALID, 3, 1),
      .native = true, .ref_too = true },
    { "loss, one class, all ignored", softmax_loss, SHAPE2(4, 1), NULL,
      N(VALID, 0), .ref_too = true },
    { "loss, 1000 classes", softmax_loss, SHAPE2(33, 1000), NULL,
      N(VALID, -1, 1), .ref_too = true },
    { "loss, smoothed", softmax_loss, SHAPE4(2, 5, 4, 3), NULL,
      N(VALID, 1, 0, 25), .ref_too = true },
    { "loss, weighted", softmax_loss, SHAPE2(33, 70), NULL,
      N(BATCH, -1, 1, 0, 1), .ref_too = true },
    { "loss, fixed, smoothed, weighted", softmax_loss, SHAPE2(6, 10), NULL,
      N(CREMA_NORMALIZE_FIXED, -1, 0, 10, 1), .ref_too = true },
    { "accuracy", accuracy, SHAPE2(40, 10), NULL, N(1, -1), .test = true,
      .ref_too = true },
    { "accuracy, top 5", accuracy, SHAPE2(400, 100), NULL, N(5, -1, 1),
      .test = true, .ref_too = true },
    { "accuracy, ties", accuracy, SHAPE4(3, 7, 5, 9), NULL, N(2, 4, 1),
      .test = true, .coarse = true, .ref_too = true },
    { "accuracy, all ignored", accuracy, SHAPE2(4, 1), NULL, N(1, 0, 1),
      .test = true, .ref_too = true },
};

static const struct parity_case updates[] = {
    { "running statistics", running, SHAPE4(3, 5, 6, 7), NULL, N(0), .steps = 3,
      .ref_too = true },
    { "running averages", running, SHAPE4(3, 5, 6, 7), NULL, N(1), .steps = 3,
      .ref_too = true },
    { "running statistics, one value", running, SHAPE2(1, 5), NULL, N(0),
      .steps = 2, .test = true, .ref_too = true },
#define X(name, histories)                                                     \
    { "rule " #name,                                                           \
      update,                                                                  \
      SHAPE4(8, 3, 3, 3),                                                      \
      NULL,                                                                    \
      N(CREMA_RULE_##name, 0, 0, 50, 1),                                       \
      .steps = 3 },
#include "device/formula/rules.h"
#undef X
    { "sgd, l1, clipped", update, SHAPE4(8, 18, 3, 3), NULL,
      N(CREMA_RULE_sgd, 1, 1, 100, 2), .steps = 3, .native = true },
    { "own rate", own_rate, SHAPE4(8, 18, 3, 3), NULL, N(0, 0, 0), .steps = 3,
      .ref_too = true },
    { "own rate, clips", own_rate, SHAPE4(8, 3, 3, 3), NULL, N(1, 0, 1),
      .steps = 3, .ref_too = true },
    { "own rate, directed", own_rate, SHAPE4(8, 18, 3, 3), NULL, N(0, 1, 1),
      .steps = 3, .ref_too = true },
    { "clip", clip, SHAPE4(3, 5, 30, 31), NULL, N(50, 1), .test = true },
    { "clip, within", clip, SHAPE2(3, 4), NULL, N(10000, 2), .test = true },
    { "clip, many tensors", clip, SHAPE4(2, 18, 5, 5), NULL, N(100, 70),
      .test = true, .native = true },
    { "accumulate", accumulate, SHAPE4(2, 3, 4, 5), NULL, N(0), .steps = 2 },
    { "clear, accumulate", accumulate, SHAPE4(2, 18, 4, 5), NULL, N(1),
      .steps = 2, .native = true },
    { "fill", fill, SHAPE4(2, 18, 4, 5), NULL, N(0), .native = true },
};

const struct parity_table loss_tables[] = { TABLE(losses), TABLE(updates),
                                            NO_TABLE };
