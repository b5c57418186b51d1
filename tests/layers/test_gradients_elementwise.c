/* test_gradients_elementwise.c - layers that treat each element by itself. */
#include "support/layer_cases.h"

static const struct layer_case cases[] = {
    { "absval", "x:3,7", ONE("AbsVal", "") },
    { "bnll", "x:3,7", ONE("BNLL", "") },
    { "clip", "x:3,7", ONE("Clip", "clip_param { min: -.4 max: .3 }") },
    { "elu", "x:3,7", ONE("ELU", "elu_param { alpha: .5 }") },
    { "elu, alpha below 0", "x:3,7", ONE("ELU", "elu_param { alpha: -.5 }") },
    { "elu, lambda", "x:3,7", ONE("ELU", "elu_param { lambda: 1.5 }") },
    { "selu", "x:3,7", ONE("SeLu", "") },
    { "exp", "x:3,7", ONE("Exp", "") },
    { "exp, base", "x:3,7",
      ONE("Exp", "exp_param { base: 2 scale: .7 shift: .5 }") },
    { "log", "positive:3,7",
      "layer { name: 'l' type: 'Log' bottom: 'positive' top: 'y' }" },
    { "log, base", "positive:3,7",
      "layer { name: 'l' type: 'Log' bottom: 'positive' top: 'y' "
      "log_param { base: 2 scale: 1.5 shift: .5 } }" },
    { "power", "positive:3,7",
      "layer { name: 'l' type: 'Power' bottom: 'positive' top: 'y' "
      "power_param { power: 1.5 scale: 2 shift: .5 } }" },
    { "power, no shift", "positive:3,7",
      "layer { name: 'l' type: 'Power' bottom: 'positive' top: 'y' "
      "power_param { power: 3 scale: .5 } }" },
    { "power, square", "x:3,7",
      ONE("Power", "power_param { power: 2 scale: 2 shift: 1 }") },
    { "power, scale 0", "x:3,7",
      ONE("Power", "power_param { power: 2 scale: 0 shift: 1 }") },
    { "prelu", "x:2,3,4", ONE("PReLU", "") },
    { "prelu, shared", "x:2,3,4",
      ONE("PReLU", "prelu_param { channel_shared: true }") },
    { "relu6", "x:3,7",
      "layer { name: 'p' type: 'Power' bottom: 'x' top: 'v' "
      "power_param { scale: 9 } }"
      "layer { name: 'l' type: 'ReLU6' bottom: 'v' top: 'y' }" },
    { "swish", "x:3,7", ONE("Swish", "swish_param { beta: 1.5 }") },
    { "in place", "x:3,7",
      "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'a' "
      "inner_product_param { num_output: 6 } }"
      "layer { name: 'e' type: 'ELU' bottom: 'a' top: 'a' }"
      "layer { name: 'b' type: 'BNLL' bottom: 'a' top: 'a' }"
      "layer { name: 'p' type: 'Power' bottom: 'a' top: 'a' "
      "power_param { power: -1 shift: 2 } }"
      "layer { name: 'c' type: 'Clip' bottom: 'a' top: 'a' "
      "clip_param { min: .1 max: .37 } }" },
};

int main(void)
{
    return run_layer_cases("gradients, element by element", cases,
                           sizeof cases / sizeof *cases);
}
