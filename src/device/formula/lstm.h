/* lstm.h - one cell of an LSTM at one step, for gcc and nvcc alike. */
#ifndef CREMA_DEVICE_FORMULA_LSTM_H
#define CREMA_DEVICE_FORMULA_LSTM_H

#include "device/formula/unary.h"

#include <stdint.h>

/* The gates after their activations. */
struct crema_lstm_gates {
    float in, forget, out, cell;
};

/* gate: the four sums for input, forget, output and cell, `step` apart.  cont:
 * 0 where a sequence begins, and nothing is remembered. */
CREMA_FORMULA struct crema_lstm_gates crema_lstm_gates(const float *gate,
                                                       int64_t step, float cont)
{
    struct crema_lstm_gates g;

    g.in = crema_sigmoid_value(gate, gate[0]);
    g.forget = cont == 0 ? 0 : cont * crema_sigmoid_value(gate, gate[step]);
    g.out = crema_sigmoid_value(gate, gate[2 * step]);
    g.cell = tanhf(gate[3 * step]);
    return g;
}

/* c = forget c_prev + in cell, h = out tanh(c) */
CREMA_FORMULA void crema_lstm_cell(float c_prev, const float *gate,
                                   int64_t step, float cont, float *c, float *h)
{
    struct crema_lstm_gates g = crema_lstm_gates(gate, step, cont);

    *c = g.forget * c_prev + g.in * g.cell;
    *h = g.out * tanhf(*c);
}

/* From dL/dc and dL/dh to dL/dc_prev and dL/dgate. */
CREMA_FORMULA void crema_lstm_slope(float c_prev, const float *gate,
                                    int64_t step, float cont, float dc,
                                    float dh, float *dc_prev, float *dgate)
{
    struct crema_lstm_gates g = crema_lstm_gates(gate, step, cont);
    float t = tanhf(g.forget * c_prev + g.in * g.cell);
    float whole = dc + dh * g.out * (1 - t * t);

    *dc_prev = whole * g.forget;
    dgate[0] = whole * g.cell * g.in * (1 - g.in);
    dgate[step] = whole * c_prev * g.forget *
                  (1 - crema_sigmoid_value(gate, gate[step]));
    dgate[2 * step] = dh * t * g.out * (1 - g.out);
    dgate[3 * step] = whole * g.in * (1 - g.cell * g.cell);
}

#endif
