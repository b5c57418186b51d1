/* upsample.c - with a pooling's mask, SegNet's: X goes back to where the maxima
 * were; without, MobileNet-YOLO's: each element becomes a square. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__UpsampleParameter, CREMA__UPSAMPLE_PARAMETER__INIT,
                  upsample_param)

static bool has_size(const Crema__UpsampleParameter *p)
{
    return p->has_upsample_h && p->has_upsample_w;
}

static uint32_t scale(const Crema__UpsampleParameter *p, int k)
{
    if (!p->has_scale_h) return p->scale;
    return k ? p->scale_w : p->scale_h;
}

static enum crema_status check_scales(const struct crema_layer *l)
{
    const Crema__UpsampleParameter *p = param(l);

    if (p->has_scale_h != p->has_scale_w)
        return crema_layer_fail(l, p->has_scale_h ? &p->scale_h : &p->scale_w,
                                "scale_h and scale_w go together");
    if (p->has_scale_h && p->has_scale)
        return crema_layer_fail(l, &p->scale,
                                "scale is given, and scale_h and scale_w too");
    for (int k = 0; k < 2; k++) {
        const uint32_t *field = !p->has_scale_h ? &p->scale
                                : k             ? &p->scale_w
                                                : &p->scale_h;

        if (*field < 1)
            return crema_layer_fail(l, field, "a scale must be positive");
        if ((k ? p->pad_out_w : p->pad_out_h) && *field != 2)
            return crema_layer_fail(l, k ? &p->pad_out_w : &p->pad_out_h,
                                    "pad_out is for a scale of 2 alone; give "
                                    "upsample_h and upsample_w");
    }
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__UpsampleParameter *p = param(l);

    if (p->has_upsample_h != p->has_upsample_w)
        return crema_layer_fail(
            l, p->has_upsample_h ? &p->upsample_h : &p->upsample_w,
            "upsample_h and upsample_w go together");
    if (has_size(p) && l->nbottoms < 2)
        return crema_layer_fail(l, &p->upsample_h,
                                "without a mask there is a scale only");
    if (has_size(p) && (p->upsample_h < 1 || p->upsample_w < 1))
        return crema_layer_fail(l, &p->upsample_h,
                                "upsample_h and upsample_w must be positive");
    if (l->nbottoms < 2 && (p->pad_out_h || p->pad_out_w))
        return crema_layer_fail(l, p->pad_out_h ? &p->pad_out_h : &p->pad_out_w,
                                "pad_out goes with a mask");
    return has_size(p) ? CREMA_OK : check_scales(l);
}

/* Y[n, h sh + i, w sw + j] = X[n, h, w] */
static struct crema_tensor *squares(struct crema_layer *l)
{
    const Crema__UpsampleParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int last = x->ndims - 1;
    int64_t planes = crema_shape_product(x, 0, last - 1);
    int64_t h = x->dim[last - 1], w = x->dim[last];
    const struct crema_shape apart =
        CREMA_SHAPE(planes, h, scale(p, 0), w, scale(p, 1));
    const int64_t stride[] = { h * w, w, 0, 1, 0 };
    struct crema_shape y = *x;

    y.dim[last - 1] *= scale(p, 0);
    y.dim[last] *= scale(p, 1);
    return crema_view(
        l->program, &y,
        crema_arrange(l->program, &apart, stride, 0, l->bottom[0]));
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__UpsampleParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int64_t height = p->upsample_h, width = p->upsample_w;

    if (x->ndims < 2 || (l->nbottoms > 1 && x->ndims != 4))
        return crema_layer_fail(
            l, NULL, "Upsample reads blobs of 4 axes, not %d", x->ndims);
    if (l->nbottoms < 2) {
        l->top[0] = squares(l);
        return CREMA_OK;
    }
    if (!has_size(p)) {
        height = x->dim[2] * scale(p, 0) - (p->pad_out_h ? 1 : 0);
        width = x->dim[3] * scale(p, 1) - (p->pad_out_w ? 1 : 0);
    }
    l->top[0] =
        crema_unpool(l->program, height, width, l->bottom[0], l->bottom[1]);
    return CREMA_OK;
}

static const struct crema_param_doc upsample_param = {
    .message = "upsample_param",
    .fields =
        (const struct crema_field_doc[]){
            { "scale", "y's rows and columns for one of x" },
            { "scale_h", "instead of scale: rows" },
            { "scale_w", "instead of scale: columns" },
            { "pad_out_h", "with a mask and a scale of 2: one row less" },
            { "pad_out_w", "with a mask and a scale of 2: one column less" },
            { "upsample_h", "with a mask: y's rows, instead of a scale" },
            { "upsample_w", "with a mask: y's columns, instead of a scale" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "maxima back to where a Pooling found them",
    .text = "With a mask, the second top of a MAX Pooling: y[mask[i]] = x[i] "
            "within each plane, and 0 elsewhere.\n\n"
            "Without a mask each element of x becomes a rectangle of equal "
            "ones in y.",
    .bottoms = { { "x", "N x C x H x W" },
                 { "mask", "optional, of the same shape: a Pooling's second "
                           "top" } },
    .tops = { { "y", "N x C x P x Q" } },
    .params = { &upsample_param },
    .quirks = "With a mask it is SegNet's, without MobileNet-YOLO's. Where two "
              "windows of the pooling had one maximum in common, the later one "
              "counts, and it alone gets a gradient. A mask that points beyond "
              "y is a failure; on a GPU what it would move is left out.",
    .example = "upsample_param { scale: 2 }",
};

const struct crema_layer_type crema_layer_Upsample = {
    .name = "Upsample",
    .min_bottoms = 1,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
