/* normalize.c - Y = s X / sqrt(sum of X^2 + eps), of SSD and ParseNet: the sum
 * over an image, or over its channels at each position; s is learned. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__NormalizeParameter, CREMA__NORMALIZE_PARAMETER__INIT,
                  norm_param)

static enum crema_status setup(struct crema_layer *l)
{
    if (l->param->normalize_param)
        return crema_layer_fail(l, l->param->normalize_param,
                                "normalize_param is of another fork's layer "
                                "of this name; SSD's has norm_param");
    return CREMA_OK;
}

/* 1 / sqrt(sum of the squares + eps) over the axes 1 .. to - 1. */
static struct crema_tensor *inverse(struct crema_layer *l, int to)
{
    const float numbers[CREMA_FORMULA_NUMBERS] = { -0.5f, 1, param(l)->eps };

    return crema_unary(
        l->program, CREMA_UNARY_power, numbers,
        crema_reduce(l->program, CREMA_REDUCE_SQUARES, 1, 1, to, l->bottom[0]));
}

static struct crema_tensor *by_position(struct crema_layer *l)
{
    struct crema_shape once = l->bottom[0]->shape;
    struct crema_tensor *pair[2] = { l->bottom[0] };

    once.dim[1] = 1;
    pair[1] = crema_repeat(l->program, 1, l->bottom[0]->shape.dim[1],
                           crema_view(l->program, &once, inverse(l, 2)));
    return crema_product(l->program, 2, pair, true);
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__NormalizeParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    Crema__FillerParameter one = CREMA__FILLER_PARAMETER__INIT;
    struct crema_shape s = { 0 };
    struct crema_tensor *y;

    if (x->ndims < 2)
        return crema_layer_fail(l, NULL,
                                "the bottom must have channels: at "
                                "least 2 axes");
    if (!p->channel_shared) s = CREMA_SHAPE(x->dim[1]);
    one.value = 1;
    y = p->across_spatial ? crema_scale(l->program, 0, l->bottom[0],
                                        inverse(l, x->ndims), NULL)
                          : by_position(l);
    l->top[0] = crema_scale(
        l->program, 1, y,
        crema_layer_weight(l, 0, &s, p->scale_filler ? p->scale_filler : &one),
        NULL);
    return CREMA_OK;
}

static const struct crema_param_doc norm_param = {
    .message = "norm_param",
    .fields =
        (const struct crema_field_doc[]){
            { "across_spatial", "the sum is over the whole image; else over "
                                "the channels at each position" },
            { "scale_filler", "first values of s; 1 without" },
            { "channel_shared", "s is one number; else one for each channel" },
            { "eps", "added to the sum" },
            { 0 },
        },
    .refused = "normalize_type fix_gradient bp_norm",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_NORM,
    .line = "divided by the L2 norm, times learned scales",
    .text = "    y = s x / sqrt(sum of x^2 + eps)\n\nThe sum is over all of "
            "an image, or over the channels at each position.",
    .bottoms = { { "x", "N x C x any axes" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &norm_param },
    .quirks = "SSD's, before it ParseNet's. A fork has another layer of this "
              "name with normalize_param; it is refused.",
    .example = "norm_param {\n"
               "  across_spatial: false\n"
               "  channel_shared: false\n"
               "  scale_filler { value: 20 }\n"
               "}",
};

const struct crema_layer_type crema_layer_Normalize = {
    .name = "Normalize",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
