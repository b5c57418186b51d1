/* lstm.c - a layer of long short-term memory over T steps.
 *
 *   gates = W_x X + b + [W_s S] + W_h (cont h),  c and h as in formula/lstm.h
 *
 * Weights: W_x[4H,D], b[4H], [W_s[4H,S]], W_h[4H,H].
 */
#include "layers/recurrent.h"

static enum crema_status walk(struct crema_walk *w, struct crema_tensor **h)
{
    struct crema_program *p = w->layer->program;
    struct crema_tensor **gates = crema_walk_inputs(w, 4 * w->hidden);
    struct crema_tensor *wh = crema_walk_weight(w, 4 * w->hidden, w->hidden);
    struct crema_tensor *state[2] = { w->state[0], w->state[1] }; /* h, c */

    if (!gates) return crema_no_memory(w->layer->ctx, w->layer->param->name);
    for (int64_t t = 0; t < w->steps; t++) {
        struct crema_tensor *pair[2] = {
            gates[t],
            crema_inner_product(p, false, crema_walk_continue(w, t, state[0]),
                                wh, NULL)
        };

        crema_lstm_step(p, state[1], crema_sum(p, 2, pair, NULL), w->cont[t],
                        &state[1], &state[0]);
        h[t] = state[0];
    }
    w->state[0] = state[0];
    w->state[1] = state[1];
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    return crema_recurrent_record(l, 2, walk);
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SEQUENCE,
    .line = "long short-term memory over T steps",
    .text = "  gates = W_x x[t] + b + [W_s x_static] + W_h (cont[t] h)\n"
            "  i, f, o = sigmoid of gates 0, 1, 2;  g = tanh of gate 3\n"
            "  c = cont[t] f c + i g;   h = o tanh(c);   y[t] = h\n\n"
            "Weights, H being num_output: W_x 4H x D, b 4H, [W_s 4H x S], W_h "
            "4H x H, gates in the order i, f, o, g.",
    .bottoms = { { "x", "T x N x any axes: step t of N sequences" },
                 { "cont", "T x N: 0 where a sequence begins, else 1" },
                 { "x_static",
                   "optional, N x any axes: the same for all steps" },
                 { "h_0", "optional, with expose_hidden: 1 x N x H, the state "
                          "to begin with" },
                 { "c_0", "optional, with expose_hidden: likewise" } },
    .tops = { { "y", "T x N x num_output" },
              { "h_T", "optional, with expose_hidden: 1 x N x H" },
              { "c_T", "optional, with expose_hidden: likewise" } },
    .params = { &crema_recurrent_param_doc },
    .quirks = "Between passes h and c are carried on, cont decides whether "
              "they count; they are in no snapshot and begin at zero. With "
              "expose_hidden no gradient goes to h_0 and c_0, and one given to "
              "h_T and c_T is ignored, as in Caffe.",
    .example = "recurrent_param {\n"
               "  num_output: 256\n"
               "  weight_filler { type: \"uniform\" min: -0.08 max: 0.08 }\n"
               "}",
};

const struct crema_layer_type crema_layer_LSTM = {
    .name = "LSTM",
    .min_bottoms = 2,
    .max_bottoms = 5,
    .min_tops = 1,
    .max_tops = 3,
    .state_size = sizeof(struct crema_recurrent),
    .setup = crema_recurrent_setup,
    .record = record,
    .free = crema_recurrent_free,
    .carried = crema_recurrent_carried,
    .doc = &doc,
};
