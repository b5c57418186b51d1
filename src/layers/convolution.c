/* convolution.c - Y[n,k] = sum over c of W[k,c] * X[n,c] + b[k], and
 * Deconvolution, which gives what such a W would have read.
 *
 * Channels lie at `axis`, everything before it is batch, up to three spatial
 * axes follow.  Several bottoms share the weights.  In the depthwise types of
 * MobileNet's forks each channel is a group.
 */
#include "layers/convolution.h"

extern const struct crema_layer_type crema_layer_Deconvolution,
    crema_layer_ConvolutionDepthwise, crema_layer_DepthwiseConvolution;

CREMA_LAYER_PARAM(Crema__ConvolutionParameter,
                  CREMA__CONVOLUTION_PARAMETER__INIT, convolution_param)

static bool is_deconvolution(const struct crema_layer *l)
{
    return l->type == &crema_layer_Deconvolution;
}

static bool is_depthwise(const struct crema_layer *l)
{
    return l->type == &crema_layer_ConvolutionDepthwise ||
           l->type == &crema_layer_DepthwiseConvolution;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ConvolutionParameter *p = param(l);

    if (l->ntops != l->nbottoms)
        return crema_layer_fail(l, NULL, "%d bottoms but %d tops", l->nbottoms,
                                l->ntops);
    if (p->num_output == 0)
        return crema_layer_fail(l, &p->num_output,
                                "num_output must be positive, got 0");
    if (p->group == 0 || p->num_output % p->group)
        return crema_layer_fail(l, &p->group,
                                "group %u does not divide num_output %u",
                                p->group, p->num_output);
    if (p->pad_same &&
        (is_deconvolution(l) || p->n_pad || p->has_pad_h || p->has_pad_w))
        return crema_layer_fail(l, &p->pad_same,
                                is_deconvolution(l)
                                    ? "pad_same is for convolutions only"
                                    : "pad_same is given, and pad as well");
    return CREMA_OK;
}

/* ---- sizes along the spatial axes ---------------------------------------- */

/* kernel_size, stride ...: one for all axes, one for each, or _h and _w. */
struct sizes {
    const char *name;
    size_t n;
    const uint32_t *each;
    bool has_h, has_w;
    const uint32_t *h, *w;
    uint32_t missing, least; /* the default, and what is possible */
};

/* Along axis i of n. */
static const uint32_t *size_at(const struct sizes *s, int i)
{
    if (s->has_h || s->has_w) {
        if (i == 0) return s->has_h ? s->h : &s->missing;
        return s->has_w ? s->w : &s->missing;
    }
    if (s->n == 0) return &s->missing;
    return &s->each[s->n == 1 ? 0 : i];
}

static enum crema_status read_sizes(const struct crema_layer *l,
                                    const struct sizes *s, int n, int64_t *out)
{
    bool split = s->has_h || s->has_w;

    if (split && s->n)
        return crema_layer_fail(l, s->each,
                                "%s is given, and %s_h or %s_w as well",
                                s->name, s->name, s->name);
    if (split && n != 2)
        return crema_layer_fail(l, s->has_h ? s->h : s->w,
                                "%s_h and %s_w are for 2 spatial axes, not %d",
                                s->name, s->name, n);
    if (s->n > 1 && s->n != (size_t)n)
        return crema_layer_fail(l, &s->each[0],
                                "%zu times %s for %d spatial axes", s->n,
                                s->name, n);
    for (int i = 0; i < n; i++) {
        const uint32_t *size = size_at(s, i);

        if (*size < s->least)
            return crema_layer_fail(l, size, "%s must be positive", s->name);
        if (*size > INT32_MAX)
            return crema_layer_fail(l, size, "%s %u is not possible", s->name,
                                    *size);
        out[i] = *size;
    }
    return CREMA_OK;
}

static struct sizes kernel_sizes(const Crema__ConvolutionParameter *p)
{
    return (struct sizes){ "kernel_size",
                           p->n_kernel_size,
                           p->kernel_size,
                           p->has_kernel_h,
                           p->has_kernel_w,
                           &p->kernel_h,
                           &p->kernel_w,
                           0,
                           1 };
}

