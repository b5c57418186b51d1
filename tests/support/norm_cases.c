/* norm_cases.c - batch normalization and scaling, alone and joined. */
#include "support/op_cases.h"

/* n: without s, without b, with a ReLU, behind a batch norm, without a factor;
 * both without: no scale */
static struct crema_tensor *behind_norm(struct parity *t,
                                        const struct parity_case *c,
                                        struct crema_tensor *y)
{
    const struct crema_shape channels = CREMA_SHAPE(c->x.dim[1]);
    struct crema_tensor *s = NULL, *b = NULL;

    if (!c->n[0]) s = parity_param(t, &channels, 0.5f, true);
    if (!c->n[1]) b = parity_param(t, &channels, 0.5f, false);
    y = crema_scale(parity_program(t), 1, y, s, b);
    return c->n[2] ? crema_unary(parity_program(t), CREMA_UNARY_relu, NULL, y)
                   : y;
}

static void batch_norm(struct parity *t, const struct parity_case *c)
{
    struct crema_tensor *mean, *var, *y;

    y = crema_batch_norm(parity_program(t), 1e-5f, parity_x(t), &mean, &var);
    parity_output(t, behind_norm(t, c, y));
    parity_output(t, mean);
    parity_output(t, var);
}

static void batch_norm_global(struct parity *t, const struct parity_case *c)
{
    const struct crema_shape channels = CREMA_SHAPE(c->x.dim[1]);
    const struct crema_shape one = CREMA_SHAPE(1);
    struct crema_tensor *x = parity_x(t);
    struct crema_tensor *mean = parity_param(t, &channels, 1, false);
    struct crema_tensor *var = parity_param(t, &channels, 0.5f, true);
    struct crema_tensor *factor =
        c->n[3] ? NULL : parity_param(t, &one, 0.5f, true);
    struct crema_tensor *y =
        crema_batch_norm_global(parity_program(t), 1e-5f, x, mean, var, factor);

    parity_output(t, behind_norm(t, c, y));
}

/* n: axis, axes of s, without s, without b, with a ReLU */
static void scale(struct parity *t, const struct parity_case *c)
{
    struct crema_shape s = { c->n[1], { 0 } };
    struct crema_tensor *x = parity_x(t), *with[2] = { NULL, NULL }, *y;

    for (int i = 0; i < c->n[1]; i++) s.dim[i] = c->x.dim[c->n[0] + i];
    for (int i = 0; i < 2; i++)
        if (!c->n[2 + i]) with[i] = parity_param(t, &s, 0.5f, i == 0);
    y = crema_scale(parity_program(t), c->n[0], x, with[0], with[1]);
    if (c->n[4]) y = crema_unary(parity_program(t), CREMA_UNARY_relu, NULL, y);
    parity_output(t, y);
}

