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
      "What happens to each record of a layer that reads data.", transform,
      "Of forks, and refused or without effect" },
    { 0 },
};

const struct crema_page_doc crema_layer_page = {
    .name = "common",
    .line = "fields that all layers have",
    .text = "Whatever its type, a layer has these. Its own parameters are in a "
            "message of its own, which its page tells.",
    .parts = parts,
};
