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
};
