/* test_gradients_detection.c - layers of the detection forks. */
#include "support/layer_cases.h"

#define REGIONS(type, rest)                                                    \
    "layer { name: 'l' type: '" type "' bottom: 'x' bottom: 'labels' "         \
    "top: 'y' " rest " }"

static const struct layer_case cases[] = {
    { "normalize", "x:2,3,2,4", ONE("Normalize", "") },
    { "normalize, eps, shared", "x:2,3,2,4",
      ONE("Normalize", "norm_param { across_spatial: false eps: 0.1 }") },
    { "normalize, by channel", "x:2,3,4",
      ONE("Normalize", "norm_param { channel_shared: false "
                       "scale_filler { value: 20 } }") },
    { "normalize, by channel and position", "x:2,3,2,2",
      ONE("Normalize", "norm_param { across_spatial: false "
                       "channel_shared: false }") },
    { "normalize, rows", "x:4,5",
      ONE("Normalize", "norm_param { across_spatial: false }") },
    { "roi pooling", "x:3,2,5,4 labels:4,5",
      REGIONS("ROIPooling", "roi_pooling_param { pooled_h: 2 pooled_w: 3 "
                            "spatial_scale: 1.5 }") },
    { "psroi pooling", "x:3,8,5,4 labels:4,5",
      REGIONS("PSROIPooling",
              "psroi_pooling_param { spatial_scale: 1.5 output_dim: 2 "
              "group_size: 2 }") },
};

int main(void)
{
    return run_layer_cases("gradients of detection layers", cases,
                           sizeof cases / sizeof *cases);
}
