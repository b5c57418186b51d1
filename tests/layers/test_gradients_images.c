/* test_gradients_images.c - the layers that nets for images are made of:
 * convolution, pooling, normalization, inner product, softmax. */
#include "support/layer_cases.h"
#include "support/suite.h"

#include <check.h>

#define CONV(bottom, fields)                                                   \
    "layer { name: 'c' type: 'Convolution' bottom: '" bottom "' top: 'y' "     \
    "convolution_param { " fields " } }"
#define DECONV(fields)                                                         \
    "layer { name: 'c' type: 'Deconvolution' bottom: 'x' top: 'y' "            \
    "convolution_param { " fields " } }"
#define POOL(fields)                                                           \
    "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'y' pooling_param "    \
    "{ " fields " } }"
#define LOSS(rest)                                                             \
    "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' "   \
    "top: 'loss' " rest " }"

static const struct layer_case cases[] = {
    /* convolution */
    { "conv", "x:2,3,5,4", CONV("x", "num_output: 2 kernel_size: 3") },
    { "conv, stride and pad", "x:2,2,6,5",
      CONV("x", "num_output: 3 kernel_size: 3 stride: 2 pad: 1") },
    { "conv, groups", "x:1,4,4,4",
      CONV("x", "num_output: 6 kernel_size: 3 pad: 1 group: 2") },
    { "conv, depthwise", "x:2,3,4,4",
      CONV("x", "num_output: 3 kernel_size: 3 group: 3") },
    { "conv, dilation", "x:1,2,7,7",
      CONV("x", "num_output: 2 kernel_size: 3 dilation: 2 pad: 1") },
    { "conv, _h and _w", "x:1,2,6,7",
      CONV("x", "num_output: 2 kernel_h: 3 kernel_w: 2 stride_h: 2 "
                "stride_w: 1 pad_h: 0 pad_w: 1") },
    { "conv, no bias", "x:1,2,4,4",
      CONV("x", "num_output: 2 kernel_size: 2 bias_term: false") },
    { "conv, no spatial axis", "x:3,4",
      CONV("x", "num_output: 2 kernel_size: 1") },
    { "conv, 1-D", "x:2,3,7",
      CONV("x", "num_output: 2 kernel_size: 3 stride: 2 pad: 1") },
    { "conv, 3-D", "x:1,2,3,4,3",
      CONV("x", "num_output: 2 kernel_size: 2 kernel_size: 3 kernel_size: 2 "
                "pad: [0, 1, 1] stride: [1, 2, 1]") },
    { "conv, axis", "x:2,2,2,3,3",
      CONV("x", "num_output: 2 kernel_size: 2 axis: -3") },
    { "conv, two bottoms", "x:1,2,4,4 z:2,2,3,3",
      "layer { name: 'c' type: 'Convolution' bottom: 'x' bottom: 'z' top: 'y' "
      "top: 'v' convolution_param { num_output: 2 kernel_size: 2 } }" },
    { "conv, shared weights", "x:1,2,5,5",
      "layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'y' "
      "convolution_param { num_output: 2 kernel_size: 3 pad: 1 } "
      "param { name: 'w' } param { name: 'b' } }"
      "layer { name: 'b' type: 'Convolution' bottom: 'y' top: 'z' "
      "convolution_param { num_output: 2 kernel_size: 3 } "
      "param { name: 'w' } param { name: 'b' } }" },

    { "conv, as large as the bottom", "x:1,2,5,6",
      CONV("x", "num_output: 2 kernel_size: 4 pad_same: true") },
    { "conv, a stride's part of it", "x:1,2,7,8",
      CONV("x", "num_output: 2 kernel_size: 5 stride: 4 pad_same: true") },

    { "depthwise", "x:2,3,4,4",
      "layer { name: 'c' type: 'ConvolutionDepthwise' bottom: 'x' top: 'y' "
      "convolution_param { num_output: 6 kernel_size: 3 pad: 1 } }" },
    { "depthwise, with its groups", "x:2,3,4,4",
      "layer { name: 'c' type: 'DepthwiseConvolution' bottom: 'x' top: 'y' "
      "convolution_param { num_output: 3 kernel_size: 3 group: 3 } }" },

    /* deconvolution */
    { "deconv", "x:2,3,3,4", DECONV("num_output: 2 kernel_size: 3") },
    { "deconv, stride and pad", "x:1,2,3,4",
      DECONV("num_output: 3 kernel_size: 4 stride: 2 pad: 1") },
    { "deconv, groups, no bias", "x:1,4,3,3",
      DECONV("num_output: 6 kernel_size: 3 group: 2 bias_term: false") },
    { "deconv, dilation", "x:1,2,3,3",
      DECONV("num_output: 2 kernel_size: 2 dilation: 2") },
    { "deconv, 1-D", "x:2,3,4",
      DECONV("num_output: 2 kernel_size: 3 stride: 2 pad: 1") },
    { "deconv, 3-D", "x:1,2,2,3,2",
      DECONV("num_output: 2 kernel_size: 2 stride: [1, 2, 1]") },

    /* pooling */
    { "max", "x:2,2,6,6", POOL("kernel_size: 2 stride: 2") },
    { "max, overlapping, ceil", "x:1,2,6,6", POOL("kernel_size: 3 stride: 2") },
    { "max, floor", "x:1,2,6,6",
      POOL("kernel_size: 3 stride: 2 round_mode: FLOOR") },
    { "max, ceil_mode false", "x:1,2,6,6",
      POOL("kernel_size: 3 stride: 2 ceil_mode: false") },
    { "max, pad", "x:1,2,5,5", POOL("kernel_size: 3 stride: 2 pad: 1") },
    { "max, mask", "x:1,2,5,5",
      "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'y' top: 'mask' "
      "pooling_param { kernel_size: 3 stride: 2 } }" },
    { "max, windows without elements", "x:1,2,7,7",
      POOL("kernel_size: 2 stride: 4") },
    { "ave", "x:2,2,6,6", POOL("pool: AVE kernel_size: 2 stride: 2") },
    { "ave, pad, ceil", "x:1,2,6,6",
      POOL("pool: AVE kernel_size: 3 stride: 2 pad: 1") },
    { "ave, _h and _w", "x:1,2,6,5",
      POOL("pool: AVE kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2 "
           "pad_h: 1 pad_w: 0") },
    { "ave, global", "x:2,3,4,3", POOL("pool: AVE global_pooling: true") },

    /* normalization */
    { "lrn", "x:2,6,2,2",
      ONE("LRN", "lrn_param { local_size: 3 alpha: 0.7 k: 1.5 }") },
    { "lrn, wider than the channels", "x:1,3,2,2",
      ONE("LRN", "lrn_param { local_size: 9 alpha: 2 beta: 0.5 }") },
    { "lrn, within", "x:1,2,5,4",
      ONE("LRN", "lrn_param { local_size: 3 alpha: 0.9 "
                 "norm_region: WITHIN_CHANNEL }") },
    { "batch norm, train", "x:4,3,2,3", ONE("BatchNorm", "") },
    { "batch norm, train, 2 axes", "x:6,3", ONE("BatchNorm", "") },
    { "batch norm, train, 1 axis", "x:7", ONE("BatchNorm", "") },
    { "batch norm, scale_bias", "x:4,3,2,3",
      ONE("BatchNorm", "batch_norm_param { scale_bias: true scale_filler { "
                       "type: 'uniform' min: .5 max: 2 } }") },
    { "batch norm, scale by its filler", "x:4,3,2,3",
      ONE("BatchNorm", "batch_norm_param { bias_filler { value: 1 } }") },
    { "batch norm, relu", "x:3,3,2,2",
      ONE("BatchNorm", "batch_norm_param { relu: true }") },
    { "bn", "x:4,3,2,3",
      ONE("BN", "bn_param { slope_filler { type: 'uniform' min: .5 } }") },
    { "bn, frozen", "x:4,3,2,3",
      ONE("BN", "bn_param { frozen: true slope_filler { value: 2 } }") },
    { "bn, segnet", "x:4,3,2,3",
      ONE("BN", "bn_param { scale_filler { value: 2 } }") },
    { "bn, segnet, inference", "x:4,3,2,3",
      ONE("BN", "bn_param { bn_mode: INFERENCE scale_filler { value: 2 } }") },
    { "batch norm, global in train", "x:4,3,2,2",
      ONE("BatchNorm", "batch_norm_param { use_global_stats: true }") },
    { "batch norm, scale, relu, in place", "x:4,3,2,2",
      "layer { name: 'n' type: 'BatchNorm' bottom: 'x' top: 'y' }"
      "layer { name: 's' type: 'Scale' bottom: 'y' top: 'y' "
      "scale_param { bias_term: true } }"
      "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' }" },
    { "scale", "x:2,3,2,2", ONE("Scale", "") },
    { "scale, bias", "x:2,3,2,2",
      ONE("Scale", "scale_param { bias_term: true }") },
    { "scale, two axes", "x:2,3,4",
      ONE("Scale", "scale_param { axis: 0 num_axes: 2 bias_term: true }") },
    { "scale, all axes", "x:2,3,2",
      ONE("Scale", "scale_param { axis: 0 num_axes: -1 }") },
    { "scale, one number", "x:2,3,2",
      ONE("Scale", "scale_param { num_axes: 0 bias_term: true }") },
    { "scale, second bottom", "x:2,3,2 z:3,2",
      TWO("Scale", "scale_param { axis: 1 bias_term: true }") },

    /* fully connected */
    { "ip", "x:3,5",
      ONE("InnerProduct", "inner_product_param { "
                          "num_output: 4 }") },
    { "ip, image, no bias", "x:2,2,2,3",
      ONE("InnerProduct",
          "inner_product_param { num_output: 3 bias_term: false }") },
    { "ip, transposed", "x:3,5",
      ONE("InnerProduct", "inner_product_param { num_output: 4 "
                          "transpose: true }") },
    { "ip, axis", "x:2,3,4",
      ONE("InnerProduct", "inner_product_param { num_output: 2 axis: -1 }") },
    { "ip, shared weights, permissive", "x:2,3 z:2,3,1",
      "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y' "
      "inner_product_param { num_output: 2 } param { name: 'w' } }"
      "layer { name: 'b' type: 'InnerProduct' bottom: 'z' top: 'v' "
      "inner_product_param { num_output: 2 transpose: true } "
      "param { name: 'w' share_mode: PERMISSIVE } }" },

    /* classification */
    { "softmax", "x:3,5", ONE("Softmax", "") },
    { "softmax, axis", "x:3,2,4",
      ONE("Softmax", "softmax_param { axis: -1 }") },
    { "loss", "x:4,5 label:4", LOSS("") },
    { "loss, weight", "x:4,5 label:4", LOSS("loss_weight: 0.3") },
    { "loss, ignored label", "x:6,5 label:6",
      LOSS("loss_param { ignore_label: 1 }") },
    { "loss, full", "x:2,3,2,2 label:2,1,2,2",
      LOSS("loss_param { ignore_label: 1 normalization: FULL }") },
    { "loss, batch size", "x:2,3,2,2 label:2,2,2",
      LOSS("loss_param { normalization: BATCH_SIZE }") },
    { "stochastic pooling", "positive:2,2,5,5",
      "layer { name: 'l' type: 'Pooling' bottom: 'positive' top: 'y' "
      "pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 } }" },
    { "loss, none", "x:3,4 label:3",
      LOSS("loss_param { normalization: NONE }") },
    { "loss, normalize false", "x:2,3,4 label:2,4",
      LOSS("loss_param { normalize: false }") },
    { "loss, axis, with its softmax", "x:2,2,4 label:2,2",
      "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' "
      "top: 'loss' top: 'prob' softmax_param { axis: 2 } "
      "loss_weight: 2 loss_weight: 0 }" },
    { "a small net", "x:2,2,6,6 label:2",
      "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' "
      "convolution_param { num_output: 4 kernel_size: 3 } }"
      "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' "
      "relu_param { negative_slope: 0.2 } }"
      "layer { name: 'n' type: 'LRN' bottom: 'c' top: 'n' "
      "lrn_param { local_size: 3 alpha: 0.5 } }"
      "layer { name: 'p' type: 'Pooling' bottom: 'n' top: 'p' "
      "pooling_param { pool: AVE kernel_size: 2 stride: 2 } }"
      "layer { name: 'd' type: 'Dropout' bottom: 'p' top: 'p' }"
      "layer { name: 'i' type: 'InnerProduct' bottom: 'p' top: 'i' "
      "inner_product_param { num_output: 3 } }"
      "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'i' bottom: 'label' "
      "top: 'loss' }"
      "layer { name: 'a' type: 'Accuracy' bottom: 'i' bottom: 'label' "
      "top: 'accuracy' }" },
};

