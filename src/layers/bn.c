/* bn.c - normalization of each channel with scale s and shift b, of two forks
 * that call it alike and keep other blobs.
 *
 *   PSPNet's   s, b, mean, variance: the last two are running averages, used in
 *              TEST and where `frozen`, which also stops s and b from learning
 *   SegNet's   s, b: LEARN normalizes by the batch in either phase (tops 1 and
 *              2: its mean and variance), INFERENCE does not normalize
 *
 * It is SegNet's where a field of SegNet's is set.  Each blob is 1 x C x 1 x 1.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__BNParameter, CREMA__BNPARAMETER__INIT, bn_param)

enum { SCALE, SHIFT, MEAN, VARIANCE };

static bool is_segnet(const Crema__BNParameter *p)
{
    return p->scale_filler || p->shift_filler || p->has_bn_mode;
}

/* A field that is PSPNet's alone; NULL: none is set. */
static const void *pspnet_field(const Crema__BNParameter *p)
{
    if (p->slope_filler) return &p->slope_filler;
    if (p->bias_filler) return &p->bias_filler;
    if (p->has_momentum) return &p->momentum;
    if (p->has_frozen) return &p->frozen;
    return p->has_eps ? &p->eps : NULL;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__BNParameter *p = param(l);
    const void *other = pspnet_field(p);

    if (is_segnet(p) && other)
        return crema_layer_fail(l, other,
                                "this field is of PSPNet's BN, others here are "
                                "of SegNet's: leave one kind out");
    if (!is_segnet(p) && l->ntops > 1)
        return crema_layer_fail(l, &l->param->top[1],
                                "only SegNet's BN has tops for the batch's "
                                "mean and variance: say bn_mode: LEARN");
    if (l->ntops > 1 && p->bn_mode == CREMA__BNPARAMETER__BNMODE__INFERENCE)
        return crema_layer_fail(l, &l->param->top[1],
                                "with bn_mode INFERENCE there is no mean and "
                                "variance");
    return CREMA_OK;
}

static struct crema_tensor *segnet(struct crema_layer *l,
                                   struct crema_tensor *x, int64_t channels)
{
    const Crema__BNParameter *p = param(l);
    struct crema_tensor *of_batch[2];
    struct crema_tensor *y = x;

    if (p->bn_mode == CREMA__BNPARAMETER__BNMODE__LEARN) {
        y = crema_batch_norm(l->program, 1e-9f, x, &of_batch[0], &of_batch[1]);
        for (int k = 1; k < l->ntops; k++)
            l->top[k] = crema_view(l->program, &CREMA_SHAPE(1, channels, 1, 1),
                                   of_batch[k - 1]);
    }
    return crema_scale(
        l->program, 1, y,
        crema_layer_channels(l, SCALE, channels, false, p->scale_filler),
        crema_layer_channels(l, SHIFT, channels, false, p->shift_filler));
}

static struct crema_tensor *pspnet(struct crema_layer *l,
                                   struct crema_tensor *x, int64_t channels)
{
    const Crema__BNParameter *p = param(l);
    Crema__FillerParameter start = CREMA__FILLER_PARAMETER__INIT;
    struct crema_tensor *w[4], *mean, *var, *y;

    start.value = p->frozen ? 1 : 0;
    w[SCALE] =
        crema_layer_channels(l, SCALE, channels, p->frozen, p->slope_filler);
    w[SHIFT] =
        crema_layer_channels(l, SHIFT, channels, p->frozen, p->bias_filler);
    w[MEAN] = crema_layer_channels(l, MEAN, channels, true, NULL);
    w[VARIANCE] = crema_layer_channels(l, VARIANCE, channels, true, &start);
    if (p->frozen || !l->train) {
        y = crema_batch_norm_global(l->program, p->eps, x, w[MEAN], w[VARIANCE],
                                    NULL);
    } else {
        y = crema_batch_norm(l->program, p->eps, x, &mean, &var);
        crema_batch_norm_update(l->program, p->momentum, 0, mean, var, w[MEAN],
                                w[VARIANCE], NULL);
    }
    return crema_scale(l->program, 1, y, w[SCALE], w[SHIFT]);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_shape *x = &l->bottom[0]->shape;

    if (x->ndims < 2)
        return crema_layer_fail(l, NULL, "BN reads blobs of at least 2 axes");
    l->top[0] = is_segnet(param(l)) ? segnet(l, l->bottom[0], x->dim[1])
                                    : pspnet(l, l->bottom[0], x->dim[1]);
    return CREMA_OK;
}

static const struct crema_param_doc bn_param = {
    .message = "bn_param",
    .fields =
        (const struct crema_field_doc[]){
            { "eps", "PSPNet's: added to the variance" },
            { "frozen", "PSPNet's: the averages in TRAIN too, and scale and "
                        "shift do not learn" },
            { "slope_filler", "PSPNet's: how the scale starts" },
            { "bias_filler", "PSPNet's: how the shift starts" },
            { "momentum", "PSPNet's: what the averages keep in a step" },
            { "bn_mode", "SegNet's: LEARN normalizes by the batch, INFERENCE "
                         "scales and shifts only" },
            { "scale_filler", "SegNet's: how the scale starts" },
            { "shift_filler", "SegNet's: how the shift starts" },
            { 0 },
        },
    .ignored = "engine",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_NORM,
    .line = "batch normalization with scale and shift, of forks",
    .text = "  y = s (x - mean) / sqrt(variance + eps) + b\n\n"
            "for each channel.  PSPNet's keeps s, b, mean and variance, the "
            "last two as averages over steps, which TEST uses.  SegNet's keeps "
            "s and b; in LEARN mode it takes the batch's mean and variance in "
            "either phase, with eps 1e-9, in INFERENCE mode y = s x + b.",
    .bottoms = { { "x", "N x C x any axes" } },
    .tops = { { "y", "of the same shape" },
              { "mean", "optional, SegNet's LEARN: 1 x C x 1 x 1" },
              { "variance", "optional, SegNet's LEARN: 1 x C x 1 x 1" } },
    .params = { &bn_param },
    .quirks = "Two forks have a layer of this name.  It is SegNet's where "
              "bn_mode, scale_filler or shift_filler is set, else PSPNet's. A "
              "scale without a filler starts as 0, as in the forks.",
    .example = "bn_param { slope_filler { value: 1 } bias_filler { } }",
};

const struct crema_layer_type crema_layer_BN = {
    .name = "BN",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 3,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
