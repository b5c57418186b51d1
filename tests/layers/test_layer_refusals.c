/* test_layer_refusals.c - what a layer cannot do is said at the right place.
 *
 * Each text has an '@' where the complaint must point; it is taken out before
 * the text is read.
 */
#include "net/net.h"
#include "proto/text.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct refusal {
    const char *text, *message;
};

#define X                                                                      \
    "layer { name: 'x' type: 'Input' top: 'x' "                                \
    "input_param { shape { dim: [2, 4, 6, 6] } } }\n"
#define Z                                                                      \
    "layer { name: 'z' type: 'Input' top: 'z' "                                \
    "input_param { shape { dim: [2, 3, 6, 6] } } }\n"
#define LABEL                                                                  \
    "layer { name: 'l' type: 'Input' top: 'l' "                                \
    "input_param { shape { dim: 2 } } }\n"
#define ON_X(type) "name: 'a' type: '" type "' bottom: 'x' top: 'y' "
#define ON_XZ(type)                                                            \
    "name: 'a' type: '" type "' bottom: 'x' bottom: 'z' top: 'y' "
#define DATA(fields)                                                           \
    "layer { name: 'd' type: 'Data' top: 'd'\ndata_param { source: 'none' "    \
    "batch_size: 2 }\ntransform_param { " fields " } }"
#define CONV(fields)                                                           \
    X "layer { " ON_X("Convolution") "\n convolution_param { " fields " } }"
#define POOL(fields)                                                           \
    X "layer { " ON_X("Pooling") "\n pooling_param { " fields " } }"
#define FILLED(filler)                                                         \
    X "layer { " ON_X("InnerProduct") "inner_product_param { num_output: 2\n"  \
                                      "weight_filler { " filler " } } }"

