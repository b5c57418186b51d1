/* test_gradients_recurrent.c - layers that walk through time. */
#include "support/layer_cases.h"

/* What is not 0 in `label` lets the state go on. */
#define WALK(type, bottoms, fields)                                            \
    "layer { name: 'l' type: '" type "' bottom: 'x' " bottoms " top: 'y' "     \
    "recurrent_param { num_output: 3 " fields " } }"
#define EXPOSED "bottom: 'labelc' bottom: 'labelh' bottom: 'labelm'"

static const struct layer_case cases[] = {
    { "lstm, exposed", "x:3,2,4 labelc:3,2 labelh:1,2,3 labelm:1,2,3",
      WALK("LSTM", EXPOSED, "expose_hidden: true") },
    { "lstm, exposed, static",
      "x:2,2,2,2 labelc:2,2 z:2,2,3 labelh:1,2,3 labelm:1,2,3",
      WALK("LSTM",
           "bottom: 'labelc' bottom: 'z' bottom: 'labelh' "
           "bottom: 'labelm'",
           "expose_hidden: true") },
    { "rnn, exposed", "x:3,2,4 labelc:3,2 labelh:1,2,3",
      WALK("RNN", "bottom: 'labelc' bottom: 'labelh'", "expose_hidden: true") },
    { "lstm unit", "x:1,2,3 z:1,2,12 labelc:1,2",
      "layer { name: 'l' type: 'LSTMUnit' bottom: 'x' bottom: 'z' "
      "bottom: 'labelc' top: 'y' top: 'v' }" },
};

int main(void)
{
    return run_layer_cases("gradients through time", cases,
                           sizeof cases / sizeof *cases);
}
