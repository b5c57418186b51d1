/* test_gradients_detection.c - layers of the detection forks. */
#include "support/layer_cases.h"

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
};

int main(void)
{
    return run_layer_cases("gradients of detection layers", cases,
                           sizeof cases / sizeof *cases);
}