enum crema_status crema_layer_conv(const struct crema_layer *l, int spatial,
                                   struct crema_conv *c)
{
    const Crema__ConvolutionParameter *p = param(l);
    const struct sizes kernel = kernel_sizes(p);
    const struct sizes stride = { "stride",
                                  p->n_stride,
                                  p->stride,
                                  p->has_stride_h,
                                  p->has_stride_w,
                                  &p->stride_h,
                                  &p->stride_w,
                                  1,
                                  1 };
    const struct sizes pad = {
        "pad",     p->n_pad, p->pad, p->has_pad_h, p->has_pad_w, &p->pad_h,
        &p->pad_w, 0,        0
    };
    const struct sizes dilation = { "dilation",
                                    p->n_dilation,
                                    p->dilation,
                                    p->has_dilation_h,
                                    p->has_dilation_w,
                                    &p->dilation_h,
                                    &p->dilation_w,
                                    1,
                                    1 };

    c->spatial = spatial;
    CREMA_TRY(read_sizes(l, &kernel, spatial, c->kernel));
    CREMA_TRY(read_sizes(l, &stride, spatial, c->stride));
    CREMA_TRY(read_sizes(l, &pad, spatial, c->pad));
    return read_sizes(l, &dilation, spatial, c->dilation);
}

/* ---- recording ----------------------------------------------------------- */

/* Divides the channels of X and the outputs alike. */
static enum crema_status find_groups(const struct crema_layer *l,
                                     int64_t channels, int64_t *groups)
{
    const Crema__ConvolutionParameter *p = param(l);

    *groups = is_depthwise(l) ? channels : p->group;
    if (*groups > 0 && channels % *groups == 0 && p->num_output % *groups == 0)
        return CREMA_OK;
    if (is_depthwise(l))
        return crema_layer_fail(l, &p->num_output,
                                "num_output %u is not a multiple of the %lld "
                                "channels of the bottom",
                                p->num_output, (long long)channels);
    return crema_layer_fail(l, &p->group,
                            "group %u does not divide the %lld channels of "
                            "the bottom",
                            p->group, (long long)channels);
}

enum crema_status crema_layer_conv_fits(const struct crema_layer *l,
                                        const struct crema_conv *c,
                                        const struct crema_shape *x, int axis)
{
    const struct sizes kernel = kernel_sizes(param(l));

    for (int i = 0; i < c->spatial; i++) {
        long long reach = c->dilation[i] * (c->kernel[i] - 1) + 1;
        long long size = x->dim[axis + 1 + i], pad = c->pad[i];

        if (reach <= size + 2 * pad) continue;
        return crema_layer_fail(l, size_at(&kernel, i),
                                "kernel %lld%s is larger than the padded "
                                "input, %lld + 2*%lld",
                                reach, c->dilation[i] > 1 ? " (dilated)" : "",
                                size, pad);
    }
    return CREMA_OK;
}

/* { a, b, the spatial axes of `from` }; below two of them are made up to two
 * with axes of length 1. */
static struct crema_shape images(int64_t a, int64_t b, int spatial,
                                 const int64_t *from)
{
    struct crema_shape s = CREMA_SHAPE(a, b);

    for (int i = spatial; i < 2; i++) s.dim[s.ndims++] = 1;
    for (int i = 0; i < spatial; i++) s.dim[s.ndims++] = from[i];
    return s;
}

static void lift(struct crema_conv *c)
{
    for (; c->spatial < 2; c->spatial++) {
        c->kernel[c->spatial] = c->kernel[0];
        c->stride[c->spatial] = c->stride[0];
        c->pad[c->spatial] = c->pad[0];
        c->dilation[c->spatial] = c->dilation[0];
        c->kernel[0] = c->stride[0] = c->dilation[0] = 1;
        c->pad[0] = 0;
    }
}

/* Chooses c's pads so that X is divided by the stride, rounded up.  What must
 * be added behind but not in front is added here, as zeros. */
static struct crema_tensor *
pad_same(struct crema_program *p, struct crema_conv *c, struct crema_tensor *x)
{
    for (int i = 0; i < c->spatial && x; i++) {
        int64_t size = x->shape.dim[2 + i], stride = c->stride[i];
        int64_t reach = c->dilation[i] * (c->kernel[i] - 1) + 1;
        int64_t lacks = (size - 1) / stride * stride + reach - size;
        struct crema_shape row = x->shape;

        c->pad[i] = lacks > 0 ? lacks / 2 : 0;
        if (lacks <= 0 || lacks % 2 == 0) continue;
        row.dim[2 + i] = 1;
        x = crema_concat(
            p, 2 + i, 2,
            (struct crema_tensor *[]){ x, crema_fill(p, &row, 0) });
    }
    return x;
}

