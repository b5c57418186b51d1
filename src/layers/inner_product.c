/* inner_product.c - fully connected: Y[m,n] = X[m,k] W[n,k]^T + b[n].
 *
 *   m  product of the bottom's axes before `axis`, which the top keeps
 *   k  product of the others;  n  num_output;  transpose: W[k,n]
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__InnerProductParameter,
                  CREMA__INNER_PRODUCT_PARAMETER__INIT, inner_product_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__InnerProductParameter *p = param(l);

    if (p->num_output == 0)
        return crema_layer_fail(l, &p->num_output,
                                "num_output must be positive, got 0");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__InnerProductParameter *p = param(l);
    struct crema_shape top = l->bottom[0]->shape;
    struct crema_tensor *x, *w, *b = NULL, *y;
    int64_t m, k, n = p->num_output;
    int axis;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, top.ndims, &axis));
    m = crema_shape_product(&top, 0, axis);
    k = crema_shape_product(&top, axis, top.ndims);
    x = crema_view(l->program, &CREMA_SHAPE(m, k), l->bottom[0]);
    w = crema_layer_weight(
        l, 0, p->transpose ? &CREMA_SHAPE(k, n) : &CREMA_SHAPE(n, k),
        p->weight_filler);
    if (p->bias_term)
        b = crema_layer_weight(l, 1, &CREMA_SHAPE(n), p->bias_filler);
    y = crema_inner_product(l->program, p->transpose, x, w, b);
    top.ndims = axis + 1;
    top.dim[axis] = n;
    l->top[0] = crema_view(l->program, &top, y);
    return CREMA_OK;
}

static const struct crema_param_doc inner_product_param = {
    .message = "inner_product_param",
    .fields =
        (const struct crema_field_doc[]){
            { "num_output", "numbers for each image; must be given" },
            { "bias_term", "adds one learned number to each output" },
            { "axis", "the first axis that is multiplied; -1 is the last" },
            { "transpose", "w lies the other way round" },
            { "weight_filler", "first values of w" },
            { "bias_filler", "first values of b" },
            { 0 },
        },
    .ignored = "engine",
    .refused = "relu negative_slope normalize",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DENSE,
    .line = "fully connected: a product with a matrix of weights",
    .text =
        "  y[m,n] = b[n] + sum over k of x[m,k] w[n,k]\n\n"
        "m counts x's axes before axis, k all others. Weights: w, num_output x "
        "k (with transpose: k x num_output), and b, num_output.",
    .bottoms = { { "x",
                   "any axes; those from axis on are what is multiplied" } },
    .tops = { { "y", "x's axes before axis, then num_output" } },
    .params = { &inner_product_param },
    .example = "inner_product_param {\n"
               "  num_output: 10\n"
               "  weight_filler { type: \"xavier\" }\n"
               "}",
};

const struct crema_layer_type crema_layer_InnerProduct = {
    .name = "InnerProduct",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
