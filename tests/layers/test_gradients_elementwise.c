/* test_gradients_elementwise.c - layers that treat each element by itself. */
#include "support/layer_cases.h"

static const struct layer_case cases[] = {
    { "relu", "x:3,7", ONE("ReLU", "") },
    { "relu, leaky", "x:3,7",
      ONE("ReLU", "relu_param { negative_slope: .1 }") },
    { "relu, slope below 0", "x:3,7",
      ONE("ReLU", "relu_param { negative_slope: -0.5 }") },
    { "sigmoid", "x:3,7", ONE("Sigmoid", "") },
    { "tanh", "x:3,7", ONE("TanH", "") },
    { "dropout", "x:4,9",
      ONE("Dropout", "dropout_param { dropout_ratio: .3 }") },
    { "dropout, not scaled", "x:4,9",
      ONE("Dropout", "dropout_param { scale_train: false }") },
    { "sum", "x:3,4 z:3,4", TWO("Eltwise", "") },
    { "difference", "x:3,4 z:3,4",
      TWO("Eltwise", "eltwise_param { coeff: 1 coeff: -1.5 }") },
    { "product", "x:3,4 z:3,4",
      TWO("Eltwise", "eltwise_param { operation: PROD }") },
    { "product of three, unstable", "x:3,4 positive:3,4",
      "layer { name: 'l' type: 'Eltwise' bottom: 'positive' bottom: 'x' "
      "bottom: 'positive' top: 'y' "
      "eltwise_param { operation: PROD stable_prod_grad: false } }" },
    { "maximum", "x:3,9 z:3,9 v:3,9",
      "layer { name: 'l' type: 'Eltwise' bottom: 'x' bottom: 'z' bottom: 'v' "
      "top: 'y' eltwise_param { operation: MAX } }" },
    { "a blob read by several", "x:2,3",
      "layer { name: 'a' type: 'Sigmoid' bottom: 'x' top: 'y' }"
      "layer { name: 'b' type: 'TanH' bottom: 'y' top: 'z' }"
      "layer { name: 'c' type: 'Eltwise' bottom: 'y' bottom: 'x' bottom: 'y' "
      "bottom: 'z' top: 'v' eltwise_param { coeff: [1, 2, 3, 4] } }" },

    { "in place over in place", "x:3,5",
      "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'a' "
      "inner_product_param { num_output: 6 } }"
      "layer { name: 'r' type: 'ReLU' bottom: 'a' top: 'a' "
      "relu_param { negative_slope: 0.2 } }"
      "layer { name: 's' type: 'Sigmoid' bottom: 'a' top: 'a' }"
      "layer { name: 't' type: 'TanH' bottom: 'a' top: 'a' }" },

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
