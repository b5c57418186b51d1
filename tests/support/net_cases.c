/* net_cases.c - whole nets over some steps of learning. */
#include "support/op_cases.h"

static struct crema_tensor *convolve(struct parity *t, struct crema_tensor *x,
                                     int outputs, const struct crema_conv *p)
{
    struct crema_shape w;

    if (!x) return NULL;
    w = CREMA_SHAPE(outputs, crema_tensor_shape(x)->dim[1] / p->groups,
                    p->kernel[0], p->kernel[1]);
    return crema_conv(parity_program(t), p, x, parity_param(t, &w, 0.2f, false),
                      parity_param(t, &CREMA_SHAPE(outputs), 0.1f, false));
}

static struct crema_tensor *layer(struct parity *t, struct crema_tensor *x,
                                  int outputs, const struct crema_conv *p)
{
    return crema_unary(parity_program(t), CREMA_UNARY_relu, NULL,
                       convolve(t, x, outputs, p));
}

static struct crema_tensor *full(struct parity *t, struct crema_tensor *x,
                                 int outputs)
{
    const struct crema_shape *s;
    struct crema_shape flat;

    if (!x) return NULL;
    s = crema_tensor_shape(x);
    flat = CREMA_SHAPE(s->dim[0], crema_shape_product(s, 1, s->ndims));
    x = crema_view(parity_program(t), &flat, x);
    return crema_inner_product(
        parity_program(t), false, x,
        parity_param(t, &CREMA_SHAPE(outputs, flat.dim[1]), 0.1f, false),
        parity_param(t, &CREMA_SHAPE(outputs), 0.1f, false));
}

static void loss(struct parity *t, struct crema_tensor *x, int classes)
{
    const struct crema_softmax_loss sl = { .axis = 1,
                                           .normalization =
                                               CREMA_NORMALIZE_VALID };
    struct crema_tensor *label = parity_labels(
        t, &CREMA_SHAPE(t ? crema_tensor_shape(x)->dim[0] : 0), classes);

    parity_loss(
        t, crema_softmax_with_loss(parity_program(t), &sl, x, label, NULL, NULL));
}

/* n: channels of the first and second convolution */
static void alexnet_like(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t);

    x = layer(t, x, c->n[0], CONV(5, 2, 0, 1, 1));
    x = crema_pooling(p, POOL(MAX, 3, 2, 0, true), x, NULL);
    x = crema_lrn(p, LRN(5, 1e-1f, 0.75f, 1), x);
    x = layer(t, x, c->n[1], CONV(3, 1, 1, 1, 2));
    x = crema_pooling(p, POOL(MAX, 3, 2, 0, true), x, NULL);
    x = crema_unary(p, CREMA_UNARY_relu, NULL, full(t, x, 40));
    x = crema_dropout(p, 0.5f, 1, 2, x);
    x = full(t, x, 10);
    if (x) loss(t, x, 10);
}

/* Branches that meet in a sum and a concat, batch norm and scale; one branch
 * is read by three. */
static void branches(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t), *a, *b, *mean, *var;
    int k = c->n[0];

    x = layer(t, x, k, CONV(3, 1, 1, 1, 1));
    a = layer(t, x, k, CONV(3, 1, 1, 1, 1));
    a = crema_batch_norm(p, 1e-5f, a, &mean, &var);
    a = crema_scale(p, 1, a, parity_param(t, &CREMA_SHAPE(k), 0.5f, true),
                    parity_param(t, &CREMA_SHAPE(k), 0.5f, false));
    a = crema_sum(p, 2, (struct crema_tensor *[]){ x, a }, NULL);
    b = layer(t, x, c->n[1], CONV(1, 1, 0, 1, 1));
    x = crema_concat(p, 1, 3, (struct crema_tensor *[]){ x, a, b });
    x = crema_pooling(p, POOL(AVE, 3, 2, 1, true), x, NULL);
    x = full(t, x, 7);
    if (x) loss(t, x, 7);
}

/* A convolution without bias, then batch norm and scale. */
static struct crema_tensor *normed(struct parity *t, struct crema_tensor *x,
                                   int outputs, int kernel, bool global)
{
    struct crema_conv c = *CONV(3, 1, 1, 1, 1);
    struct crema_program *p = parity_program(t);
    const struct crema_shape each = CREMA_SHAPE(outputs);
    struct crema_tensor *mean, *var;

    if (!x) return NULL;
    for (int i = 0; i < 2; i++) {
        c.kernel[i] = kernel;
        c.pad[i] = kernel / 2;
    }
    x = crema_conv(
        p, &c, x,
        parity_param(t,
                     &CREMA_SHAPE(outputs, crema_tensor_shape(x)->dim[1],
                                  kernel, kernel),
                     0.2f, false),
        NULL);
    if (global)
        x = crema_batch_norm_global(
            p, 1e-5f, x, parity_param(t, &each, 0.5f, false),
            parity_param(t, &each, 0.5f, true),
            parity_param(t, &CREMA_SHAPE(1), 0.5f, true));
    else
        x = crema_batch_norm(p, 1e-5f, x, &mean, &var);
    return crema_scale(p, 1, x, parity_param(t, &each, 0.5f, true),
                       parity_param(t, &each, 0.5f, false));
}