/* One bottom; w has the prototxt's axes, c those of crema_conv. */
static struct crema_tensor *convolve(const struct crema_layer *l,
                                     const struct crema_conv *c, int axis,
                                     int spatial, struct crema_tensor *bottom,
                                     struct crema_tensor *w,
                                     struct crema_tensor *b)
{
    struct crema_program *p = l->program;
    struct crema_shape top = bottom->shape, x;
    struct crema_conv padded = *c;
    struct crema_tensor *y;

    x = images(crema_shape_product(&top, 0, axis), top.dim[axis], spatial,
               &top.dim[axis + 1]);
    bottom = crema_view(p, &x, bottom);
    if (param(l)->pad_same) bottom = pad_same(p, &padded, bottom);
    y = (is_deconvolution(l) ? crema_deconv : crema_conv)(p, &padded, bottom, w,
                                                          b);
    if (!y) return NULL;
    top.dim[axis] = y->shape.dim[1];
    for (int i = 0; i < spatial; i++)
        top.dim[axis + 1 + i] = y->shape.dim[y->shape.ndims - spatial + i];
    return crema_view(p, &top, y);
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ConvolutionParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_shape shape;
    struct crema_conv c = { 0 };
    struct crema_tensor *w, *b = NULL;
    int axis, spatial;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &axis));
    spatial = x->ndims - axis - 1;
    if (spatial > CREMA_MAX_SPATIAL)
        return crema_layer_fail(l, &p->axis,
                                "%d spatial axes; up to %d are possible",
                                spatial, CREMA_MAX_SPATIAL);
    CREMA_TRY(crema_layer_conv(l, spatial, &c));
    CREMA_TRY(find_groups(l, x->dim[axis], &c.groups));
    for (int i = 0; i < l->nbottoms; i++) {
        if (l->bottom[i]->shape.ndims != x->ndims ||
            l->bottom[i]->shape.dim[axis] != x->dim[axis])
            return crema_layer_fail(l, &l->param->bottom[i],
                                    "the bottoms do not have the same axes or "
                                    "channels");
        if (!is_deconvolution(l) && !p->pad_same)
            CREMA_TRY(crema_layer_conv_fits(l, &c, &l->bottom[i]->shape, axis));
    }
    shape = CREMA_SHAPE(p->num_output, x->dim[axis] / c.groups);
    if (is_deconvolution(l))
        shape = CREMA_SHAPE(x->dim[axis], p->num_output / c.groups);
    for (int i = 0; i < spatial; i++) shape.dim[shape.ndims++] = c.kernel[i];
    w = crema_layer_weight(l, 0, &shape, p->weight_filler);
    if (p->bias_term)
        b = crema_layer_weight(l, 1, &CREMA_SHAPE(p->num_output),
                               p->bias_filler);
    shape = images(shape.dim[0], shape.dim[1], spatial, c.kernel);
    w = crema_view(l->program, &shape, w);
    if (spatial < 2) lift(&c);
    for (int i = 0; i < l->nbottoms; i++)
        l->top[i] = convolve(l, &c, axis, spatial, l->bottom[i], w, b);
    return CREMA_OK;
}

static const struct crema_param_doc convolution_param = {
    .message = "convolution_param",
    .fields =
        (const struct crema_field_doc[]){
            { "num_output",
              "channels of y; must be given, and a multiple of group" },
            { "bias_term", "adds one learned number for each channel of y" },
            { "group", "channels of x and y fall into that many groups, and "
                       "each sees its own only" },
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
            { "pad_same",
              "crema's own: in place of pad, as much as makes an axis of y "
              "that of x divided by the stride, rounded up; the odd row or "
              "column is added behind. Not for Deconvolution" },
            { "dilation",
              "distance between neighbours in a window; 1, when not given, is "
              "none between them; one for all, or one for each" },
            { "dilation_h",
              "of a fork: instead of dilation, for two spatial axes" },
            { "dilation_w", "likewise" },
            { "weight_filler", "first values of the weights" },
            { "bias_filler", "first values of the bias" },
            { 0 },
        },
    .ignored =
        "engine force_nd_im2col conv_algorithm cudnn_convolution_algo_seeker "
        "conv_algos_override cudnn_flavor",
    .refused = "coeff fusion_type relu negative_slope shape_offset",
};

