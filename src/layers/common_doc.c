/* common_doc.c - the fields that all layers have, for `crema describe`. */
#include "layers/layer.h"

static const struct crema_field_doc layer[] = {
    { "name", "also the name of its weights in a .caffemodel: what is loaded "
              "goes to the layer of the same name" },
    { "type", "which layer it is; crema describe lists them" },
    { "bottom", "a blob that it reads, by name" },
    { "top", "a blob that it makes, by name; the same as bottom where a layer "
             "may work in place" },
    { "loss_weight",
      "what a top counts for in the loss that is minimized, one for each top; "
      "1 for the first top of a layer whose type ends in Loss, else 0" },
    { "param", "rates and name of each weight: the first is of weight 0" },
    { "include", "when the layer is in the net: if any of these rules holds; "
                 "without any, always" },
    { "exclude", "when it is not: if any of these rules holds; one of include "
                 "and exclude" },
    { "propagate_down",
      "one for each bottom, or none: false lets no gradient flow back there" },
    { "phase", "old way of include { phase: .. }" },
    { "forward_type", "of NVIDIA's fork: type of its values; FLOAT16 needs a "
                      "device that has it" },
    { "backward_type", "of NVIDIA's fork: type of their gradients" },
    { 0 },
};

static const struct crema_field_doc param[] = {
    { "lr_mult", "times the solver's rate; 0: the weight stays as it is, and "
                 "no gradient is computed for it" },
    { "decay_mult", "times the solver's weight_decay" },
    { "name", "weights of the same name, in whatever layer, are one weight" },
    { "share_mode", "STRICT: shared weights have equal shapes; PERMISSIVE: "
                    "equal counts are enough" },
    { 0 },
};

static const struct crema_field_doc rule[] = {
    { "phase", "TRAIN or TEST; all that a rule says must hold" },
    { "min_level", "the net's level, which --level says, is at least this" },
    { "max_level", "it is at most this" },
    { "stage", "all of these stages are set, by --stage or the solver" },
    { "not_stage", "none of these is" },
    { 0 },
};

static const struct crema_field_doc filler[] = {
    { "type",
      "constant: value. uniform: min to max. gaussian: mean and std. xavier: "
      "uniform, from -a to a, a = sqrt(3 / n). msra: gaussian, std sqrt(2 / "
      "n). positive_unitball: uniform, each row then divided by its sum. "
      "bilinear: the kernel that interpolates, for Deconvolution" },
    { "value", "of constant" },
    { "min", "of uniform" },
    { "max", "of uniform" },
    { "mean", "of gaussian" },
    { "std", "of gaussian" },
    { "sparse", "of gaussian: each weight is kept with probability sparse / "
                "outputs and else 0; -1: all are" },
    { "variance_norm",
      "what n is: inputs of an output, outputs of an input, or their mean" },
    { 0 },
};

static const struct crema_field_doc transform[] = {
    { "scale", "times what is left when the mean is off" },
    { "mirror", "left and right exchanged for half of the records, drawn at "
                "random; in TEST too, as in Caffe" },
    { "crop_size", "side of the square that is cut out: anywhere in TRAIN, "
                   "from the middle in TEST; 0: the whole picture" },
    { "mean_file",
      ".binaryproto that is taken off, cut out at the same place" },
    { "mean_value", "is taken off instead: one number, or one for each channel "
                    "in the order B, G, R" },
    { "force_color", "pictures in files become 3 channels" },
    { "force_gray", "they become 1 channel" },
    { "crop_h", "of forks: with crop_w, instead of crop_size" },
    { "crop_w", "of forks: with crop_h" },
    { "center_crop", "cut from the middle in TRAIN, too" },
    { "resize_param", "pictures get this size before they are cropped" },
    { "random_resize_param", "the shorter side gets a random length" },
    { "random_aspect_ratio_param", "a random part of the picture is resized" },
    { "distort_param", "brightness, contrast, saturation and hue" },
    { "expand_param", "the picture becomes a part of a larger one" },
    { "noise_param", "grey, few or inverse colours, dots" },
    { "rotate", "turned by 0, 90, 180 or 270 degrees" },
    { "max_rotation_angle",
      "turned by up to so many degrees to either side; beyond its edges the "
      "picture goes on as in a mirror" },
    { "erase_ratio", "of that share of the pictures a rectangle is erased: its "
                     "bytes become random ones" },
    { "scale_min", "of erase_ratio: the rectangle's width, from, in widths of "
                   "the crop" },
    { "scale_max", "to" },
    { "aspect_min", "of erase_ratio: its height, from, in widths of its own" },
    { "aspect_max", "to" },
    { "lighting_file", "principal components of the colours, which "
                       "compute_image_mean --pca writes: a random multiple of "
                       "each is added to a picture" },
    { "lighting_std", "standard deviation of that multiple" },
    { 0 },
};

