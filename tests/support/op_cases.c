/* op_cases.c - each op in its corners. */
#include "support/op_cases.h"

/* ---- how each family is recorded --------------------------------------- */

/* n: outputs, no bias, relu behind */
static void conv(struct parity *t, const struct parity_case *c)
{
    const struct crema_conv *p = c->params;
    struct crema_tensor *x = parity_x(t), *y;
    struct crema_shape w = { p->spatial + 2,
                             { c->n[0], c->x.dim[1] / p->groups } };

    for (int i = 0; i < p->spatial; i++) w.dim[2 + i] = p->kernel[i];
    y = crema_conv(parity_program(t), p, x, parity_param(t, &w, 0.3f, false),
                   c->n[1] ? NULL
                           : parity_param(t, &CREMA_SHAPE(c->n[0]), 1, false));
    if (c->n[2]) y = crema_unary(parity_program(t), CREMA_UNARY_relu, NULL, y);
    parity_output(t, y);
}

/* n: outputs, no bias */
static void deconv(struct parity *t, const struct parity_case *c)
{
    const struct crema_conv *p = c->params;
    struct crema_shape w = { p->spatial + 2,
                             { c->x.dim[1], c->n[0] / p->groups } };
    struct crema_tensor *x = parity_x(t);

    for (int i = 0; i < p->spatial; i++) w.dim[2 + i] = p->kernel[i];
    parity_output(
        t,
        crema_deconv(
            parity_program(t), p, x, parity_param(t, &w, 0.3f, false),
            c->n[1] ? NULL : parity_param(t, &CREMA_SHAPE(c->n[0]), 1, false)));
}

/* n: outputs, no bias, transposed, relu behind */
static void ip(struct parity *t, const struct parity_case *c)
{
    struct crema_shape w = CREMA_SHAPE(c->n[0], c->x.dim[1]);
    struct crema_tensor *x = parity_x(t), *y;

    if (c->n[2]) w = CREMA_SHAPE(c->x.dim[1], c->n[0]);
    y = crema_inner_product(
        parity_program(t), c->n[2] != 0, x, parity_param(t, &w, 0.3f, false),
        c->n[1] ? NULL : parity_param(t, &CREMA_SHAPE(c->n[0]), 1, false));
    if (c->n[3]) y = crema_unary(parity_program(t), CREMA_UNARY_relu, NULL, y);
    parity_output(t, y);
}

/* n: mask wanted */
static void pool(struct parity *t, const struct parity_case *c)
{
    struct crema_tensor *mask = NULL;

    parity_output(t, crema_pooling(parity_program(t), c->params, parity_x(t),
                                   c->n[0] ? &mask : NULL));
    parity_output(t, mask);
}

static void pool_draw(struct parity *t, const struct parity_case *c)
{
    parity_output(t, crema_pooling_draw(parity_program(t), c->params, 5, 77,
                                        parity_x(t)));
}

static void lrn(struct parity *t, const struct parity_case *c)
{
    parity_output(t, crema_lrn(parity_program(t), c->params, parity_x(t)));
}

/* n: axis */
static void softmax(struct parity *t, const struct parity_case *c)
{
    parity_output(t, crema_softmax(parity_program(t), c->n[0], parity_x(t)));
}

/* n: formula, hundredths of p[0] p[1] p[2] */
static void unary(struct parity *t, const struct parity_case *c)
{
    const float p[4] = { (float)c->n[1] / 100, (float)c->n[2] / 100,
                         (float)c->n[3] / 100 };

    parity_output(t, crema_unary(parity_program(t),
                                 (enum crema_unary_formula)c->n[0], p,
                                 parity_x(t)));
}

/* n: one slope for all */
static void prelu(struct parity *t, const struct parity_case *c)
{
    struct crema_shape shared = { 0 }, each = CREMA_SHAPE(c->x.dim[1]);

    parity_output(
        t, crema_prelu(parity_program(t), parity_x(t),
                       parity_param(t, c->n[0] ? &shared : &each, 1, false)));
}

static void gather(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_shape index = CREMA_SHAPE(3, 2);

    parity_output(t, crema_gather(p, parity_x(t),
                                  parity_labels(t, &index, (int)c->x.dim[0])));
}