static const struct crema_layer_doc doc_convolution = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "weighted sums over windows",
    .text = "  y[n,k,p] = b[k] + sum over c, r of w[k,c,r] x[n,c,p stride - "
            "pad + r dilation]\n\n"
            "Weights: w, num_output x C/group x kernel, and b, num_output. "
            "Along a spatial axis of length H, y has floor((H + 2 pad - "
            "dilation (kernel - 1) - 1) / stride) + 1 elements.",
    .bottoms = { { "x", "N x C x H x W; other numbers of spatial axes as axis "
                        "says; several bottoms of the same channels share the "
                        "weights, with a top each" } },
    .tops = { { "y", "N x num_output x P x Q; one for each bottom" } },
    .params = { &convolution_param },
    .quirks =
        "The engine has no effect: what is fastest on the device is found at "
        "set-up. Dilation and groups need nothing special, on GPUs too.",
    .example = "param { lr_mult: 1 decay_mult: 1 }\n"
               "param { lr_mult: 2 decay_mult: 0 }\n"
               "convolution_param {\n"
               "  num_output: 96\n"
               "  kernel_size: 11\n"
               "  stride: 4\n"
               "  weight_filler { type: \"gaussian\" std: 0.01 }\n"
               "}",
};

static const struct crema_layer_doc doc_deconvolution = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "transposed convolution, for upsampling",
    .text = "The transpose of a convolution: each element of x is spread over "
            "a window of y, weighted. Weights: w, C x num_output/group x "
            "kernel, and b, num_output. Along a spatial axis of length H, y "
            "has stride (H - 1) + dilation (kernel - 1) + 1 - 2 pad elements.",
    .bottoms = { { "x", "N x C x H x W; other numbers of spatial axes as axis "
                        "says; several bottoms of the same channels share the "
                        "weights, with a top each" } },
    .tops = { { "y", "N x num_output x P x Q; one for each bottom" } },
    .params = { &convolution_param },
    .quirks = "With group equal to num_output, weight_filler bilinear, "
              "kernel_size 2 f - f % 2, stride f and pad ceil((f - 1) / 2) it "
              "enlarges images f times.",
    .example = "convolution_param {\n"
               "  num_output: 21\n"
               "  kernel_size: 4\n"
               "  stride: 2\n"
               "  pad: 1\n"
               "  group: 21\n"
               "  bias_term: false\n"
               "  weight_filler { type: \"bilinear\" }\n"
               "}",
};

static const struct crema_layer_doc doc_depthwise = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "convolution of each channel by itself",
    .text = "A Convolution whose groups are single channels, whatever group "
            "says; num_output is a multiple of x's channels. Weights: "
            "num_output x 1 x kernel, and a bias.",
    .bottoms = { { "x", "N x C x H x W; other numbers of spatial axes as axis "
                        "says; several bottoms of the same channels share the "
                        "weights, with a top each" } },
    .tops = { { "y", "N x num_output x P x Q; one for each bottom" } },
    .params = { &convolution_param },
    .quirks = "ConvolutionDepthwise in ShuffleNet's forks, "
              "DepthwiseConvolution in MobileNet's. Convolution with group set "
              "to the number of channels is the same, and Caffe knows it.",
    .example = "convolution_param { num_output: 32 kernel_size: 3 pad: 1 "
               "bias_term: false }",
};

const struct crema_layer_type crema_layer_Convolution = {
    .name = "Convolution",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 1,
    .max_tops = -1,
    .setup = setup,
    .record = record,
    .doc = &doc_convolution,
};

const struct crema_layer_type crema_layer_Deconvolution = {
    .name = "Deconvolution",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 1,
    .max_tops = -1,
    .setup = setup,
    .record = record,
    .doc = &doc_deconvolution,
};

const struct crema_layer_type crema_layer_ConvolutionDepthwise = {
    .name = "ConvolutionDepthwise",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 1,
    .max_tops = -1,
    .setup = setup,
    .record = record,
    .doc = &doc_depthwise,
};

const struct crema_layer_type crema_layer_DepthwiseConvolution = {
    .name = "DepthwiseConvolution",
    .min_bottoms = 1,
    .max_bottoms = -1,
    .min_tops = 1,
    .max_tops = -1,
    .setup = setup,
    .record = record,
    .doc = &doc_depthwise,
};