/* Two residual blocks, the first with a convolution in its short cut.  n:
 * channels; statistics are global; the host reads a blob between scale and ReLU
 */
static void residual(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t), *a, *b;
    int k = c->n[0];
    bool global = c->n[1] != 0;

    a = normed(t, x, k, 1, global);
    b = crema_unary(p, CREMA_UNARY_relu, NULL, normed(t, x, k, 3, global));
    b = normed(t, b, k, 3, global);
    x = crema_sum(p, 2, (struct crema_tensor *[]){ a, b }, NULL);
    x = crema_unary(p, CREMA_UNARY_relu, NULL, x);
    b = normed(t, x, k, 3, global);
    if (c->n[2]) parity_output(t, b);
    b = crema_unary(p, CREMA_UNARY_relu, NULL, b);
    b = normed(t, b, k, 3, global);
    x = crema_sum(p, 2, (struct crema_tensor *[]){ b, x }, NULL);
    x = crema_unary(p, CREMA_UNARY_relu, NULL, x);
    x = full(t, x, 7);
    if (x) loss(t, x, 7);
}

/* Caffe's LeNet for 28 x 28 digits. */
void record_lenet(struct parity *t, const struct parity_case *c)
{
    const struct crema_pool *half = POOL(MAX, 2, 2, 0, true);
    struct crema_program *p = parity_program(t);
    struct crema_tensor *x = parity_x(t);

    (void)c;
    x = convolve(t, x, 20, CONV(5, 1, 0, 1, 1));
    x = crema_pooling(p, half, x, NULL);
    x = crema_pooling(p, half, convolve(t, x, 50, CONV(5, 1, 0, 1, 1)), NULL);
    x = crema_unary(p, CREMA_UNARY_relu, NULL, full(t, x, 500));
    x = full(t, x, 10);
    if (x) loss(t, x, 10);
}

static const struct parity_case nets[] = {
    { "LeNet", record_lenet, SHAPE4(3, 1, 28, 28), NULL, N(0), .winners = true,
      .steps = 2, .ref_too = true },
    { "like AlexNet", alexnet_like, SHAPE4(4, 3, 27, 27), NULL, N(32, 48),
      .winners = true, .steps = 3, .ref_too = true },
    { "like AlexNet, unfused", alexnet_like, SHAPE4(4, 3, 27, 27), NULL,
      N(32, 48), .winners = true, .steps = 3, .ref_too = true, .plain = true },
    { "like AlexNet, odd", alexnet_like, SHAPE4(3, 3, 25, 28), NULL, N(18, 10),
      .winners = true, .steps = 3, .ref_too = true },
    { "like AlexNet, odd, unfused", alexnet_like, SHAPE4(3, 3, 25, 28), NULL,
      N(18, 10), .winners = true, .steps = 3, .ref_too = true, .plain = true },
    { "branches", branches, SHAPE4(4, 3, 9, 9), NULL, N(16, 32),
      .winners = true, .steps = 3, .ref_too = true },
    { "branches, odd", branches, SHAPE4(4, 3, 9, 9), NULL, N(12, 5),
      .winners = true, .steps = 3, .ref_too = true },
    { "branches, odd, unfused", branches, SHAPE4(4, 3, 9, 9), NULL, N(12, 5),
      .winners = true, .steps = 3, .ref_too = true, .plain = true },
    { "residual", residual, SHAPE4(8, 3, 9, 9), NULL, N(16), .winners = true,
      .steps = 3, .ref_too = true },
    { "residual, odd", residual, SHAPE4(3, 5, 7, 8), NULL, N(10),
      .winners = true, .steps = 2, .ref_too = true },
    { "residual, a blob read", residual, SHAPE4(4, 3, 9, 9), NULL, N(16, 0, 1),
      .winners = true, .steps = 2, .ref_too = true },
    { "residual, global", residual, SHAPE4(4, 3, 9, 9), NULL, N(16, 1),
      .winners = true, .steps = 2, .ref_too = true },
    { "residual, test phase", residual, SHAPE4(4, 3, 9, 9), NULL, N(16, 1),
      .winners = true, .ref_too = true, .test = true },
    { "residual, test phase, odd", residual, SHAPE4(3, 5, 7, 8), NULL, N(10, 1),
      .winners = true, .ref_too = true, .test = true },
    { "residual, test phase, a blob read", residual, SHAPE4(4, 3, 9, 9), NULL,
      N(16, 1, 1), .winners = true, .ref_too = true, .test = true },
    { "residual, test phase, batch statistics", residual, SHAPE4(4, 3, 9, 9),
      NULL, N(16), .winners = true, .ref_too = true, .test = true },
};

const struct parity_table net_tables[] = { TABLE(nets), NO_TABLE };
