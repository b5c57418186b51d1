/* layer_cases.h - tables of layers whose gradients are checked on ref. */
#ifndef CREMA_TESTS_LAYER_CASES_H
#define CREMA_TESTS_LAYER_CASES_H

#include "support/gradient.h"

/* inputs: "x:2,3 label:2", as gradient_check_layers has them; layers: prototxt
 * that reads them. */
struct layer_case {
    const char *title, *inputs, *layers;
};

/* A layer "l" from x, or from x and z, to y. */
#define ONE(type, rest)                                                        \
    "layer { name: 'l' type: '" type "' bottom: 'x' top: 'y' " rest " }"
#define TWO(type, rest)                                                        \
    "layer { name: 'l' type: '" type                                           \
    "' bottom: 'x' bottom: 'z' top: 'y' " rest " }"

/* main() of a test that checks the gradients of n cases in TRAIN. */
int run_layer_cases(const char *suite, const struct layer_case *, int n);

#endif
