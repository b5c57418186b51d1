/* rnn.c - a plain recurrent layer over T steps.
 *
 *   h = tanh(W_x X + b + [W_s S] + W_h (cont h)),  y = tanh(W_y h + b_y)
 *
 * Weights: W_x[H,D], b[H], [W_s[H,S]], W_h[H,H], W_y[H,H], b_y[H].
 */
#include "layers/recurrent.h"

static enum crema_status walk(struct crema_walk *w, struct crema_tensor **y)
{
    struct crema_program *p = w->layer->program;
    struct crema_tensor **sums = crema_walk_inputs(w, w->hidden);
    struct crema_tensor *wh = crema_walk_weight(w, w->hidden, w->hidden);
    struct crema_tensor *wy = crema_walk_weight(w, w->hidden, w->hidden);
    struct crema_tensor *by = crema_walk_bias(w, w->hidden);
    struct crema_tensor *h = w->state[0];

    if (!sums) return crema_no_memory(w->layer->ctx, w->layer->param->name);
    for (int64_t t = 0; t < w->steps; t++) {
        struct crema_tensor *pair[2] = {
            sums[t], crema_inner_product(p, false, crema_walk_continue(w, t, h),
                                         wh, NULL)
        };

        h = crema_unary(p, CREMA_UNARY_tanh, NULL, crema_sum(p, 2, pair, NULL));
        y[t] = crema_unary(p, CREMA_UNARY_tanh, NULL,
                           crema_inner_product(p, false, h, wy, by));
    }
    w->state[0] = h;
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    return crema_recurrent_record(l, 1, walk);
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SEQUENCE,
    .line = "plain recurrent network over T steps",
    .text = "  h = tanh(W_x x[t] + b + [W_s x_static] + W_h (cont[t] h))\n"
            "  y[t] = tanh(W_y h + b_y)\n\n"
            "Weights, H being num_output: W_x H x D, b H, [W_s H x S], W_h H x "
            "H, W_y H x H, b_y H.",
    .bottoms = { { "x", "T x N x any axes: step t of N sequences" },
                 { "cont", "T x N: 0 where a sequence begins, else 1" },
                 { "x_static",
                   "optional, N x any axes: the same for all steps" },
                 { "h_0", "optional, with expose_hidden: 1 x N x H, the state "
                          "to begin with" } },
    .tops = { { "y", "T x N x num_output" },
              { "h_T", "optional, with expose_hidden: 1 x N x H" } },
    .params = { &crema_recurrent_param_doc },
    .quirks =
        "Between passes h is carried on; see LSTM. With expose_hidden no "
        "gradient goes to h_0, and one given to h_T is ignored, as in Caffe.",
    .example = "recurrent_param {\n"
               "  num_output: 256\n"
               "  weight_filler { type: \"uniform\" min: -0.08 max: 0.08 }\n"
               "}",
};

const struct crema_layer_type crema_layer_RNN = {
    .name = "RNN",
    .min_bottoms = 2,
    .max_bottoms = 4,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct crema_recurrent),
    .setup = crema_recurrent_setup,
    .record = record,
    .free = crema_recurrent_free,
    .carried = crema_recurrent_carried,
    .doc = &doc,
};
