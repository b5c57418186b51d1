/* roi_pooling.c - the maximum of each bin of a grid in each region, of Fast
 * R-CNN. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ROIPoolingParameter, CREMA__ROIPOOLING_PARAMETER__INIT,
                  roi_pooling_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ROIPoolingParameter *p = param(l);

    if (p->pooled_h == 0 || p->pooled_w == 0 || p->pooled_h > INT32_MAX ||
        p->pooled_w > INT32_MAX)
        return crema_layer_fail(l, p->pooled_h ? &p->pooled_w : &p->pooled_h,
                                "pooled_h and pooled_w must be positive");
    if (p->spatial_scale > 0) return CREMA_OK;
    return crema_layer_fail(l, &p->spatial_scale,
                            "spatial_scale must be positive");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ROIPoolingParameter *p = param(l);
    const struct crema_regions how = { { p->pooled_h, p->pooled_w },
                                       p->spatial_scale,
                                       false };

    l->top[0] =
        crema_region_pooling(l->program, &how, l->bottom[0], l->bottom[1]);
    return CREMA_OK;
}

static const struct crema_param_doc roi_pooling_param = {
    .message = "roi_pooling_param",
    .fields =
        (const struct crema_field_doc[]){
            { "pooled_h", "bins downwards" },
            { "pooled_w", "bins to the right" },
            { "spatial_scale", "size of the map / size of the picture that "
                               "regions are on" },
            { 0 },
        },
    .refused = "pooled_size",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DETECTION,
    .line = "maximum over bins of regions",
    .text = "A region is five numbers: image, left, top, right, bottom, the "
            "borders included, in pixels of the picture. Times spatial_scale "
            "they are rounded to the map's elements; the region, at least one "
            "element, is divided into bins which may share elements, and each "
            "gives its maximum, 0 where it is outside of the map. No gradient "
            "flows to the regions.",
    .bottoms = { { "map", "N x C x H x W" }, { "rois", "R x 5" } },
    .tops = { { "y", "R x C x pooled_h x pooled_w" } },
    .params = { &roi_pooling_param },
    .quirks = "Fast R-CNN's.",
    .example = "roi_pooling_param { pooled_h: 7 pooled_w: 7 spatial_scale: "
               "0.0625 }",
};

const struct crema_layer_type crema_layer_ROIPooling = {
    .name = "ROIPooling",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
