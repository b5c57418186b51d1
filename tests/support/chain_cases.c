/* chain_cases.c - a convolution with its bias, and what follows it: ReLU and
 * LRN in front of a maximum pooling, or an activation alone, which may be one.
 */
#include "support/op_cases.h"

enum { OUTPUTS, RELU, KERNEL, STRIDE, PAD, READ, MASK };

/* params: of the LRN, or NULL.  READ: the host reads what is pooled. */
static void chain(struct parity *t, const struct parity_case *c)
{
    const struct crema_pool pool = {
        CREMA_POOL_MAX,
        { c->n[KERNEL], c->n[KERNEL] },
        { c->n[STRIDE], c->n[STRIDE] },
        { c->n[PAD], c->n[PAD] },
        true,
    };
    const struct crema_shape w = CREMA_SHAPE(c->n[OUTPUTS], c->x.dim[1], 3, 3);
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t), *mask = NULL;

    x = crema_conv(p, CONV(3, 1, 1, 1, 1), x, parity_param(t, &w, 0.5f, false),
                   parity_param(t, &CREMA_SHAPE(c->n[OUTPUTS]), 0.5f, false));
    if (c->n[RELU]) x = crema_unary(p, CREMA_UNARY_relu, NULL, x);
    if (c->params) x = crema_lrn(p, c->params, x);
    if (c->n[READ]) parity_output(t, x);
    parity_output(t, crema_pooling(p, &pool, x, c->n[MASK] ? &mask : NULL));
    parity_output(t, mask);
}

enum { FORMULA = 1, TWICE };

/* An activation between two convolutions; TWICE: two gradients come back. */
static void activated(struct parity *t, const struct parity_case *c)
{
    const struct crema_shape w = CREMA_SHAPE(c->n[OUTPUTS], c->x.dim[1], 3, 3);
    const struct crema_shape v = CREMA_SHAPE(7, c->n[OUTPUTS], 1, 1);
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t);

    x = crema_conv(p, CONV(3, 1, 1, 1, 1), x, parity_param(t, &w, 0.5f, false),
                   parity_param(t, &CREMA_SHAPE(c->n[OUTPUTS]), 0.5f, false));
    x = crema_unary(p, (enum crema_unary_formula)c->n[FORMULA], NULL, x);
    for (int i = 0; i <= c->n[TWICE]; i++)
        parity_output(t, crema_conv(p, CONV(1, 1, 0, 1, 1), x,
                                    parity_param(t, &v, 0.5f, false), NULL));
}

#define LRN5 LRN(5, 0.5f, 0.75f, 1)