static const struct crema_field_doc resize[] = {
    { "height", "in pixels" },
    { "width", "in pixels" },
    { "resize_mode",
      "WARP: to height x width. FIT_SMALL_SIZE: so that the picture covers it, "
      "its aspect kept. FIT_LARGE_SIZE_AND_PAD: so that it fits within, its "
      "aspect kept, the rest padded" },
    { "interp_mode", "LINEAR where it is left out; of several one is drawn at "
                     "random, in TEST the first is taken" },
    { "pad_mode", "CONSTANT: pad_value. MIRRORED: as in a mirror, the edge "
                  "itself once. REPEAT_NEAREST: the edge" },
    { "pad_value", "one number, or one for each channel, 0 to 255" },
    { "prob", "share of the pictures that are resized in TRAIN; in TEST all "
              "are" },
    { 0 },
};

static const struct crema_field_doc short_side[] = {
    { "min_size", "of the shorter side, in pixels; the aspect is kept" },
    { "max_size", "likewise; in TEST it becomes the middle of the two" },
    { "resize_param", "its interp_mode counts" },
    { 0 },
};

static const struct crema_field_doc area[] = {
    { "min_area_ratio", "the part's share of the picture" },
    { "max_area_ratio", "likewise" },
    { "aspect_ratio_change", "its width by its height is drawn from 1 / r to "
                             "r, the logarithm evenly" },
    { "max_attempt", "so often a part is drawn that may not fit into the "
                     "picture; then all of it is taken" },
    { "resize_param", "to which size; left out: the crop's" },
    { 0 },
};

static const struct crema_field_doc distort[] = {
    { "brightness_prob", "share of the pictures that get brighter or darker" },
    { "brightness_delta", "by up to so much either way, 0 to 255" },
    { "contrast_prob", "share whose bytes are multiplied" },
    { "contrast_lower", "by a factor from" },
    { "contrast_upper", "to" },
    { "saturation_prob", "share whose saturation is multiplied" },
    { "saturation_lower", "by a factor from" },
    { "saturation_upper", "to" },
    { "hue_prob", "share whose hue is turned" },
    { "hue_delta", "by up to so much either way; 180 is the whole circle" },
    { "random_order_prob", "share whose channels are exchanged" },
    { 0 },
};

static const struct crema_field_doc expand[] = {
    { "prob", "share of the pictures" },
    { "max_expand_ratio", "sides grow by 1 to so much; the picture lies "
                          "anywhere, around it is the mean" },
    { 0 },
};

static const struct crema_field_doc noise[] = {
    { "prob", "share of the pictures in TRAIN; left out: all, in TEST as "
              "well, dots aside" },
    { "decolorize", "all channels become the grey one" },
    { "posterize", "four levels are left: 32, 96, 160 and 224" },
    { "inverse", "255 less the byte" },
    { "saltpepper", "random pixels get a value" },
    { "saltpepper_param", "fraction of the pixels, and value, one or one for "
                          "each channel" },
    { 0 },
};

static const struct crema_page_part parts[] = {
    { &crema__layer_parameter__descriptor, "layer", NULL, layer, NULL },
    { &crema__param_spec__descriptor, "layer { param }", NULL, param, NULL },
    { &crema__net_state_rule__descriptor, "layer { include, exclude }", NULL,
      rule, NULL },
    { &crema__filler_parameter__descriptor, "fillers",
      "First values of weights. xavier and msra measure them by the number n "
      "of inputs.",
      filler, NULL },
    { &crema__transformation_parameter__descriptor, "layer { transform_param }",
      "What happens to each record of a layer that reads data. The order is "
      "distort_param, expand_param, rotate and max_rotation_angle, "
      "random_resize_param, random_aspect_ratio_param, resize_param, "
      "noise_param, erase_ratio; then the crop, mirror, mean and scale, and "
      "lighting. What is random is so in TRAIN only, but for mirror, and "
      "depends on the seed and on how many records went before, not on "
      "threads.",
      transform, "Of forks, and refused or without effect" },
    { &crema__resize_parameter__descriptor, "transform_param { resize_param }",
      "LINEAR is OpenCV's to the bit, the others are within 1 of a byte.",
      resize, "Of forks, and refused or without effect" },
    { &crema__random_resize_parameter__descriptor,
      "transform_param { random_resize_param }", NULL, short_side, NULL },
    { &crema__random_aspect_ratio_parameter__descriptor,
      "transform_param { random_aspect_ratio_param }",
      "In TEST all of the picture is resized.", area, NULL },
    { &crema__distortion_parameter__descriptor,
      "transform_param { distort_param }",
      "As in SSD: brightness first, channels last, contrast before or after "
      "saturation and hue, by chance. Hue and saturation are computed without "
      "rounding in between, and change nothing of grey pictures.",
      distort, "Of forks, and refused" },
    { &crema__expansion_parameter__descriptor,
      "transform_param { expand_param }", NULL, expand, NULL },
    { &crema__noise_parameter__descriptor, "transform_param { noise_param }",
      NULL, noise, "Of forks, and refused" },
    { 0 },
};

const struct crema_page_doc crema_layer_page = {
    .name = "common",
    .line = "fields that all layers have",
    .text = "Whatever its type, a layer has these. Its own parameters are in a "
            "message of its own, which its page tells.",
    .parts = parts,
};