/* n: bins, sensitive; borders in twos. */
static void regions(struct parity *t, const struct parity_case *c)
{
    const struct crema_regions how = { { c->n[0], c->n[0] }, 2, c->n[1] != 0 };
    struct crema_tensor *x = parity_x(t);

    parity_output(t, crema_region_pooling(
                         parity_program(t), &how, x,
                         parity_labels(t, &CREMA_SHAPE(9, 5),
                                       (int)c->x.dim[0])));
}

/* Two steps; the cells begin anew where a label is 0. */
static void lstm(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_shape gates = CREMA_SHAPE(c->x.dim[0], 4 * c->x.dim[1]);
    struct crema_tensor *cell = parity_x(t), *h = NULL;
    struct crema_tensor *cont = parity_labels(t, &CREMA_SHAPE(c->x.dim[0]), 2);

    for (int i = 0; i < 2; i++)
        crema_lstm_step(p, cell, parity_input(t, &gates), cont, &cell, &h);
    parity_output(t, h);
}

/* The axes turned; a part cut out of it; that three times. */
static void arrange(struct parity *t, const struct parity_case *c)
{
    static const int order[] = { 0, 2, 3, 1 };
    const int64_t first[] = { 0, 1, 2, 1 };
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = crema_permute(p, order, parity_x(t));
    struct crema_shape y = c->x;

    parity_output(t, x);
    y.dim[1] = c->x.dim[2] - 1;
    y.dim[2] = c->x.dim[3] - 2;
    y.dim[3] = c->x.dim[1] - 1;
    parity_output(t, crema_repeat(p, 1, 3, crema_crop(p, &y, first, x)));
}

/* n: reduction, from, to */
static void reduce(struct parity *t, const struct parity_case *c)
{
    parity_output(t,
                  crema_reduce(parity_program(t), (enum crema_reduction)c->n[0],
                               0.3f, c->n[1], c->n[2], parity_x(t)));
}

/* n: first axis that is summed over */
static void standardize(struct parity *t, const struct parity_case *c)
{
    parity_output(
        t, crema_standardize(parity_program(t), 0.1f, c->n[0], parity_x(t)));
}

/* n: inputs; what: 0 sum, 1 sum with coefficients, 2 product, 3 stable
 * product, 4 maximum; with a ReLU */
static void eltwise(struct parity *t, const struct parity_case *c)
{
    const float coeff[4] = { 0.5f, -2, 1, 3 };
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x[4], *y = NULL;
    int n = c->n[0];

    x[0] = parity_x(t);
    for (int i = 1; i < n; i++) x[i] = parity_input(t, &c->x);
    switch (c->n[1]) {
    case 0:
        y = crema_sum(p, n, x, NULL);
        break;
    case 1:
        y = crema_sum(p, n, x, coeff);
        break;
    case 2:
        y = crema_product(p, n, x, false);
        break;
    case 3:
        y = crema_product(p, n, x, true);
        break;
    case 4:
        y = crema_maximum(p, n, x);
        break;
    }
    if (c->n[2]) y = crema_unary(p, CREMA_UNARY_relu, NULL, y);
    parity_output(t, y);
}

static void dropout(struct parity *t, const struct parity_case *c)
{
    (void)c;
    parity_output(t,
                  crema_dropout(parity_program(t), 0.4f, 5, 77, parity_x(t)));
}

/* n: axis, then sizes along it of the other parts, 0 ends */
static void concat(struct parity *t, const struct parity_case *c)
{
    struct crema_tensor *x[8] = { parity_x(t) };
    int n = 1;

    for (; c->n[n]; n++) {
        struct crema_shape s = c->x;

        s.dim[c->n[0]] = c->n[n];
        x[n] = parity_input(t, &s);
    }
    parity_output(t, crema_concat(parity_program(t), c->n[0], n, x));
}

/* n: axis, then sizes, 0 ends */
static void slice(struct parity *t, const struct parity_case *c)
{
    struct crema_tensor *y[8];
    int64_t size[8];
    int n = 0;

    for (; c->n[1 + n]; n++) size[n] = c->n[1 + n];
    crema_slice(parity_program(t), c->n[0], parity_x(t), n, size, y);
    for (int i = 0; i < n; i++) parity_output(t, y[i]);
}

/* ---- cases --------------------------------------------------------------- */

