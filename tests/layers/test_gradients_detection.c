/* test_gradients_detection.c - layers of the detection forks. */
#include "support/layer_cases.h"

#define REGIONS(type, rest)                                                    \
    "layer { name: 'l' type: '" type "' bottom: 'x' bottom: 'labels' "         \
    "top: 'y' " rest " }"

/* Of 3 images, 12 priors on a picture of 10 x 10, and 6 boxes of ground truth
 * with labels 0 to 2, some of which have no area; x: codes, z: scores. */
#define MULTIBOX(classes, codes, prior, fields)                                \
    "x:3," codes " z:3," classes " labelmap:1,1,2,2 labelpic:1,1,10,10 "       \
    "label:1,1,6,3 labels:1,1,6,2 labelt:1,1,6,2 labelu:1,1,6,1",              \
        "layer { name: 'a' type: 'Power' bottom: 'labels' top: 'a' "           \
        "power_param { scale: 0.2 } }"                                         \
        "layer { name: 'b' type: 'Power' bottom: 'labelt' top: 'b' "           \
        "power_param { scale: 0.2 shift: 0.35 } }"                             \
        "layer { name: 't' type: 'Concat' bottom: 'label' bottom: 'a' "        \
        "bottom: 'b' bottom: 'labelu' top: 't' concat_param { axis: 3 } }"     \
        "layer { name: 'p' type: 'PriorBox' bottom: 'labelmap' "               \
        "bottom: 'labelpic' top: 'p' prior_box_param { min_size: 5 "           \
        "aspect_ratio: 2 " prior " } }"                                        \
        "layer { name: 'l' type: 'MultiBoxLoss' bottom: 'x' bottom: 'z' "      \
        "bottom: 'p' bottom: 't' top: 'loss' multibox_loss_param { " fields    \
        " } }"
/* classes: 3, and the background's */
#define SSD(prior, fields)                                                     \
    MULTIBOX("48", "48", prior, "num_classes: 4 background_label_id: 3 " fields)
#define EACH(fields)                                                           \
    MULTIBOX("48", "192", "variance: [0.5, 0.5, 1, 1]",                        \
             "num_classes: 4 background_label_id: 3 share_location: false "    \
             "overlap_threshold: 0.2 mining_type: NONE " fields)

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
    { "multibox", SSD("", "loc_weight: 0.5") },
    { "multibox, sizes", SSD("variance: [0.5, 0.5, 1, 1]",
                             "code_type: CENTER_SIZE overlap_threshold: 0.2") },
    { "multibox, corners in sizes",
      SSD("variance: 0.7", "code_type: CORNER_SIZE match_type: BIPARTITE "
                           "neg_pos_ratio: 1.5") },
    { "multibox, squares and sigmoids",
      SSD("variance: 0.5", "loc_loss_type: L2 conf_loss_type: LOGISTIC "
                           "neg_overlap: 0.2") },
    { "multibox, variance in what is expected",
      SSD("variance: [0.5, 0.5, 1, 1]", "encode_variance_in_target: true "
                                        "code_type: CENTER_SIZE") },
    { "multibox, all scores",
      SSD("variance: 0.5", "mining_type: NONE use_difficult_gt: false") },
    { "multibox, all scores, sigmoids",
      SSD("variance: 0.5", "do_neg_mining: false conf_loss_type: LOGISTIC") },
    { "multibox, hard examples",
      SSD("variance: 0.5", "mining_type: HARD_EXAMPLE sample_size: 4 "
                           "overlap_threshold: 0.2") },
    { "multibox, suppressed examples",
      SSD("variance: 0.5", "nms_param { nms_threshold: 0.4 top_k: 9 } "
                           "use_prior_for_nms: true") },
    { "multibox, suppressed by prediction",
      SSD("variance: 0.5", "mining_type: HARD_EXAMPLE sample_size: 5 "
                           "nms_param { nms_threshold: 0.4 }") },
    { "multibox, inside alone",
      SSD("variance: 0.5 step: 6 offset: 0.2", "bp_inside: true") },
    { "multibox, no priors beyond the border",
      SSD("variance: 0.5 step: 6 offset: 0.3",
          "ignore_cross_boundary_bbox: true") },
    { "multibox, predicted boxes match",
      SSD("variance: 0.2", "use_prior_for_matching: false bp_inside: true") },
    { "multibox, one class for all",
      MULTIBOX("60", "48", "",
               "num_classes: 5 background_label_id: 3 "
               "map_object_to_agnostic: true") },
    { "multibox, a box for each class", EACH("") },
    { "multibox, each class, predicted boxes",
      EACH("use_prior_for_matching: false conf_loss_type: LOGISTIC") },
};

int main(void)
{
    return run_layer_cases("gradients of detection layers", cases,
                           sizeof cases / sizeof *cases);
}
