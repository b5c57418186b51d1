/* lstm.c - one step of a layer of LSTM cells; mathematics: formula/lstm.h.
 *
 *   lstm      c[N,H] h[N,H] from c_prev[N,H], gates[N,4H], cont[N]
 *   lstm_bwd  dc_prev dgates from the same and dc, dh
 */
#include "device/formula/lstm.h"

#include "device/op.h"

void crema_lstm_step(struct crema_program *p, struct crema_tensor *c_prev,
                     struct crema_tensor *gates, struct crema_tensor *cont,
                     struct crema_tensor **c, struct crema_tensor **h)
{
    struct crema_tensor *in[3] = { c_prev, gates, cont };
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];
    struct crema_shape shapes[2];
    struct crema_op *op;

    *c = *h = NULL;
    if (!c_prev || !gates || !cont) return;
    if (gates->shape.ndims != 2 || c_prev->shape.ndims != 2 ||
        gates->shape.dim[0] != c_prev->shape.dim[0] ||
        gates->shape.dim[1] != 4 * c_prev->shape.dim[1] ||
        crema_shape_count(&cont->shape) != c_prev->shape.dim[0]) {
        crema_op_refuse(p, "gates of %s do not fit cells of %s",
                        crema_shape_text(&gates->shape, a),
                        crema_shape_text(&c_prev->shape, b));
        return;
    }
    shapes[0] = shapes[1] = c_prev->shape;
    op = crema_op_record(p, &crema_op_lstm, NULL, 3, in, 2, shapes);
    if (!op) return;
    *c = op->out[0];
    *h = op->out[1];
    (*c)->needs_grad = (*h)->needs_grad =
        c_prev->needs_grad || gates->needs_grad;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[5] = { op->in[0], op->in[1], op->in[2],
                                   op->out[0]->grad, op->out[1]->grad };
    struct crema_tensor *d[2] = { crema_grad_part(p, op->in[0]),
                                  crema_grad_part(p, op->in[1]) };

    if (d[0] || d[1])
        crema_op_record_into(p, &crema_op_lstm_bwd, NULL, 5, in, 2, d, op);
}

/* ---- the definition --------------------------------------------------- */

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    int64_t n = op->in[0]->shape.dim[0], h = op->in[0]->shape.dim[1];
    const float *gates = crema_in(op, 1), *cont = crema_in(op, 2);

    (void)ctx;
    for (int64_t i = 0; i < n * h; i++)
        crema_lstm_cell(crema_in(op, 0)[i], gates + i / h * 4 * h + i % h, h,
                        cont[i / h], crema_out(op, 0) + i,
                        crema_out(op, 1) + i);
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    int64_t n = op->in[0]->shape.dim[0], h = op->in[0]->shape.dim[1];
    const float *dc = crema_in(op, 3), *dh = crema_in(op, 4);
    float *dc_prev = crema_out(op, 0), *dgates = crema_out(op, 1);

    (void)ctx;
    for (int64_t i = 0; i < n * h; i++) {
        int64_t at = i / h * 4 * h + i % h;
        float before, gate[4];

        crema_lstm_slope(crema_in(op, 0)[i],
                         (const float[]){ crema_in(op, 1)[at],
                                          crema_in(op, 1)[at + h],
                                          crema_in(op, 1)[at + 2 * h],
                                          crema_in(op, 1)[at + 3 * h] },
                         1, crema_in(op, 2)[i / h], dc ? dc[i] : 0,
                         dh ? dh[i] : 0, &before, gate);
        if (dc_prev) dc_prev[i] = before;
        for (int k = 0; k < 4 && dgates; k++) dgates[at + k * h] = gate[k];
    }
    return CREMA_OK;
}

/* c_prev gates cont -> c h */
const struct crema_op_type crema_op_lstm = {
    .name = "lstm",
    .gradient = gradient,
    .ref = ref,
};

/* c_prev gates cont [dc] [dh] -> [dc_prev] [dgates] */
const struct crema_op_type crema_op_lstm_bwd = {
    .name = "lstm_bwd",
    .ref = ref_bwd,
};