static const struct parity_case convs[] = {
    { "conv 3x3", conv, SHAPE4(2, 3, 9, 8), CONV(3, 1, 1, 1, 1), N(16) },
    { "conv, few odd channels", conv, SHAPE4(3, 5, 7, 11), CONV(3, 2, 0, 1, 1),
      N(7) },
    { "conv, odd channels", conv, SHAPE4(2, 21, 9, 9), CONV(5, 1, 2, 1, 1),
      N(18) },
    { "conv, native x", conv, SHAPE4(2, 18, 9, 9), CONV(3, 2, 1, 1, 1), N(50),
      .native = true },
    { "conv, many positions", conv, SHAPE4(2, 3, 40, 33), CONV(3, 1, 1, 1, 1),
      N(40) },
    { "conv 1x1", conv, SHAPE4(1, 20, 6, 5), CONV(1, 1, 0, 1, 1), N(50) },
    { "conv 1x1 on 1x1", conv, SHAPE4(4, 32, 1, 1), CONV(1, 1, 0, 1, 1),
      N(10) },
    { "conv, 2 groups", conv, SHAPE4(2, 32, 8, 8), CONV(3, 1, 1, 1, 2), N(64),
      .native = true },
    { "conv, 3 groups, strided", conv, SHAPE4(2, 48, 11, 9),
      CONV(3, 2, 1, 1, 3), N(72) },
    { "conv, 2 wide groups, dilated", conv, SHAPE4(1, 32, 9, 10),
      CONV(3, 1, 2, 2, 2), N(160) },
    { "conv, 3 odd groups", conv, SHAPE4(2, 15, 8, 8), CONV(3, 1, 1, 1, 3),
      N(21) },
    { "conv, depthwise", conv, SHAPE4(2, 24, 9, 9), CONV(3, 1, 1, 1, 24),
      N(24) },
    { "conv, dilated", conv, SHAPE4(2, 16, 13, 12), CONV(3, 1, 2, 2, 1),
      N(16) },
    { "conv, dilated, strided, odd", conv, SHAPE4(1, 10, 17, 14),
      CONV(3, 2, 3, 3, 2), N(12) },
    { "conv, no bias", conv, SHAPE4(2, 16, 8, 8), CONV(3, 1, 1, 1, 1),
      N(16, 1) },
    { "conv + relu", conv, SHAPE4(2, 16, 8, 8), CONV(3, 1, 1, 1, 1),
      N(20, 0, 1) },
    { "conv, relu apart", conv, SHAPE4(2, 16, 8, 8), CONV(3, 1, 1, 1, 1),
      N(20, 0, 1), .plain = true },
    { "conv, 11x11 by 4", conv, SHAPE4(1, 3, 35, 35), CONV(11, 4, 0, 1, 1),
      N(96, 0, 1), .winners = true },
    { "conv of a picture, 7x7 by 2", conv, SHAPE4(2, 3, 23, 20),
      CONV(7, 2, 3, 1, 1), N(128, 0, 1), .winners = true },
    { "conv of a picture, 5x5", conv, SHAPE4(2, 3, 21, 20), CONV(5, 1, 2, 1, 1),
      N(32) },
    { "conv of a picture, 1x1", conv, SHAPE4(2, 4, 21, 20), CONV(1, 1, 0, 1, 1),
      N(96, 1) },
    { "conv, outputs that fill no vectors", conv, SHAPE4(3, 20, 12, 12),
      CONV(5, 1, 0, 1, 1), N(50, 0, 1), .winners = true },
    { "conv, one channel, 20 outputs", conv, SHAPE4(3, 1, 15, 13),
      CONV(5, 1, 0, 1, 1), N(20) },
    { "conv, few outputs, padded", conv, SHAPE4(2, 16, 17, 18),
      CONV(5, 1, 2, 1, 1), N(41, 1) },
    { "conv, few outputs, strided", conv, SHAPE4(2, 24, 11, 9),
      CONV(3, 2, 1, 1, 1), N(40) },
    { "conv, few outputs, kernel above the image", conv, SHAPE4(2, 20, 3, 4),
      CONV(5, 1, 2, 1, 1), N(33) },
    { "conv, few outputs, 1x1, padded", conv, SHAPE4(2, 20, 6, 7),
      CONV(1, 1, 2, 1, 1), N(50) },
    { "conv, few outputs, wide pad", conv, SHAPE4(2, 20, 3, 3),
      CONV(3, 1, 4, 1, 1), N(24) },
    { "conv of panels of 64", conv, SHAPE4(2, 64, 11, 10), CONV(3, 1, 1, 1, 1),
      N(128, 0, 1), .winners = true },
    { "conv of panels of 48, by 2", conv, SHAPE4(3, 112, 9, 8),
      CONV(5, 2, 2, 1, 1), N(144) },
    { "conv of panels of 32, by 3", conv, SHAPE4(2, 96, 14, 13),
      CONV(2, 3, 0, 1, 1), N(32, 1) },
    { "conv of panels, groups, dilated", conv, SHAPE4(2, 64, 9, 7),
      CONV(3, 1, 3, 2, 2), N(96, 0, 1), .winners = true },
    { "conv of panels, 1x1 by 2", conv, SHAPE4(2, 48, 9, 9),
      CONV(1, 2, 0, 1, 1), N(64) },
    { "conv of panels, wide pad", conv, SHAPE4(1, 32, 3, 4),
      CONV(3, 1, 4, 1, 1), N(32) },
    { "conv of panels, strided, dilated", conv, SHAPE4(1, 32, 9, 9),
      CONV(3, 2, 1, 2, 1), N(64) },
    { "conv, wide pad", conv, SHAPE4(1, 4, 3, 3), CONV(3, 1, 4, 1, 1), N(8) },
    { "conv, test phase", conv, SHAPE4(2, 16, 8, 8), CONV(3, 1, 1, 1, 1),
      N(20, 0, 1), .test = true },
    { "conv 3-D", conv, SHAPE5(2, 3, 5, 6, 7), CONV3(3, 1, 1, 1, 1), N(8) },
    { "conv 3-D, groups, strided", conv, SHAPE5(1, 16, 7, 6, 5),
      CONV3(3, 2, 1, 1, 2), N(32) },
    { "deconv", deconv, SHAPE4(2, 16, 5, 6), CONV(3, 1, 0, 1, 1), N(32) },
    { "deconv, strided, odd channels", deconv, SHAPE4(2, 5, 4, 5),
      CONV(4, 2, 1, 1, 1), N(7) },
    { "deconv, depthwise", deconv, SHAPE4(2, 21, 5, 5), CONV(4, 2, 1, 1, 21),
      N(21, 1) },
    { "deconv, groups, dilated", deconv, SHAPE4(1, 8, 5, 4),
      CONV(3, 1, 1, 2, 2), N(12) },
    { "deconv, groups, strided", deconv, SHAPE4(2, 32, 5, 4),
      CONV(4, 2, 1, 1, 2), N(48) },
    { "deconv 3-D", deconv, SHAPE5(2, 3, 4, 3, 4), CONV3(3, 2, 1, 1, 1), N(4) },
    { "conv, empty", conv, SHAPE4(0, 3, 8, 8), CONV(3, 1, 1, 1, 1), N(4, 0, 1),
      .ref_too = true },
};

