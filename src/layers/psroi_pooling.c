/* psroi_pooling.c - averages over bins of regions, each bin from channels of
 * its own, of R-FCN. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__PSROIPoolingParameter,
                  CREMA__PSROIPOOLING_PARAMETER__INIT, psroi_pooling_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__PSROIPoolingParameter *p = param(l);

    if (p->output_dim <= 0)
        return crema_layer_fail(l, &p->output_dim,
                                "output_dim must be positive");
    if (p->group_size <= 0)
        return crema_layer_fail(l, &p->group_size,
                                "group_size must be positive");
    if (p->spatial_scale > 0) return CREMA_OK;
    return crema_layer_fail(l, &p->spatial_scale,
                            "spatial_scale must be positive");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__PSROIPoolingParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int64_t bins = (int64_t)p->group_size * p->group_size;
    const struct crema_regions how = { { p->group_size, p->group_size },
                                       p->spatial_scale,
                                       true };

    if (x->ndims == 4 &&
        (x->dim[1] % bins || x->dim[1] / bins != p->output_dim))
        return crema_layer_fail(l, &p->output_dim,
                                "the bottom has %lld channels, not output_dim "
                                "%d for each of %d x %d bins",
                                (long long)x->dim[1], p->output_dim,
                                p->group_size, p->group_size);
    l->top[0] =
        crema_region_pooling(l->program, &how, l->bottom[0], l->bottom[1]);
    return CREMA_OK;
}

static const struct crema_param_doc psroi_pooling_param = {
    .message = "psroi_pooling_param",
    .fields =
        (const struct crema_field_doc[]){
            { "spatial_scale", "size of the map / size of the picture that "
                               "regions are on" },
            { "output_dim", "channels of the top" },
            { "group_size", "bins downwards, and to the right" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DETECTION,
    .line = "averages over bins of regions, by channels of their own",
    .text = "A region is five numbers: image, left, top, right, bottom, the "
            "borders included, in pixels of the picture. Rounded, and then "
            "times spatial_scale, it is divided into bins. Bin (p, q) of "
            "channel k is the average, over the elements that it touches, of "
            "channel (k group_size + p) group_size + q; 0 outside of the map. "
            "No gradient flows to the regions.",
    .bottoms = { { "map", "N x (output_dim group_size^2) x H x W" },
                 { "rois", "R x 5" } },
    .tops = { { "y", "R x output_dim x group_size x group_size" } },
    .params = { &psroi_pooling_param },
    .quirks = "R-FCN's.",
    .example = "psroi_pooling_param { spatial_scale: 0.0625 output_dim: 21 "
               "group_size: 7 }",
};

const struct crema_layer_type crema_layer_PSROIPooling = {
    .name = "PSROIPooling",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
