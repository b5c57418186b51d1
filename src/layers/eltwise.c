/* eltwise.c - sum (with coefficients), product or maximum of the bottoms. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__EltwiseParameter, CREMA__ELTWISE_PARAMETER__INIT,
                  eltwise_param)

#define OPERATION(name) CREMA__ELTWISE_PARAMETER__ELTWISE_OP__##name

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__EltwiseParameter *p = param(l);

    if (p->n_coeff && p->n_coeff != (size_t)l->nbottoms)
        return crema_layer_fail(l, &p->coeff[0], "%zu coeff for %d bottoms",
                                p->n_coeff, l->nbottoms);
    if (p->n_coeff && p->operation == OPERATION(PROD))
        return crema_layer_fail(l, &p->coeff[0],
                                "coeff goes with operation SUM alone");
    if (p->operation > OPERATION(MAX))
        return crema_layer_fail(l, &p->operation,
                                "this operation, which only some forks of "
                                "Caffe have, is not supported");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__EltwiseParameter *p = param(l);

    if (p->operation == OPERATION(PROD))
        l->top[0] = crema_product(l->program, l->nbottoms, l->bottom,
                                  p->stable_prod_grad);
    else if (p->operation == OPERATION(MAX))
        l->top[0] = crema_maximum(l->program, l->nbottoms, l->bottom);
    else
        l->top[0] = crema_sum(l->program, l->nbottoms, l->bottom,
                              p->n_coeff ? p->coeff : NULL);
    return CREMA_OK;
}

static const struct crema_param_doc eltwise_param = {
    .message = "eltwise_param",
    .fields =
        (const struct crema_field_doc[]){
            { "operation", "SUM, PROD or MAX; the others are not supported" },
            { "coeff", "one for each bottom, with SUM; 1 when not given" },
            { "stable_prod_grad",
              "gradient of PROD: false divides y by x, which is faster with "
              "many bottoms and not a number where x is 0" },
            { 0 },
        },
    .ignored = "engine",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "sum, product or maximum of blobs",
    .text = "  SUM   y = sum of coeff[i] x[i]\n"
            "  PROD  y = product of x[i]\n"
            "  MAX   y = largest of x[i]\n\n"
            "Of two equal numbers MAX takes, and gives the gradient to, the "
            "later one if they are the first two, else the earlier.",
    .bottoms = { { "a", "of any shape" },
                 { "b", "of the same shape; more may follow" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &eltwise_param },
    .example = "eltwise_param { operation: SUM }",
};

const struct crema_layer_type crema_layer_Eltwise = {
    .name = "Eltwise",
    .min_bottoms = 2,
    .max_bottoms = -1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
