/* interp.c - planes resized bilinearly, corner to corner.  Of DeepLab's,
 * PSPNet's and jolibrain's forks. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__InterpParameter, CREMA__INTERP_PARAMETER__INIT,
                  interp_param)

static enum crema_status at_least(const struct crema_layer *l,
                                  const int32_t *field, const char *name,
                                  int32_t least)
{
    if (*field >= least) return CREMA_OK;
    return crema_layer_fail(l, field, "%s must be at least %d, got %d", name,
                            (int)least, (int)*field);
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__InterpParameter *p = param(l);

    if (p->pad_beg > 0 || p->pad_end > 0)
        return crema_layer_fail(l, p->pad_beg > 0 ? &p->pad_beg : &p->pad_end,
                                "pad_beg and pad_end crop: they must be 0 or "
                                "below");
    if (p->mode != CREMA__INTERP_PARAMETER__MODE__LINEAR)
        return crema_layer_fail(l, &p->mode, "mode must be LINEAR");
    if (p->has_zoom_factor || p->has_shrink_factor) {
        CREMA_TRY(at_least(l, &p->zoom_factor, "zoom_factor", 1));
        return at_least(l, &p->shrink_factor, "shrink_factor", 1);
    }
    if (!p->has_height || !p->has_width)
        return crema_layer_fail(l, p->has_height ? &p->height : &p->width,
                                "give height and width, or zoom_factor, or "
                                "shrink_factor");
    CREMA_TRY(at_least(l, &p->height, "height", 1));
    return at_least(l, &p->width, "width", 1);
}

/* One factor alone counts more than a size, and a size more than both. */
static int64_t resized(const Crema__InterpParameter *p, int64_t from,
                       int64_t size)
{
    bool both = p->has_zoom_factor && p->has_shrink_factor;
    bool factor = p->has_zoom_factor || p->has_shrink_factor;

    if (!factor || (both && p->has_height && p->has_width)) return size;
    if (p->has_shrink_factor) from = (from - 1) / p->shrink_factor + 1;
    if (p->has_zoom_factor) from = (from - 1) * p->zoom_factor + 1;
    return from;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__InterpParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    const int64_t first[2] = { -(int64_t)p->pad_beg, -(int64_t)p->pad_beg };
    const int64_t size[2] = { p->height, p->width };
    int64_t from[2], to[2];

    if (x->ndims != 4)
        return crema_layer_fail(l, NULL, "Interp reads blobs of 4 axes, not %d",
                                x->ndims);
    for (int k = 0; k < 2; k++) {
        from[k] = x->dim[2 + k] + p->pad_beg + p->pad_end;
        if (from[k] < 1)
            return crema_layer_fail(
                l, p->has_pad_beg ? &p->pad_beg : &p->pad_end,
                "nothing is left of %lld", (long long)x->dim[2 + k]);
        to[k] = resized(p, from[k], size[k]);
        if (to[k] < 1)
            return crema_layer_fail(l, k ? &p->width : &p->height,
                                    "height and width must be positive");
    }
    l->top[0] = crema_resize(l->program, first, from, to, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc interp_param = {
    .message = "interp_param",
    .fields =
        (const struct crema_field_doc[]){
            { "height", "rows of y" },
            { "width", "columns of y" },
            { "zoom_factor", "instead of a size: so many steps of y to one of "
                             "x, (h - 1) zoom + 1 rows" },
            { "shrink_factor", "instead of a size: so many steps of x to one "
                               "of y, (h - 1) / shrink + 1 rows" },
            { "pad_beg", "0, or minus the rows and columns left out at the "
                         "beginning" },
            { "pad_end", "the same at the end" },
            { "mode", "LINEAR; jolibrain's NEAREST is refused" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_IMAGE,
    .line = "planes resized bilinearly",
    .text = "Row h of y lies at row h (H - 1) / (P - 1) of x's H rows, where P "
            "are y's: the corners of both meet.  Columns alike.  An element of "
            "y is interpolated between the four nearest.",
    .bottoms = { { "x", "N x C x H x W" } },
    .tops = { { "y", "N x C x P x Q" } },
    .params = { &interp_param },
    .quirks = "Of DeepLab's, PSPNet's and jolibrain's forks. A single factor "
              "counts more than height and width; those count more than both "
              "factors together.",
    .example = "interp_param { height: 12 width: 12 }",
};

const struct crema_layer_type crema_layer_Interp = {
    .name = "Interp",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
