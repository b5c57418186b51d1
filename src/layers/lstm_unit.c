/* lstm_unit.c - one step of LSTM cells: c[1,N,H] and h[1,N,H] from
 * c_prev[1,N,H], the sums of the gates [1,N,4H], and cont[1,N]. */
#include "layers/layer.h"

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_shape *c = &l->bottom[0]->shape;
    const struct crema_shape *gates = &l->bottom[1]->shape;
    struct crema_program *p = l->program;
    struct crema_tensor *next[2];
    struct crema_shape flat;

    if (c->ndims != 3 || gates->ndims != 3 || c->dim[0] != 1 ||
        gates->dim[0] != 1)
        return crema_layer_fail(l, NULL,
                                "wants 1 x images x cells and 1 x images x 4 "
                                "cells");
    flat = CREMA_SHAPE(c->dim[1], c->dim[2]);
    crema_lstm_step(
        p, crema_view(p, &flat, l->bottom[0]),
        crema_view(p, &CREMA_SHAPE(gates->dim[1], gates->dim[2]), l->bottom[1]),
        crema_detach(p, l->bottom[2]), &next[0], &next[1]);
    for (int k = 0; k < 2; k++) l->top[k] = crema_view(p, c, next[k]);
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SEQUENCE,
    .line = "one step of LSTM cells, without weights",
    .text = "  i, f, o = sigmoid of gates 0, 1, 2;  g = tanh of gate 3\n"
            "  c = cont f c_prev + i g;   h = o tanh(c)",
    .bottoms = { { "c_prev", "1 x N x H" },
                 { "gates", "1 x N x 4H, in the order i, f, o, g" },
                 { "cont", "1 x N: 0 where a sequence begins, else 1" } },
    .tops = { { "c", "1 x N x H" }, { "h", "1 x N x H" } },
    .quirks =
        "Caffe uses it inside its LSTM layer; it is rarely written by hand.",
};

const struct crema_layer_type crema_layer_LSTMUnit = {
    .name = "LSTMUnit",
    .min_bottoms = 3,
    .max_bottoms = 3,
    .min_tops = 2,
    .max_tops = 2,
    .record = record,
    .doc = &doc,
};