static const struct refusal cases[] = {
    /* shapes beyond all bounds */
    { X "layer { " ON_X("Reshape") "reshape_param { axis: 1 "
                                   "@num_axes: 2147483647 shape { dim: 1 } } }",
      "2147483647 axes from axis 1 on do not exist in a blob of 4 axes" },
    { X "@layer { " ON_X(
          "Reshape") "reshape_param { "
                     "shape { dim: [4294967296, 4294967296, -1] } } }",
      "a blob of 2x4x6x6 cannot become 4294967296x4294967296x1" },
    { "layer { name: 'x' type: 'Input' top: 'x' "
      "input_param { shape { dim: 1099511627776 } } }\n"
      "@layer { " ON_X("Tile") "tile_param { axis: 0 tiles: 2147483647 } }",
      "a blob of 1099511627776, 2147483647 times, is too large" },

    /* detection */
    { X Z "layer { " ON_XZ("PriorBox") "prior_box_param { min_size: 4 "
                                       "@max_size: 4 } }",
      "max_size must be above its min_size, 4" },
    { X Z "@layer { " ON_XZ("PriorBox") "}",
      "wants prior_box_param { min_size }" },
    { X Z "layer { " ON_XZ("PriorBox") "prior_box_param { min_size: 4 "
                                       "variance: [@1, 2] } }",
      "2 variances; there must be 1 or 4" },
    { X Z "layer { " ON_XZ("PriorBox") "prior_box_param { min_size: 4 "
                                       "step_h: 2 @step: 2 } }",
      "step, or step_h and step_w: not both" },
    { X "layer { " ON_X("Normalize") "@normalize_param { } }",
      "normalize_param is of another fork's layer of this name" },
    { X Z "layer { " ON_XZ("DetectionOutput") "@bottom: 'x' "
                                              "detection_output_param { "
                                              "num_classes: 2 } }",
      "bottom 2 is 2x4x6x6, not priors" },
    { X Z "@layer { " ON_XZ("DetectionOutput") "bottom: 'x' }",
      "wants num_classes, at least 1" },
    { X Z "layer { " ON_XZ("DetectionOutput") "bottom: 'x' "
                                              "detection_output_param { "
                                              "num_classes: 2 nms_param { "
                                              "@soft_nms: true } } }",
      "soft_nms, which only some forks of Caffe have, is not supported" },
    { X Z "layer { " ON_XZ("MultiBoxLoss") "bottom: 'x' bottom: 'z' "
                                           "multibox_loss_param { "
                                           "num_classes: 2 mining_type: NONE "
                                           "@do_neg_mining: true } }",
      "do_neg_mining contradicts mining_type" },
    { X Z "layer { " ON_XZ("MultiBoxLoss") "bottom: 'x' bottom: 'z' "
                                           "multibox_loss_param { "
                                           "num_classes: 2 "
                                           "@background_label_id: 2 } }",
      "background_label_id must be below num_classes" },
    { X Z "layer { " ON_XZ("ROIPooling") "roi_pooling_param { pooled_h: 2 "
                                         "@pooled_w: 0 } }",
      "pooled_h and pooled_w must be positive" },
    { X Z "layer { " ON_XZ("PSROIPooling") "psroi_pooling_param { "
                                           "spatial_scale: 1 @output_dim: 2 "
                                           "group_size: 2 } }",
      "the bottom has 4 channels, not output_dim 2 for each of 2 x 2 bins" },

    /* transform_param: read though no data is opened */
    { DATA("resize_param { height: 8 @width: 0 }"),
      "give height and width, both positive" },
    { DATA("resize_param { height: 8 width: 8 @prob: 1.5 }"),
      "prob must be 0 to 1, got 1.5" },
    { DATA("resize_param { height: 8 width: 8 pad_value: [1, @256] }"),
      "pad_value must be 0 to 255, got 256" },
    { DATA("resize_param { height: 8 width: 8\n @is_pyramid_test: true }"),
      "is_pyramid_test of a fork of Caffe is not supported" },
    { DATA("distort_param { contrast_prob: 1\n @contrast_lower: 2 "
           "contrast_upper: 1 }"),
      "2 is above 1" },
    { DATA("distort_param { @brightness: true }"),
      "brightness of a fork of Caffe is not supported" },
    { DATA("expand_param { @max_expand_ratio: 0.5 }"),
      "max_expand_ratio must be 1 to 100, got 0.5" },
    { DATA("noise_param { @hist_eq: true }"),
      "hist_eq of a fork of Caffe is not supported" },
    { DATA("noise_param { saltpepper_param { @fraction: -1 } }"),
      "fraction must be 0 to 1, got -1" },
    { DATA("@random_aspect_ratio_param { }"),
      "random_aspect_ratio_param wants a size" },
    { DATA("random_resize_param { @min_size: 9 max_size: 8 }"),
      "no range of sizes: min_size 9, max_size 8" },
    { DATA("@max_rotation_angle: 181"),
      "max_rotation_angle 181 is above 180 degrees" },
    { DATA("@erase_ratio: 2"), "erase_ratio must be 0 to 1, got 2" },
    { DATA("@scale_min: 0.1"), "give erase_ratio, too" },
    { DATA("@lighting_std: 0.1"), "lighting_std wants a lighting_file" },
    { DATA("@do_clahe: true"), "do_clahe of a fork of Caffe is not supported" },

    /* convolution */
    { CONV("@num_output: 0 kernel_size: 3"),
      "num_output must be positive, got 0" },
    { CONV("num_output: 5 kernel_size: 3 @group: 2"),
      "group 2 does not divide num_output 5" },
    { CONV("num_output: 6 kernel_size: 3 pad: 1\n @pad_same: true"),
      "pad_same is given, and pad as well" },
    { X "layer { " ON_X("Deconvolution") "convolution_param { "
                                         "num_output: 6 kernel_size: 3\n"
                                         "@pad_same: true } }",
      "pad_same is for convolutions only" },
    { CONV("num_output: 6 kernel_size: 3 @group: 3"),
      "group 3 does not divide the 4 channels of the bottom" },
    { CONV("num_output: 6 @kernel_size: 9 pad: 1"),
      "kernel 9 is larger than the padded input, 6 + 2*1" },
    { CONV("num_output: 6 kernel_h: 3 @kernel_w: 7"),
      "kernel 7 is larger than the padded input, 6 + 2*0" },
    { CONV("num_output: 6 @kernel_size: 4 dilation: 2"),
      "kernel 7 (dilated) is larger than the padded input, 6 + 2*0" },
    { CONV("num_output: 6 kernel_size: 3 @kernel_size: 0"),
      "kernel_size must be positive" },
    { X "@layer { " ON_X("Convolution") "convolution_param { num_output: 6 } }",
      "kernel_size must be positive" },
    { CONV("num_output: 6 kernel_size: 3 @stride: 0"),
      "stride must be positive" },
    { CONV("num_output: 6 kernel_size: 3 stride: [@1, 1, 1]"),
      "3 times stride for 2 spatial axes" },
    { CONV("num_output: 6 @kernel_size: 3 kernel_h: 2 kernel_w: 2"),
      "kernel_size is given, and kernel_size_h or kernel_size_w as well" },
    { CONV("num_output: 6 kernel_size: 3 @axis: 4"),
      "axis 4 does not exist in a blob of 4 axes" },
    { CONV("num_output: 6 kernel_size: 3 @axis: -5"),
      "axis -5 does not exist in a blob of 4 axes" },
    { CONV("num_output: 6 kernel_size: 3 @relu: true"),
      "relu, which only some forks of Caffe have, is not supported" },
    { X "@layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'y' top: 'v' "
        "convolution_param { num_output: 6 kernel_size: 3 } }",
      "1 bottoms but 2 tops" },
    { X Z
      "layer { name: 'a' type: 'Convolution' bottom: 'x' @bottom: 'z' "
      "top: 'y' top: 'v' convolution_param { num_output: 6 kernel_size: 3 } }",
      "the bottoms do not have the same axes or channels" },

    /* pooling */
    { POOL("kernel_size: 2 @pad: 2"), "pad 2 must be smaller than kernel 2" },
    { POOL("kernel_h: 3 kernel_w: 2 pad_h: 1 @pad_w: 2"),
      "pad 2 must be smaller than kernel 2" },
    { POOL("@kernel_size: 9 round_mode: FLOOR"),
      "kernel 9 is larger than the padded input, 6 + 2*0" },
    { POOL("@kernel_size: 0"), "the kernel must be positive" },
    { POOL("kernel_size: 2 @stride: 0"), "stride must be positive" },
    { POOL("@kernel_h: 2"), "kernel_size needs both _h and _w" },
    { POOL("@kernel_size: 2 kernel_h: 2 kernel_w: 2"),
      "kernel_size is given, and its _h or _w as well" },
    { POOL("pool: STOCHASTIC kernel_size: 2 @pad: 1"),
      "STOCHASTIC pooling takes pad 0 only" },
    { POOL("@pool: LOWRES kernel_size: 2"), "pool must be MAX, AVE or" },
    { POOL("@global_pooling: true kernel_size: 2"), "leave the kernel out" },
    { POOL("@global_pooling: true stride: 2"),
      "global_pooling takes pad 0 and stride 1 only" },
    { X "layer { name: 'a' type: 'Pooling' bottom: 'x' top: 'y' @top: 'm' "
        "pooling_param { pool: AVE kernel_size: 2 } }",
      "only MAX pooling has a second top" },
    { LABEL "@layer { name: 'a' type: 'Pooling' bottom: 'l' top: 'y' "
            "pooling_param { kernel_size: 2 } }",
      "Pooling reads blobs of 4 axes, not 1" },

    /* the others */
    { X "layer { " ON_X("LRN") "lrn_param { @local_size: 4 } }",
      "local_size must be odd, got 4" },
    { X "layer { " ON_X("InnerProduct") "inner_product_param { bias_term: "
                                        "false @num_output: 0 } }",
      "num_output must be positive, got 0" },
    { X "layer { " ON_X("Dropout") "dropout_param { @dropout_ratio: 1 } }",
      "dropout_ratio must be in [0, 1), got 1" },
    { X "layer { " ON_X("Softmax") "softmax_param { @axis: 7 } }",
      "axis 7 does not exist in a blob of 4 axes" },
    { X LABEL "layer { name: 'a' type: 'SoftmaxWithLoss' bottom: 'x' "
              "bottom: 'l' top: 'y' loss_param { @label_smoothing: 1.5 } }",
      "label_smoothing must be from 0 to 1, got 1.5" },
    { X LABEL "layer { name: 'a' type: 'SoftmaxWithLoss' bottom: 'x' "
              "bottom: 'l' top: 'y' loss_param { @pos_weight: 0.1 } }",
      "pos_weight, which only some forks of Caffe have" },
    { X LABEL "@layer { name: 'a' type: 'SoftmaxWithLoss' bottom: 'x' "
              "bottom: 'l' top: 'y' }",
      "labels of 2 do not fit scores of 2x4x6x6: 72 are needed" },
    { X LABEL "layer { name: 'a' type: 'Accuracy' bottom: 'x' bottom: 'l' "
              "top: 'y' accuracy_param { @top_k: 5 } }",
      "top_k 5 of 4 classes" },
    { X LABEL "layer { name: 'a' type: 'Accuracy' bottom: 'x' bottom: 'l' "
              "top: 'y' accuracy_param { @top_k: 0 } }",
      "top_k must be positive, got 0" },
    { X Z
      "layer { " ON_XZ("Concat") "concat_param { axis: 1 @concat_dim: 1 } }",
      "axis and concat_dim are both given" },
    { X Z "layer { " ON_XZ("Concat") "concat_param { @concat_dim: 4 } }",
      "concat_dim 4 does not exist in a blob of 4 axes" },
    { X Z "@layer { " ON_XZ("Concat") "concat_param { axis: 2 } }",
      "blobs of 2x4x6x6 and 2x3x6x6 differ in more than axis 2" },
    { X Z "@layer { " ON_XZ("Eltwise") "}",
      "sum of blobs of different shape, 2x4x6x6 and 2x3x6x6" },
    { X "layer { name: 'a' type: 'Eltwise' bottom: 'x' bottom: 'x' top: 'y' "
        "eltwise_param { coeff: [@1, 2, 3] } }",
      "3 coeff for 2 bottoms" },
    { X "layer { name: 'a' type: 'Eltwise' bottom: 'x' bottom: 'x' top: 'y' "
        "eltwise_param { operation: PROD coeff: [@1, 2] } }",
      "coeff goes with operation SUM alone" },
    { X "layer { " ON_X("Flatten") "flatten_param { axis: 2 @end_axis: 1 } }",
      "end_axis 1 lies before axis 2" },
    { X "layer { " ON_X("Scale") "scale_param { @num_axes: 4 } }",
      "4 axes from axis 1 on do not exist in a blob of 4 axes" },
    { X "layer { " ON_X("Scale") "scale_param { @num_axes: -2 } }",
      "num_axes must be at least -1, got -2" },
    { X Z "@layer { " ON_XZ("Scale") "}",
      "a scale of 2x3x6x6 does not fit a blob of 2x4x6x6 at axis 1" },
    { X "layer { " ON_X("BatchNorm") "param { @lr_mult: 1 } }",
      "lr_mult must be 0, got 1" },
    { X "layer { " ON_X("Interp") "interp_param { height: 3 @width: 0 } }",
      "width must be at least 1" },
    { X "@layer { " ON_X("Interp") "}", "give height and width" },
    { X "layer { " ON_X("Interp") "interp_param { @zoom_factor: 0 } }",
      "zoom_factor must be at least 1, got 0" },
    { X "layer { " ON_X("Interp") "interp_param { @pad_end: 1 } }",
      "pad_beg and pad_end crop" },
    { X "layer { " ON_X(
          "Interp") "interp_param { zoom_factor: 2 @pad_beg: -6 } }",
      "nothing is left of 6" },
    { X "layer { " ON_X("Interp") "interp_param { @mode: NEAREST } }",
      "mode must be LINEAR" },
    { X "layer { " ON_X("Upsample") "upsample_param { @scale: 0 } }",
      "a scale must be positive" },
    { X "layer { " ON_X("Upsample") "upsample_param { @scale_h: 2 } }",
      "scale_h and scale_w go together" },
    { X "layer { " ON_X("Upsample") "upsample_param { @upsample_h: 2 } }",
      "upsample_h and upsample_w go together" },
    { X Z "@layer { " ON_XZ("Upsample") "}",
      "a blob of 2x4x6x6 cannot go where a mask of 2x3x6x6 points" },
    { X "layer { " ON_X("Reorg") "reorg_param { @stride: 4 } }",
      "stride 4 wants channels in multiples of 16" },
    { X "layer { " ON_X("CropCenter") "crop_center_param { @crop_size: 1 } }",
      "give a crop_size for each of 4 axes" },
    { X "layer { " ON_X("BN") "bn_param { bn_mode: LEARN @momentum: .9 } }",
      "this field is of PSPNet's BN" },
    { X "layer { " ON_X("BN") "@top: 'm' }", "only SegNet's BN has tops" },
    { X "layer { " ON_X("BN") "@top: 'm' bn_param { bn_mode: INFERENCE } }",
      "with bn_mode INFERENCE there is no mean" },
    { X
      "layer { " ON_X("BatchNorm") "batch_norm_param { @disable_mean: true } }",
      "disable_mean, which only some forks of Caffe have" },
    { "layer { name: 'x' type: 'Input' top: 'x' top: 'y' top: 'z'\n"
      "input_param { @shape { dim: 1 } shape { dim: 2 } } }",
      "2 shapes for 3 tops" },
    { "layer { name: 'x' type: 'Input' top: 'x'\n"
      "input_param { shape { dim: 1 @dim: -1 } } }",
      "dim -1 is negative" },
    { "layer { name: 'x' type: 'Input' @top: 'x' }", "top \"x\" has no shape" },
    { "@layer { name: 'd' type: 'Data' top: 'x' }",
      "no source is given: name an LMDB database" },
    { "layer { name: 'd' type: 'Data' top: 'x' data_param { source: 'a'\n"
      "batch_size: 1 @label_size: 4000000000 } }",
      "label_size 4000000000: at most 1048576 is possible" },
    { "layer { name: 'd' type: 'Data' top: 'x' data_param { source: 'a'\n"
      "batch_size: 1 more_source: 'b' @source_weight: 2 } }",
      "1 source_weight for 2 databases" },
    { "layer { name: 'd' type: 'Data' top: 'x' data_param { source: 'a'\n"
      "batch_size: 1 more_source: 'b' source_weight: 2\n"
      "@source_weight: -1 } }",
      "source_weight must be positive, got -1" },
    { "@layer { name: 'd' type: 'ImageData' top: 'x' }",
      "no source is given: name a list of pictures, a file" },
    { "layer { name: 'd' type: 'ImageData' top: 'x' image_data_param {\n"
      "source: 'a' @batch_size: 0 } }",
      "batch_size must be positive, got 0" },
    { "layer { name: 'd' type: 'ImageData' top: 'x' image_data_param {\n"
      "source: 'a' @new_height: 3 } }",
      "new_height 3 and new_width 0: give both or neither" },
    { "layer { name: 'd' type: 'ImageData' top: 'x' image_data_param {\n"
      "source: 'a' @min_height: 3 } }",
      "min_height, which only some forks of Caffe have, is not supported" },
    { "layer { name: 'd' type: 'WindowData' top: 'x' top: 'y'\n"
      "transform_param { @crop_size: 0 }\n"
      "window_data_param { source: 'a' batch_size: 4 } }",
      "transform_param must say a crop_size of 1 to" },
    { "layer { name: 'd' type: 'WindowData' top: 'x' top: 'y'\n"
      "transform_param { crop_size: 4 }\n"
      "window_data_param { source: 'a' batch_size: 4 @context_pad: 2 } }",
      "context_pad 2 leaves nothing of a crop_size of 4" },
    { "layer { name: 'd' type: 'WindowData' top: 'x' top: 'y'\n"
      "transform_param { crop_size: 4 }\n"
      "window_data_param { source: 'a' batch_size: 4 @crop_mode: 'round' } }",
      "unknown crop_mode \"round\"" },
    { "layer { name: 'd' type: 'WindowData' top: 'x' top: 'y'\n"
      "transform_param { crop_size: 4 }\n"
      "window_data_param { source: 'a' batch_size: 4 @fg_fraction: 1.5 } }",
      "fg_fraction must be in 0..1, got 1.5" },
    { "layer { name: 'd' type: 'MemoryData' top: 'x' top: 'y'\n"
      "@memory_data_param { batch_size: 4 channels: 1 width: 3 } }",
      "must be positive, got 4, 1, 0 and 3" },
    { "layer { name: 'd' type: 'DummyData' top: 'x' top: 'y' top: 'z'\n"
      "dummy_data_param { @shape { dim: 1 } shape { dim: 2 } } }",
      "2 shape for 3 tops" },

    /* weights */
    { FILLED("@type: 'xaver'"), "unknown filler type \"xaver\"" },
    { FILLED("@type: 'bilinear'"),
      "bilinear fills square kernels, K x C x S x S, not 2x144" },
    { FILLED("@type: 'xavier' sparse: 3"), "only gaussian fillers can be" },
    { X "layer { " ON_X("InnerProduct") "inner_product_param { num_output: 2 } "
                                        "param { name: 'w' } }\n"
                                        "layer { name: 'b' type: "
                                        "'InnerProduct' bottom: 'y' top: 'v' "
                                        "inner_product_param { num_output: 2 } "
                                        "param { @name: 'w' } }",
      "shared param \"w\" is 2x144 in layer \"a\" and 2x2 here" },
    { X "layer { " ON_X("InnerProduct") "inner_product_param { num_output: 2 } "
                                        "param { name: 'w' lr_mult: 2 } }\n"
                                        "layer { name: 'b' type: "
                                        "'InnerProduct' bottom: 'x' top: 'v' "
                                        "inner_product_param { num_output: 2 } "
                                        "param { name: 'w' @lr_mult: 1 } }",
      "lr_mult 1 of the shared param \"w\" is not the 2 that layer \"a\"" },
};

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_world *world;
    struct crema_source *source;
    struct crema_net *net;
};

