/* test_gradients_shapes.c - layers that move numbers, or sum them. */
#include "support/layer_cases.h"

static const struct layer_case cases[] = {
    /* moved */
    { "concat", "x:2,3,2 z:2,1,2", TWO("Concat", "") },
    { "concat, axis 0", "x:2,3 z:1,3",
      TWO("Concat", "concat_param { concat_dim: 0 }") },
    { "concat, one", "x:2,3", ONE("Concat", "") },
    { "split", "x:2,3",
      "layer { name: 's' type: 'Split' bottom: 'x' top: 'y' top: 'z' }"
      "layer { name: 't' type: 'TanH' bottom: 'z' top: 'v' }" },
    { "flatten", "x:2,3,2,2",
      ONE("Flatten", "flatten_param { axis: 1 end_axis: -2 }") },
    { "slice", "x:2,6,2",
      "layer { name: 'l' type: 'Slice' bottom: 'x' top: 'y' top: 'z' top: 'v' "
      "}" },
    { "slice, at points", "x:2,2,5",
      "layer { name: 'l' type: 'Slice' bottom: 'x' top: 'y' top: 'z' "
      "slice_param { axis: -1 slice_point: 2 } }" },
    { "slice, slice_dim, one part without use", "x:4,3",
      "layer { name: 'l' type: 'Slice' bottom: 'x' top: 'y' top: 'z' "
      "slice_param { slice_dim: 0 slice_point: 1 } }"
      "layer { name: 's' type: 'Silence' bottom: 'z' }" },
    { "slice, one", "x:2,3", ONE("Slice", "") },
    { "reshape", "x:2,3,4",
      ONE("Reshape", "reshape_param { shape { dim: [0, 2, -1] } }") },
    { "reshape, some axes", "x:2,3,4",
      ONE("Reshape", "reshape_param { shape { dim: [2, 2] } axis: 2 "
                     "num_axes: 1 }") },
    { "reshape, appended", "x:2,3",
      ONE("Reshape", "reshape_param { shape { dim: 1 } axis: -1 }") },
    { "tile", "x:2,3,2", ONE("Tile", "tile_param { tiles: 3 }") },
    { "tile, last axis", "x:2,3",
      ONE("Tile", "tile_param { axis: -1 tiles: 2 }") },
    { "crop", "x:2,3,5,6 z:1,1,3,2",
      TWO("Crop", "crop_param { offset: 1 offset: 3 }") },
    { "crop, channels", "x:2,4,3 z:2,2,2",
      TWO("Crop", "crop_param { axis: 1 offset: 1 }") },
    { "permute", "x:2,3,4,5",
      ONE("Permute", "permute_param { order: [0, 2, 3, 1] }") },
    { "permute, first named", "x:2,3,4",
      ONE("Permute", "permute_param { order: 2 }") },
    { "shuffle channel", "x:2,6,2,3",
      ONE("ShuffleChannel", "shuffle_channel_param { group: 3 }") },

    { "batch reindex", "x:3,2,2 label:5",
      "layer { name: 'l' type: 'BatchReindex' bottom: 'x' bottom: 'label' "
      "top: 'y' }" },
    { "embed", "label:2,3",
      "layer { name: 'l' type: 'Embed' bottom: 'label' top: 'y' "
      "embed_param { num_output: 4 input_dim: 5 } }" },
    { "embed, no bias", "label:4",
      "layer { name: 'l' type: 'Embed' bottom: 'label' top: 'y' "
      "embed_param { num_output: 2 input_dim: 3 bias_term: false } }" },
    { "spp", "x:1,2,5,7", ONE("SPP", "spp_param { pyramid_height: 2 }") },
    { "spp, averages", "x:1,2,6,4",
      ONE("SPP", "spp_param { pyramid_height: 2 pool: AVE }") },

    { "im2col", "x:2,2,4,5",
      ONE("Im2col", "convolution_param { kernel_size: 3 stride: 2 pad: 1 }") },
    { "im2col, 1-D, dilated", "x:2,2,6",
      ONE("Im2col", "convolution_param { kernel_size: 2 dilation: 2 }") },
    { "im2col, 3-D", "x:1,2,3,3,2",
      ONE("Im2col", "convolution_param { kernel_size: 2 }") },

    /* resized, put back */
    { "interp", "x:2,2,3,4", ONE("Interp", "interp_param { height: 5 width: 7 }") },
    { "interp, zoom", "x:1,2,3,2", ONE("Interp", "interp_param { zoom_factor: 3 }") },
    { "interp, shrink", "x:1,2,7,6",
      ONE("Interp", "interp_param { shrink_factor: 2 }") },
    { "interp, both, cropped", "x:1,1,9,8",
      ONE("Interp", "interp_param { shrink_factor: 3 zoom_factor: 2 "
                    "pad_beg: -1 pad_end: -2 }") },
    { "interp, to one", "x:1,2,3,3", ONE("Interp", "interp_param { height: 1 width: 4 }") },
    { "upsample", "x:2,2,4,6",
      "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'q' top: 'm' "
      "pooling_param { kernel_size: 2 stride: 2 } }"
      "layer { name: 'l' type: 'Upsample' bottom: 'q' bottom: 'm' top: 'y' }" },
    { "upsample, odd", "x:2,2,5,7",
      "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'q' top: 'm' "
      "pooling_param { kernel_size: 2 stride: 2 } }"
      "layer { name: 'l' type: 'Upsample' bottom: 'q' bottom: 'm' top: 'y' "
      "upsample_param { pad_out_h: true pad_out_w: true } }" },
    { "upsample, shared maxima", "x:1,2,5,7",
      "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'q' top: 'm' "
      "pooling_param { kernel_size: 3 stride: 1 } }"
      "layer { name: 'l' type: 'Upsample' bottom: 'q' bottom: 'm' top: 'y' "
      "upsample_param { upsample_h: 5 upsample_w: 7 } }" },
    { "upsample, squares", "x:2,2,3,2",
      ONE("Upsample", "upsample_param { scale_h: 2 scale_w: 3 }") },
    { "reorg", "x:2,4,4,6", ONE("Reorg", "reorg_param { stride: 2 }") },
    { "reorg, reverse", "x:2,4,2,3",
      ONE("Reorg", "reorg_param { stride: 2 reverse: true }") },
    { "crop center", "x:2,3,5,6",
      ONE("CropCenter", "crop_center_param { crop_size: [0, 1, 2, 1] }") },
    { "spatial dropout", "x:4,6,2", ONE("SpatialDropout", "") },

    /* added to, scaled */
    { "bias", "x:2,3,2", ONE("Bias", "") },
    { "bias, all axes", "x:2,3,2",
      ONE("Bias", "bias_param { axis: 0 num_axes: -1 }") },
    { "bias, second bottom", "x:2,3,2 z:3,2", TWO("Bias", "") },
    { "axpy", "a:2,3,1,1 x:2,3,2,2 z:2,3,2,2",
      "layer { name: 'l' type: 'Axpy' bottom: 'a' bottom: 'x' bottom: 'z' "
      "top: 'y' }" },
    { "parameter", "x:2,3",
      "layer { name: 'p' type: 'Parameter' top: 'w' "
      "parameter_param { shape { dim: [2, 3] } } }"
      "layer { name: 'l' type: 'Eltwise' bottom: 'x' bottom: 'w' top: 'y' "
      "eltwise_param { operation: PROD } }" },

    /* summed */
    { "reduction", "x:2,3,4", ONE("Reduction", "") },
    { "reduction, asum", "x:2,3,4",
      ONE("Reduction", "reduction_param { operation: ASUM axis: 1 }") },
    { "reduction, sumsq", "x:2,3,4",
      ONE("Reduction",
          "reduction_param { operation: SUMSQ axis: -1 coeff: -2 }") },
    { "reduction, mean", "x:2,3,4",
      ONE("Reduction", "reduction_param { operation: MEAN axis: 1 }") },
    { "mvn", "x:2,3,3,2", ONE("MVN", "") },
    { "mvn, across channels", "x:2,3,2,2",
      ONE("MVN", "mvn_param { across_channels: true }") },
    { "mvn, mean only", "x:2,3,2,2",
      ONE("MVN", "mvn_param { normalize_variance: false }") },
};

int main(void)
{
    return run_layer_cases("gradients, numbers moved and summed", cases,
                           sizeof cases / sizeof *cases);
}
