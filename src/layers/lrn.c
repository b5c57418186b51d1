/* lrn.c - local response normalization.
 *
 *   ACROSS_CHANNELS  Y = X (k + alpha / n sum of X^2 over n channels)^-beta
 *   WITHIN_CHANNEL   Y = X (1 + alpha mean of X^2 over n x n positions)^-beta
 *
 * The mean counts the padding; n is local_size; k is ignored within a channel.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__LRNParameter, CREMA__LRNPARAMETER__INIT, lrn_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__LRNParameter *p = param(l);

    if (p->local_size % 2 == 0)
        return crema_layer_fail(
            l, &p->local_size, "local_size must be odd, got %u", p->local_size);
    return CREMA_OK;
}

static struct crema_tensor *within(struct crema_layer *l)
{
    const Crema__LRNParameter *p = param(l);
    const float square[CREMA_FORMULA_NUMBERS] = { 2, 1, 0 };
    const float shrink[CREMA_FORMULA_NUMBERS] = { -p->beta, p->alpha, 1 };
    int64_t n = p->local_size, pad = (n - 1) / 2;
    struct crema_pool mean = {
        CREMA_POOL_AVE, { n, n }, { 1, 1 }, { pad, pad }, true
    };
    struct crema_tensor *x = l->bottom[0], *both[2] = { x, NULL };

    x = crema_unary(l->program, CREMA_UNARY_power, square, x);
    x = crema_pooling(l->program, &mean, x, NULL);
    both[1] = crema_unary(l->program, CREMA_UNARY_power, shrink, x);
    return crema_product(l->program, 2, both, true);
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__LRNParameter *p = param(l);
    struct crema_lrn lrn = { (int)p->local_size, p->alpha, p->beta, p->k };

    if (l->bottom[0]->shape.ndims != 4)
        return crema_layer_fail(l, NULL, "LRN reads blobs of 4 axes, not %d",
                                l->bottom[0]->shape.ndims);
    if (p->norm_region == CREMA__LRNPARAMETER__NORM_REGION__WITHIN_CHANNEL)
        l->top[0] = within(l);
    else
        l->top[0] = crema_lrn(l->program, &lrn, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc lrn_param = {
    .message = "lrn_param",
    .fields =
        (const struct crema_field_doc[]){
            { "local_size", "n, an odd number" },
            { "alpha", "weight of the squares; divided by n" },
            { "beta", "the exponent" },
            { "norm_region", "across channels or within each" },
            { "k",
              "added to the sum; without effect WITHIN_CHANNEL, as in Caffe" },
            { 0 },
        },
    .ignored = "engine",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_NORM,
    .line = "local response normalization",
    .text = "  ACROSS_CHANNELS  y = x (k + alpha/n sum of x^2 over n "
            "channels)^-beta\n"
            "  WITHIN_CHANNEL   y = x (1 + alpha mean of x^2 over n x n "
            "places)^-beta\n\n"
            "n is local_size. Channels beyond the first and last count as 0, "
            "and so does the padding within a channel, which the mean counts.",
    .bottoms = { { "x", "N x C x H x W" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &lrn_param },
    .example = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }",
};

const struct crema_layer_type crema_layer_LRN = {
    .name = "LRN",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