static const struct parity_case ips[] = {
    { "ip", ip, SHAPE2(4, 30), NULL, N(10) },
    { "ip, one image", ip, SHAPE2(1, 33), NULL, N(7) },
    { "ip, one image, odd panels", ip, SHAPE2(1, 1003), NULL, N(130) },
    { "ip, one image, relu", ip, SHAPE2(1, 515), NULL, N(65, 1, 0, 1) },
    { "ip, three images", ip, SHAPE2(3, 300), NULL, N(257, 0, 0, 1) },
    { "ip, seven images", ip, SHAPE2(7, 77), NULL, N(191) },
    { "ip, eight images", ip, SHAPE2(8, 129), NULL, N(64) },
    { "ip, nine images", ip, SHAPE2(9, 129), NULL, N(64) },
    { "ip, no bias", ip, SHAPE2(5, 64), NULL, N(32, 1) },
    { "ip + relu", ip, SHAPE2(5, 100), NULL, N(50, 0, 0, 1) },
    { "ip, transposed", ip, SHAPE2(6, 24), NULL, N(11, 0, 1) },
    { "ip, transposed, no bias", ip, SHAPE2(16, 64), NULL, N(32, 1, 1, 1) },
    { "ip, large", ip, SHAPE2(32, 512), NULL, N(256) },
};