static enum crema_status build(struct trial *t, const char *text)
{
    const struct crema_net_options options = { .train = true,
                                               .backward = true };
    ProtobufCMessage *net;

    ck_assert_ptr_nonnull(t->ctx = crema_ctx_new(NULL, NULL));
    CREMA_TRY(crema_device_open(t->ctx, "ref", 1, &t->dev));
    CREMA_TRY(crema_text_read(t->ctx, "net", text, strlen(text),
                              &crema__net_parameter__descriptor,
                              CREMA_TEXT_STRICT, &net, &t->source));
    CREMA_TRY(crema_world_open(t->ctx, t->dev, 1, &t->world));
    return crema_net_build(t->world, (Crema__NetParameter *)net, t->source,
                           &options, &t->net);
}

static void close_all(struct trial *t)
{
    crema_net_free(t->net);
    crema_world_free(t->world);
    crema_source_free(t->source);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

/* Takes the '@' out; "net:LINE:COLUMN:" of where it was. */
static void find_place(const char *marked, char *text, char place[32])
{
    size_t at = strcspn(marked, "@");
    int line = 1, column = 1;

    ck_assert_msg(marked[at] == '@', "no '@' in %s", marked);
    for (size_t i = 0; i < at; i++) {
        column = marked[i] == '\n' ? 1 : column + 1;
        line += marked[i] == '\n';
    }
    snprintf(place, 32, "net:%d:%d:", line, column);
    memcpy(text, marked, at);
    strcpy(text + at, marked + at + 1);
}

START_TEST(refused)
{
    const struct refusal *r = &cases[_i];
    struct trial t = { 0 };
    char *text = malloc(strlen(r->text) + 1), place[32];
    enum crema_status status;

    ck_assert_ptr_nonnull(text);
    find_place(r->text, text, place);
    status = build(&t, text);
    ck_assert_msg(status == CREMA_EINVAL || status == CREMA_EUNSUPPORTED,
                  "accepted:\n%s", text);
    ck_assert_msg(!strncmp(t.ctx->message, place, strlen(place)) &&
                      strstr(t.ctx->message, r->message),
                  "should be %s %s\nis %s", place, r->message, t.ctx->message);
    close_all(&t);
    free(text);
}
END_TEST

/* A window that ends with the input is one, as it is in Caffe. */
START_TEST(accepted)
{
    static const char *const texts[] = {
        POOL("kernel_size: 7 stride: 7"),
        POOL("kernel_size: 2 torch_pooling: false engine: CAFFE"),
        CONV("num_output: 6 kernel_size: 3 relu: false bias_term: true"),
        X "layer { " ON_X("BatchNorm") "param { lr_mult: 0 } }",
    };
    struct trial t = { 0 };

    ck_assert_msg(build(&t, texts[_i]) == CREMA_OK, "%s", t.ctx->message);
    close_all(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("layer refusals");
    TCase *t = tcase_create("places");

    tcase_add_loop_test(t, refused, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(t, accepted, 0, 4);
    suite_add_tcase(s, t);
    return run_suite(s);
}