static const struct layer_case test_cases[] = {
    { "batch norm, test", "x:4,3,2,2", ONE("BatchNorm", "") },
    { "batch norm of the batch, test", "x:4,3,2,2",
      ONE("BatchNorm", "batch_norm_param { use_global_stats: false }") },
    { "stochastic pooling, test", "positive:2,2,5,5",
      "layer { name: 'l' type: 'Pooling' bottom: 'positive' top: 'y' "
      "pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 } }" },
    { "batch norm, scale_bias, test", "x:4,3,2,2",
      ONE("BatchNorm", "batch_norm_param { scale_bias: true }") },
    { "bn, test", "x:4,3,2,2",
      ONE("BN", "bn_param { slope_filler { value: 1 } }") },
    { "bn, segnet, test", "x:4,3,2,3",
      ONE("BN", "bn_param { bn_mode: LEARN scale_filler { value: 2 } }") },
    { "dropout, test", "x:2,5", ONE("Dropout", "") },
    { "dropout, scaled in test", "x:2,5",
      ONE("Dropout", "dropout_param { scale_train: false }") },
};

START_TEST(in_train)
{
    const struct layer_case *c = &cases[_i];

    gradient_check_layers(c->title, c->inputs, c->layers, true);
}
END_TEST

START_TEST(in_test)
{
    const struct layer_case *c = &test_cases[_i];

    gradient_check_layers(c->title, c->inputs, c->layers, false);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gradients, images");
    TCase *t = tcase_create("ref");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, in_train, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(t, in_test, 0, sizeof test_cases / sizeof *test_cases);
    suite_add_tcase(s, t);
    return run_suite(s);
}