static const struct parity_case pools[] = {
    { "max 2x2", pool, SHAPE4(2, 3, 8, 8), POOL(MAX, 2, 2, 0, true) },
    { "max 3x3, ceil", pool, SHAPE4(2, 16, 8, 10), POOL(MAX, 3, 2, 0, true) },
    { "max 3x3, ceil, native", pool, SHAPE4(2, 18, 8, 10),
      POOL(MAX, 3, 2, 0, true), .native = true, .winners = true },
    { "max 3x3, floor", pool, SHAPE4(2, 5, 8, 10), POOL(MAX, 3, 2, 0, false) },
    { "max, ties", pool, SHAPE4(2, 16, 9, 9), POOL(MAX, 3, 2, 1, true),
      .coarse = true },
    { "max, ties, dense", pool, SHAPE4(2, 3, 9, 9), POOL(MAX, 3, 1, 1, true),
      .coarse = true },
    { "max, pad, native", pool, SHAPE4(2, 20, 7, 7), POOL(MAX, 3, 2, 1, true),
      .native = true, .winners = true },
    { "max, windows without elements", pool, SHAPE4(1, 3, 7, 7),
      POOL(MAX, 2, 4, 0, true) },
    { "max, windows without elements, native", pool, SHAPE4(1, 18, 7, 7),
      POOL(MAX, 2, 4, 0, true), .native = true, .winners = true },
    { "max, plane of one", pool, SHAPE4(2, 3, 1, 1), POOL(MAX, 2, 1, 1, true),
      N(1) },
    { "max, empty", pool, SHAPE4(0, 3, 7, 7), POOL(MAX, 2, 2, 0, true) },
    { "max, mask, native", pool, SHAPE4(2, 18, 7, 7), POOL(MAX, 3, 2, 0, true),
      N(1), .native = true, .winners = true },
    { "max, mask", pool, SHAPE4(2, 4, 7, 7), POOL(MAX, 3, 2, 0, true), N(1),
      .coarse = true },
    { "max, test phase", pool, SHAPE4(2, 16, 8, 8), POOL(MAX, 3, 2, 0, true),
      .test = true },
    { "ave 2x2", pool, SHAPE4(2, 3, 8, 8), POOL(AVE, 2, 2, 0, true) },
    { "ave 3x3, ceil, native", pool, SHAPE4(2, 18, 8, 10),
      POOL(AVE, 3, 2, 0, true), .native = true },
    { "ave, pad", pool, SHAPE4(2, 5, 9, 9), POOL(AVE, 3, 2, 1, true) },
    { "ave, pad, beyond it", pool, SHAPE4(2, 5, 8, 8),
      POOL(AVE, 3, 2, 1, true) },
    { "ave, pad, beyond it, native", pool, SHAPE4(2, 21, 8, 8),
      POOL(AVE, 3, 2, 1, true), .native = true },
    { "ave, windows without elements", pool, SHAPE4(1, 3, 7, 7),
      POOL(AVE, 2, 4, 0, true) },
    { "draw 2x2", pool_draw, SHAPE4(2, 3, 8, 8), POOL(MAX, 2, 2, 0, true) },
    { "draw 3x3, ceil", pool_draw, SHAPE4(2, 16, 8, 10),
      POOL(MAX, 3, 2, 0, true) },
    { "draw 3x3, native", pool_draw, SHAPE4(2, 18, 8, 10),
      POOL(MAX, 3, 2, 0, true), .native = true, .winners = true },
    { "draw, pad, native", pool_draw, SHAPE4(2, 35, 7, 7),
      POOL(MAX, 3, 2, 1, true), .native = true, .winners = true },
    { "draw, windows without elements", pool_draw, SHAPE4(1, 3, 7, 7),
      POOL(MAX, 2, 4, 0, true) },
    { "draw, large windows", pool_draw, SHAPE4(2, 3, 20, 20),
      POOL(MAX, 17, 1, 0, true) },
    { "ave, whole plane", pool, SHAPE4(2, 64, 7, 7), POOL(AVE, 7, 1, 0, true),
      .native = true },
};

