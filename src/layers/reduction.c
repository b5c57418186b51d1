/* reduction.c - the axes from `axis` on become one number: coeff times the sum
 * of X, |X| or X^2, or the mean. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ReductionParameter, CREMA__REDUCTION_PARAMETER__INIT,
                  reduction_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ReductionParameter *p = param(l);

    if (p->operation == CREMA__REDUCTION_PARAMETER__REDUCTION_OP__TOPK)
        return crema_layer_fail(l, &p->operation,
                                "operation TOPK, which only a fork of Caffe "
                                "has, is not supported");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ReductionParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    enum crema_reduction f = CREMA_REDUCE_SUM;
    float coeff = p->coeff;
    int axis;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &axis));
    if (p->operation == CREMA__REDUCTION_PARAMETER__REDUCTION_OP__ASUM)
        f = CREMA_REDUCE_ABS;
    if (p->operation == CREMA__REDUCTION_PARAMETER__REDUCTION_OP__SUMSQ)
        f = CREMA_REDUCE_SQUARES;
    if (p->operation == CREMA__REDUCTION_PARAMETER__REDUCTION_OP__MEAN)
        coeff /= (float)crema_shape_product(x, axis, x->ndims);
    l->top[0] =
        crema_reduce(l->program, f, coeff, axis, x->ndims, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc reduction_param = {
    .message = "reduction_param",
    .fields =
        (const struct crema_field_doc[]){
            { "operation", "which of them; TOPK, of a fork, is not supported" },
            { "axis", "the first axis that goes away; -1 is the last" },
            { "coeff", "what the result is multiplied by" },
            { 0 },
        },
    .refused = "k",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "sum or mean over the last axes",
    .text = "  SUM, ASUM, SUMSQ, MEAN: y = coeff times the sum of x, |x|, x^2, "
            "or the mean\n\n"
            "over all axes from axis on. The others remain.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "x's axes before axis; with axis 0 a single number" } },
    .params = { &reduction_param },
    .example = "reduction_param { operation: MEAN axis: 1 }",
};

const struct crema_layer_type crema_layer_Reduction = {
    .name = "Reduction",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
