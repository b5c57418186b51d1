/* im2col.c - each window of a convolution as a column.
 *
 *   X[N, C, H, W] -> Y[N, C R S, P, Q],  Y[n, (c r s), p q] = X[n, c, where
 *   the window at p q has its element r s], 0 in the padding
 *
 * Channels lie at `axis`; one to three spatial axes follow.
 */
#include "layers/convolution.h"

#include <string.h>

CREMA_LAYER_PARAM(Crema__ConvolutionParameter,
                  CREMA__CONVOLUTION_PARAMETER__INIT, convolution_param)

/* Missing axes have length 1 and lead. */
struct state {
    int64_t batch, channels;
    int64_t x[3], y[3], kernel[3], stride[3], pad[3], dilation[3];
};

static int64_t volume(const int64_t d[3])
{
    return d[0] * d[1] * d[2];
}

/* Index in X's plane of element r of the window at q; -1 in the padding. */
static int64_t meet(const struct state *s, int64_t q, int64_t r)
{
    int64_t at = 0, qs = volume(s->y), rs = volume(s->kernel);

    for (int i = 0; i < 3; i++) {
        int64_t x;

        qs /= s->y[i];
        rs /= s->kernel[i];
        x = q / qs % s->y[i] * s->stride[i] - s->pad[i] +
            r / rs % s->kernel[i] * s->dilation[i];
        if (x < 0 || x >= s->x[i]) return -1;
        at = at * s->x[i] + x;
    }
    return at;
}

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct state *s = state;
    int64_t planes = s->batch * s->channels, xs = volume(s->x);
    int64_t rs = volume(s->kernel), qs = volume(s->y);

    (void)ctx, (void)nx, (void)ny;
    for (int64_t r = 0; r < rs; r++)
        for (int64_t q = 0; q < qs; q++) {
            int64_t at = meet(s, q, r);

            for (int64_t p = 0; p < planes; p++)
                y[0].diff[(p * rs + r) * qs + q] =
                    at < 0 ? 0 : x[0].data[p * xs + at];
        }
    return CREMA_OK;
}

static enum crema_status backward(void *state, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    const struct state *s = state;
    int64_t planes = s->batch * s->channels, xs = volume(s->x);
    int64_t rs = volume(s->kernel), qs = volume(s->y);

    (void)ctx, (void)nx, (void)ny;
    if (!x[0].diff) return CREMA_OK;
    memset(x[0].diff, 0, sizeof(float) * (size_t)(planes * xs));
    for (int64_t r = 0; r < rs; r++)
        for (int64_t q = 0; q < qs; q++) {
            int64_t at = meet(s, q, r);

            for (int64_t p = 0; p < planes && at >= 0; p++)
                x[0].diff[p * xs + at] += y[0].data[(p * rs + r) * qs + q];
        }
    return CREMA_OK;
}

/* Sizes of the windows over x, whose channels lie at `axis`. */
static void fill(struct state *s, const struct crema_conv *c,
                 const struct crema_shape *x, int axis)
{
    *s = (struct state){ .batch = crema_shape_product(x, 0, axis),
                         .channels = x->dim[axis] };
    for (int i = 0; i < 3; i++) {
        int k = i - (3 - c->spatial);

        s->x[i] = k < 0 ? 1 : x->dim[axis + 1 + k];
        s->kernel[i] = k < 0 ? 1 : c->kernel[k];
        s->stride[i] = k < 0 ? 1 : c->stride[k];
        s->pad[i] = k < 0 ? 0 : c->pad[k];
        s->dilation[i] = k < 0 ? 1 : c->dilation[k];
        s->y[i] = (s->x[i] + 2 * s->pad[i] -
                   s->dilation[i] * (s->kernel[i] - 1) - 1) /
                      s->stride[i] +
                  1;
    }
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ConvolutionParameter *p = param(l);
    const struct crema_host_op host = { forward, backward, l->state };
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct state *s = l->state;
    struct crema_shape y = *x;
    struct crema_conv c = { 0 };
    int axis;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &axis));
    c.spatial = x->ndims - axis - 1;
    if (c.spatial < 1 || c.spatial > CREMA_MAX_SPATIAL)
        return crema_layer_fail(l, &p->axis,
                                "%d spatial axes; 1 to %d are possible",
                                c.spatial, CREMA_MAX_SPATIAL);
    CREMA_TRY(crema_layer_conv(l, c.spatial, &c));
    CREMA_TRY(crema_layer_conv_fits(l, &c, x, axis));
    fill(s, &c, x, axis);
    y.dim[axis] = s->channels * volume(s->kernel);
    for (int i = 0; i < c.spatial; i++)
        y.dim[axis + 1 + i] = s->y[3 - c.spatial + i];
    crema_host(l->program, &host, 1, l->bottom, 1, &y, l->top);
    return CREMA_OK;
}

static const struct crema_param_doc convolution_param = {
    .message = "convolution_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "the channels' axis; what is before it is batch, up to "
                      "three spatial axes follow it" },
            { "kernel_size",
              "size of a window: one for all spatial axes, or one for each" },
            { "kernel_h", "instead of kernel_size, for two spatial axes" },
            { "kernel_w", "likewise" },
            { "stride", "step from window to window; 1 when not given; one for "
                        "all, or one for each" },
            { "stride_h", "instead of stride, for two spatial axes" },
            { "stride_w", "likewise" },
            { "pad",
              "zeros on both sides of each spatial axis; 0 when not given" },
            { "pad_h", "instead of pad, for two spatial axes" },
            { "pad_w", "likewise" },
            { "dilation",
              "distance between neighbours in a window; 1, when not given, is "
              "none between them; one for all, or one for each" },
            { "dilation_h",
              "of a fork: instead of dilation, for two spatial axes" },
            { "dilation_w", "likewise" },
            { 0 },
        },
    .ignored = "num_output bias_term group weight_filler bias_filler engine "
               "force_nd_im2col conv_algorithm cudnn_convolution_algo_seeker "
               "conv_algos_override cudnn_flavor pad_same coeff "
               "fusion_type relu negative_slope shape_offset",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "each window of a convolution as a column",
    .text =
        "  y[n, (c r s), p q] = x[n, c, element r s of the window at p q]\n\n"
        "Elements in the padding are 0. y has C times the kernel's size as "
        "channels, and the spatial axes of the convolution.",
    .bottoms = { { "x", "N x C x H x W; one to three spatial axes" } },
    .tops = { { "y", "N x C R S x P x Q" } },
    .params = { &convolution_param },
    .example = "convolution_param { kernel_size: 3 }",
};

const struct crema_layer_type crema_layer_Im2col = {
    .name = "Im2col",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .state_size = sizeof(struct state),
    .record = record,
    .doc = &doc,
};