static const struct parity_case lrns[] = {
    { "lrn", lrn, SHAPE4(2, 16, 5, 7), LRN(5, 0.5f, 0.75f, 1) },
    { "lrn, native", lrn, SHAPE4(2, 96, 5, 7), LRN(5, 0.5f, 0.75f, 1),
      .native = true },
    { "lrn, odd channels, native", lrn, SHAPE4(2, 21, 5, 7),
      LRN(5, 0.5f, 0.75f, 2), .native = true },
    { "lrn, odd channels, beta 1", lrn, SHAPE4(3, 7, 6, 6), LRN(3, 2, 1, 1) },
    { "lrn, window over all", lrn, SHAPE4(1, 5, 3, 3), LRN(11, 1, 0.5f, 1.5f) },
    { "lrn, two axes", lrn, SHAPE2(3, 20), LRN(3, 1, 0.75f, 1) },
};

static const struct parity_case softmaxes[] = {
    { "softmax", softmax, SHAPE2(4, 10), NULL, N(1) },
    { "softmax, wide", softmax, SHAPE2(2, 1000), NULL, N(1) },
    { "softmax, image", softmax, SHAPE4(2, 21, 5, 6), NULL, N(1) },
    { "softmax, image, native", softmax, SHAPE4(2, 21, 5, 6), NULL, N(1),
      .native = true },
    { "softmax, last axis", softmax, SHAPE4(2, 3, 5, 6), NULL, N(3) },
    { "softmax, first axis", softmax, SHAPE3(4, 3, 5), NULL, N(0) },
};

static const struct parity_case others[] = {
    { "relu", unary, SHAPE4(2, 5, 6, 7), NULL, N(CREMA_UNARY_relu) },
    { "relu, native", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_relu),
      .native = true },
    { "leaky relu", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_relu, 10),
      .native = true },
    { "relu, slope below 0", unary, SHAPE4(2, 5, 6, 7), NULL,
      N(CREMA_UNARY_leaky_relu, -50) },
    { "sigmoid, native", unary, SHAPE4(2, 18, 6, 7), NULL,
      N(CREMA_UNARY_sigmoid), .native = true },
    { "tanh, native", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_tanh),
      .native = true },
    { "power, native", unary, SHAPE4(2, 18, 6, 7), NULL,
      N(CREMA_UNARY_power, 200, 150, 50), .native = true },
    { "arranged", arrange, SHAPE4(2, 5, 6, 7), NULL, N(0), .ref_too = true },
    { "reduced", reduce, SHAPE4(2, 5, 6, 7), NULL, N(CREMA_REDUCE_SUM, 1, 3),
      .ref_too = true },
    { "reduced to a number", reduce, SHAPE4(2, 5, 6, 7), NULL,
      N(CREMA_REDUCE_SQUARES, 0, 4), .ref_too = true },
    { "magnitudes reduced", reduce, SHAPE4(2, 18, 6, 7), NULL,
      N(CREMA_REDUCE_ABS, 1, 2), .ref_too = true },
    { "standardized", standardize, SHAPE4(2, 5, 6, 7), NULL, N(2),
      .ref_too = true },
    { "prelu", prelu, SHAPE4(2, 18, 6, 7), NULL, N(0), .ref_too = true },
    { "prelu, shared", prelu, SHAPE4(2, 5, 6, 7), NULL, N(1), .ref_too = true },
    { "prelu, rows", prelu, SHAPE2(5, 18), NULL, N(0), .ref_too = true },
    { "gathered", gather, SHAPE3(5, 3, 4), NULL, N(0), .ref_too = true },
    { "regions", regions, SHAPE4(4, 5, 7, 6), NULL, N(3, 0) },
    { "regions, native", regions, SHAPE4(4, 18, 7, 6), NULL, N(4, 0),
      .native = true, .winners = true },
    { "regions, equal values", regions, SHAPE4(4, 5, 7, 6), NULL, N(2, 0),
      .coarse = true },
    { "sensitive regions", regions, SHAPE4(4, 18, 7, 6), NULL, N(3, 1),
      .native = true },
    { "lstm", lstm, SHAPE2(3, 7), NULL, N(0), .ref_too = true },
    { "abs", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_abs),
      .native = true },
    { "bnll", unary, SHAPE4(2, 5, 6, 7), NULL, N(CREMA_UNARY_bnll) },
    { "clip", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_clip, -30, 50),
      .native = true, .winners = true },
    { "elu", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_elu, 50),
      .native = true },
    { "exp", unary, SHAPE4(2, 5, 6, 7), NULL, N(CREMA_UNARY_exp, 70, 130) },
    { "log", unary, SHAPE4(2, 5, 6, 7), NULL,
      N(CREMA_UNARY_log, 150, 50, 200) },
    { "swish", unary, SHAPE4(2, 18, 6, 7), NULL, N(CREMA_UNARY_swish, 150),
      .native = true },
    { "threshold", unary, SHAPE4(2, 18, 6, 7), NULL,
      N(CREMA_UNARY_threshold, 20), .native = true },
    { "relu, large", unary, SHAPE4(4, 16, 64, 64), NULL, N(CREMA_UNARY_relu) },
    { "sum", eltwise, SHAPE4(2, 18, 6, 7), NULL, N(2, 0), .native = true },
    { "sum of 4", eltwise, SHAPE4(2, 18, 26, 27), NULL, N(4, 1),
      .native = true },
    { "sum + relu", eltwise, SHAPE4(2, 18, 6, 7), NULL, N(2, 0, 1),
      .native = true, .winners = true },
    { "sum of 3 + relu", eltwise, SHAPE4(2, 18, 26, 27), NULL, N(3, 1, 1),
      .native = true, .winners = true },
    { "maximum + relu", eltwise, SHAPE4(2, 18, 6, 7), NULL, N(2, 4, 1) },
    { "product", eltwise, SHAPE4(2, 18, 6, 7), NULL, N(3, 2), .native = true },
    { "stable product", eltwise, SHAPE4(2, 16, 6, 7), NULL, N(3, 3),
      .native = true },
    { "maximum", eltwise, SHAPE4(2, 18, 6, 7), NULL, N(3, 4), .native = true,
      .winners = true },
    { "dropout, dense", dropout, SHAPE2(7, 1003), NULL, N(0) },
    { "dropout, image", dropout, SHAPE4(3, 5, 7, 3), NULL, N(0) },
    { "dropout, native", dropout, SHAPE4(3, 18, 7, 3), NULL, N(0),
      .native = true },
    { "dropout, native, large", dropout, SHAPE4(2, 32, 17, 19), NULL, N(0),
      .native = true },
};