static const struct parity_case chains[] = {
    { "relu + lrn + pool", chain, SHAPE4(2, 3, 11, 14), LRN5, N(16, 1, 3, 2),
      .winners = true },
    { "relu + lrn + pool, many channels", chain, SHAPE4(2, 5, 9, 7), LRN5,
      N(96, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, many positions", chain, SHAPE4(3, 2, 40, 33), LRN5,
      N(8, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, odd channels", chain, SHAPE4(2, 3, 9, 8), LRN5,
      N(18, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, most channels", chain, SHAPE4(2, 1, 4, 3), LRN5,
      N(2048, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, more channels", chain, SHAPE4(1, 1, 3, 4), LRN5,
      N(2056, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, pad", chain, SHAPE4(2, 3, 8, 8), LRN5,
      N(24, 1, 3, 2, 1), .winners = true },
    { "relu + lrn + pool, at every place", chain, SHAPE4(2, 3, 6, 7), LRN5,
      N(16, 1, 3, 1, 1), .winners = true },
    { "relu + lrn + pool, windows without elements", chain, SHAPE4(1, 3, 7, 7),
      LRN5, N(16, 1, 2, 4), .winners = true },
    { "relu + lrn + pool, large windows", chain, SHAPE4(2, 3, 20, 20), LRN5,
      N(16, 1, 17, 1), .winners = true },
    { "pool, large windows", chain, SHAPE4(2, 3, 20, 20), NULL, N(16, 0, 17, 1),
      .winners = true },
    { "relu + lrn + pool, 3 channels", chain, SHAPE4(2, 3, 9, 9),
      LRN(3, 1, 0.75f, 2), N(16, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, 9 channels", chain, SHAPE4(2, 3, 9, 9),
      LRN(9, 1, 0.75f, 1), N(24, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, 11 channels", chain, SHAPE4(2, 3, 9, 9),
      LRN(11, 1, 0.75f, 1), N(16, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, each channel alone", chain, SHAPE4(2, 3, 9, 9),
      LRN(1, 1, 0.5f, 1), N(16, 1, 3, 2), .winners = true },
    { "relu + lrn + pool, beta 1", chain, SHAPE4(2, 3, 9, 9), LRN(5, 1, 1, 1),
      N(16, 1, 2, 2), .winners = true },
    { "relu + lrn + pool, a blob read", chain, SHAPE4(2, 3, 9, 9), LRN5,
      N(16, 1, 3, 2, 0, 1), .winners = true },
    { "relu + lrn + pool, indices read", chain, SHAPE4(2, 3, 9, 9), LRN5,
      N(16, 1, 3, 2, 0, 0, 1), .ref_too = true, .coarse = true,
      .winners = true },
    { "lrn + pool", chain, SHAPE4(2, 3, 9, 9), LRN5, N(16, 0, 3, 2),
      .winners = true },
    { "relu + lrn + pool, windows with gaps", chain, SHAPE4(2, 3, 11, 12), LRN5,
      N(16, 1, 2, 3), .winners = true },
    { "relu + lrn + pool, three windows a row", chain, SHAPE4(2, 3, 11, 12),
      LRN5, N(16, 1, 5, 2), .winners = true },
    { "relu + lrn + pool, pad, at every other place", chain,
      SHAPE4(3, 2, 12, 13), LRN5, N(16, 1, 4, 2, 2), .winners = true },
    { "relu + lrn + pool, test phase", chain, SHAPE4(2, 3, 11, 14), LRN5,
      N(16, 1, 3, 2), .test = true },
    { "relu + lrn + pool, test phase, odd channels", chain, SHAPE4(2, 3, 9, 8),
      LRN5, N(18, 1, 3, 2), .test = true },
    { "relu + pool", chain, SHAPE4(2, 3, 9, 9), NULL, N(16, 1, 3, 2),
      .winners = true },
    { "relu + pool, equal values", chain, SHAPE4(2, 1, 9, 9), NULL,
      N(16, 1, 3, 2), .winners = true, .coarse = true },
    { "relu + pool, a blob read", chain, SHAPE4(2, 3, 9, 9), NULL,
      N(16, 1, 3, 2, 0, 1), .winners = true },
    { "relu + pool, odd channels", chain, SHAPE4(2, 3, 9, 9), NULL,
      N(5, 1, 2, 2), .winners = true },
    { "conv + pool", chain, SHAPE4(2, 3, 9, 9), NULL, N(16, 0, 2, 2),
      .winners = true },
    { "conv + pool, many positions", chain, SHAPE4(3, 2, 40, 33), NULL,
      N(20, 0, 2, 2), .winners = true },
};

static const struct parity_case activations[] = {
    { "conv + relu + conv", activated, SHAPE4(2, 3, 7, 6), NULL,
      N(16, CREMA_UNARY_relu), .winners = true },
    { "conv + relu + conv, many positions", activated, SHAPE4(3, 2, 40, 33),
      NULL, N(8, CREMA_UNARY_relu), .winners = true },
    { "conv + relu + conv, many channels", activated, SHAPE4(2, 3, 5, 6), NULL,
      N(384, CREMA_UNARY_relu), .winners = true },
    { "conv + relu + conv, most channels", activated, SHAPE4(2, 1, 3, 2), NULL,
      N(2048, CREMA_UNARY_relu), .winners = true },
    { "conv + relu + conv, more channels", activated, SHAPE4(1, 1, 2, 3), NULL,
      N(2056, CREMA_UNARY_relu), .winners = true },
    { "conv + relu + conv, odd channels", activated, SHAPE4(2, 3, 7, 6), NULL,
      N(18, CREMA_UNARY_relu), .winners = true },
    { "conv + relu + conv, one position", activated, SHAPE4(5, 3, 1, 1), NULL,
      N(24, CREMA_UNARY_relu), .winners = true },
    { "conv + sigmoid + conv", activated, SHAPE4(2, 3, 7, 6), NULL,
      N(16, CREMA_UNARY_sigmoid) },
    { "conv + relu, read twice", activated, SHAPE4(2, 3, 7, 6), NULL,
      N(16, CREMA_UNARY_relu, 1), .winners = true },
    { "conv + tanh, read twice, odd channels", activated, SHAPE4(2, 3, 7, 6),
      NULL, N(9, CREMA_UNARY_tanh, 1) },
};

const struct parity_table chain_tables[] = { TABLE(chains), TABLE(activations),
                                             NO_TABLE };
