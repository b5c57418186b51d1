/* batch_norm.c - each channel to mean 0 and variance 1.
 *
 * The blobs are running sums: mean [C], variance [C] and the factor [1] that
 * both are to be divided by.  With use_global_stats (by default in TEST) they
 * are used as they are; else the batch's own statistics are, and are added.
 * NVIDIA's scale_bias adds two blobs, scale [C] and bias [C], which follow as
 * a Scale does.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__BatchNormParameter, CREMA__BATCH_NORM_PARAMETER__INIT,
                  batch_norm_param)

/* A filler of either means both, in NVIDIA's fork. */
static bool has_scale(const Crema__BatchNormParameter *p)
{
    return p->scale_bias || p->scale_filler || p->bias_filler;
}

/* NVIDIA's fork lets eps be no smaller than this. */
static float eps_of(const Crema__BatchNormParameter *p)
{
    return has_scale(p) && p->eps < 1e-5f ? 1e-5f : p->eps;
}

static struct crema_tensor *scaled(struct crema_layer *l, int64_t channels,
                                   struct crema_tensor *y)
{
    const Crema__BatchNormParameter *p = param(l);
    Crema__FillerParameter one = CREMA__FILLER_PARAMETER__INIT;
    struct crema_tensor *s, *b;

    one.value = 1;
    s = crema_layer_weight(l, 3, &CREMA_SHAPE(channels),
                           p->scale_filler ? p->scale_filler : &one);
    b = crema_layer_weight(l, 4, &CREMA_SHAPE(channels), p->bias_filler);
    return crema_scale(l->program, 1, y, s, b);
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__BatchNormParameter *p = param(l);
    bool global = p->has_use_global_stats ? p->use_global_stats : !l->train;
    const struct crema_shape *shape = &l->bottom[0]->shape;
    /* A blob of one axis is one channel. */
    struct crema_shape flat = CREMA_SHAPE(crema_shape_count(shape), 1);
    const struct crema_shape *in = shape->ndims < 2 ? &flat : shape;
    struct crema_shape per_channel = CREMA_SHAPE(in->dim[1]);
    struct crema_tensor *x = crema_view(l->program, in, l->bottom[0]);
    struct crema_tensor *sum[3], *mean, *var, *y;

    for (int i = 0; i < 3; i++)
        sum[i] =
            crema_layer_statistic(l, i, i < 2 ? &per_channel : &CREMA_SHAPE(1));
    if (global) {
        y = crema_batch_norm_global(l->program, eps_of(p), x, sum[0], sum[1],
                                    sum[2]);
    } else {
        int64_t m = in->dim[1] ? crema_shape_count(in) / in->dim[1] : 0;

        y = crema_batch_norm(l->program, eps_of(p), x, &mean, &var);
        crema_batch_norm_update(l->program, p->moving_average_fraction, m, mean,
                                var, sum[0], sum[1], sum[2]);
    }
    if (has_scale(p)) y = scaled(l, in->dim[1], y);
    if (p->relu) y = crema_unary(l->program, CREMA_UNARY_relu, NULL, y);
    l->top[0] = crema_view(l->program, shape, y);
    return CREMA_OK;
}

static const struct crema_param_doc batch_norm_param = {
    .message = "batch_norm_param",
    .fields =
        (const struct crema_field_doc[]){
            { "use_global_stats",
              "true: what was gathered counts; false: the batch. When not "
              "given: true in TEST, false in TRAIN" },
            { "moving_average_fraction",
              "how much of what was gathered is kept by each pass" },
            { "eps", "added to the variance" },
            { "scale_bias", "NVIDIA's: a scale and a bias follow, as blobs 3 "
                            "and 4 of this layer" },
            { "scale_filler", "how that scale starts, 1 when not given; asks "
                              "for scale_bias by itself" },
            { "bias_filler", "how that bias starts; asks for scale_bias by "
                             "itself" },
            { "relu", "Intel's: a ReLU follows" },
            { 0 },
        },
    .ignored = "engine",
    .refused = "stats_batch_size use_weight_bias bias_term filler disable_mean "
               "disable_variance "
               "update_global_stats",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_NORM,
    .line = "each channel to mean 0 and variance 1",
    .text = "  y = (x - mean) / sqrt(variance + eps), by channel\n\n"
            "mean and variance are the batch's own, or, with use_global_stats, "
            "those gathered so far. The layer keeps three blobs: sums of means "
            "and of variances, one for each channel, and the factor by which "
            "both are divided. Each training pass multiplies them by "
            "moving_average_fraction and adds the batch's.",
    .bottoms = { { "x",
                   "N x C x any axes; one axis only counts as one channel" } },
    .tops = { { "y", "of the same shape; may be x itself" } },
    .params = { &batch_norm_param },
    .quirks = "Scale and shift are a Scale layer with bias_term behind it. "
              "lr_mult of the three blobs is always 0. The variance that is "
              "gathered is the unbiased one, as in Caffe. In TEST a batch norm "
              "behind a convolution costs nothing: it goes into the weights.",
};

const struct crema_layer_type crema_layer_BatchNorm = {
    .name = "BatchNorm",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .record = record,
    .doc = &doc,
};