static const struct parity_case joins[] = {
    { "concat, channels", concat, SHAPE4(2, 3, 4, 5), NULL, N(1, 5, 2) },
    { "concat, channels, native", concat, SHAPE4(2, 16, 4, 5), NULL,
      N(1, 32, 16), .native = true },
    { "concat, odd channels, native", concat, SHAPE4(2, 18, 4, 5), NULL,
      N(1, 7), .native = true },
    { "concat, images, native", concat, SHAPE4(2, 18, 4, 5), NULL, N(0, 3),
      .native = true },
    { "concat, rows, native", concat, SHAPE4(2, 18, 4, 5), NULL, N(2, 3),
      .native = true },
    { "slice, channels", slice, SHAPE4(2, 9, 4, 5), NULL, N(1, 2, 4, 3) },
    { "slice, channels, native", slice, SHAPE4(2, 48, 4, 5), NULL, N(1, 16, 32),
      .native = true },
    { "slice, odd channels, native", slice, SHAPE4(2, 18, 4, 5), NULL,
      N(1, 11, 7), .native = true },
    { "slice, images, native", slice, SHAPE4(5, 18, 4, 5), NULL, N(0, 2, 3),
      .native = true },
    { "slice, columns", slice, SHAPE3(3, 4, 6), NULL, N(2, 1, 5) },
};

static const struct parity_table op_tables[] = {
    TABLE(convs),     TABLE(ips),    TABLE(pools), TABLE(lrns),
    TABLE(softmaxes), TABLE(others), TABLE(joins), NO_TABLE,
};

const struct parity_case *op_case(int i)
{
    const struct parity_table *const all[] = { op_tables, norm_tables,
                                               loss_tables, plane_tables,
                                               chain_tables, net_tables };

    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (const struct parity_table *t = all[k]; t->name; t++) {
            if (i < t->count) return &t->cases[i];
            i -= t->count;
        }
    return NULL;
}