static const struct parity_case norms[] = {
    { "batch norm", batch_norm, SHAPE4(3, 5, 6, 7), NULL, N(1, 1) },
    { "batch norm, native", batch_norm, SHAPE4(3, 18, 6, 7), NULL, N(1, 1),
      .native = true },
    { "batch norm, two axes", batch_norm, SHAPE2(30, 21), NULL, N(1, 1) },
    { "batch norm, 3-D", batch_norm, SHAPE5(2, 16, 3, 4, 5), NULL, N(1, 1) },
    { "batch norm, large", batch_norm, SHAPE4(4, 8, 64, 40), NULL, N(1, 1) },
    { "batch norm + relu, native", batch_norm, SHAPE4(3, 18, 6, 7), NULL,
      N(1, 1, 1), .native = true, .winners = true },
    { "batch norm + scale", batch_norm, SHAPE4(3, 5, 6, 7), NULL, N(0) },
    { "batch norm + scale, native", batch_norm, SHAPE4(3, 18, 6, 7), NULL, N(0),
      .native = true },
    { "batch norm + scale + relu", batch_norm, SHAPE4(3, 5, 6, 7), NULL,
      N(0, 0, 1) },
    { "batch norm + scale + relu, native", batch_norm, SHAPE4(3, 18, 6, 7),
      NULL, N(0, 0, 1), .native = true, .winners = true },
    { "batch norm + scale + relu, two axes", batch_norm, SHAPE2(30, 300), NULL,
      N(0, 0, 1) },
    { "batch norm + scale + relu, large", batch_norm, SHAPE4(4, 32, 40, 40),
      NULL, N(0, 0, 1), .native = true, .winners = true },
    { "batch norm + scale + relu, apart", batch_norm, SHAPE4(3, 18, 6, 7), NULL,
      N(0, 0, 1), .native = true, .winners = true, .plain = true },
    { "batch norm + scale without bias + relu", batch_norm, SHAPE4(3, 16, 6, 7),
      NULL, N(0, 1, 1), .native = true, .winners = true },
    { "batch norm + bias + relu", batch_norm, SHAPE4(3, 16, 6, 7), NULL,
      N(1, 0, 1), .native = true, .winners = true },
    { "batch norm + scale, test phase", batch_norm, SHAPE4(3, 18, 6, 7), NULL,
      N(0, 0, 1), .native = true, .test = true },
    { "batch norm, global", batch_norm_global, SHAPE4(3, 5, 6, 7), NULL,
      N(1, 1) },
    { "batch norm, global, native", batch_norm_global, SHAPE4(3, 18, 6, 7),
      NULL, N(1, 1), .native = true },
    { "batch norm, global + relu, native", batch_norm_global,
      SHAPE4(3, 18, 6, 7), NULL, N(1, 1, 1), .native = true, .winners = true },
    { "batch norm, global + scale + relu", batch_norm_global,
      SHAPE4(3, 5, 6, 7), NULL, N(0, 0, 1) },
    { "batch norm, global + scale + relu, native", batch_norm_global,
      SHAPE4(3, 18, 6, 7), NULL, N(0, 0, 1), .native = true, .winners = true },
    { "batch norm, global + bias, native", batch_norm_global,
      SHAPE4(3, 18, 6, 7), NULL, N(1), .native = true },
    { "batch norm, global + scale + relu, test phase", batch_norm_global,
      SHAPE4(3, 18, 6, 7), NULL, N(0, 0, 1), .test = true },
    { "batch norm, averages", batch_norm_global, SHAPE4(3, 5, 6, 7), NULL,
      N(1, 1, 0, 1) },
    { "batch norm, averages + scale + relu, native", batch_norm_global,
      SHAPE4(3, 18, 6, 7), NULL, N(0, 0, 1, 1), .native = true,
      .winners = true },
    { "batch norm, averages + scale + relu, test phase", batch_norm_global,
      SHAPE4(3, 18, 6, 7), NULL, N(0, 0, 1, 1), .test = true },
    { "scale", scale, SHAPE4(3, 5, 6, 7), NULL, N(1, 1) },
    { "scale, native", scale, SHAPE4(3, 18, 6, 7), NULL, N(1, 1),
      .native = true },
    { "scale, no bias, native", scale, SHAPE4(3, 18, 6, 7), NULL, N(1, 1, 0, 1),
      .native = true },
    { "bias alone, native", scale, SHAPE4(3, 18, 6, 7), NULL, N(1, 1, 1),
      .native = true },
    { "scale + relu", scale, SHAPE4(3, 5, 6, 7), NULL, N(1, 1, 0, 0, 1) },
    { "scale + relu, native", scale, SHAPE4(3, 18, 6, 7), NULL,
      N(1, 1, 0, 0, 1), .native = true, .winners = true },
    { "scale, large", scale, SHAPE4(3, 5, 70, 60), NULL, N(1, 1) },
    { "bias alone, large, native", scale, SHAPE4(3, 18, 20, 20), NULL,
      N(1, 1, 1), .native = true },
    { "scale, axes 1 and 2", scale, SHAPE4(3, 5, 6, 7), NULL, N(1, 2) },
    { "scale, whole", scale, SHAPE3(3, 5, 6), NULL, N(0, 3) },
    { "scale, last axis", scale, SHAPE2(30, 21), NULL, N(1, 1) },
};

const struct parity_table norm_tables[] = { TABLE(norms), NO_TABLE };
