/* local_rate.c - the factor that a weight's own rate is of the common one:
 * formula/local_rate.h.
 */
#include "device/ops/params.h"

/* Scalar sum of a b. */
static struct crema_tensor *dot(struct crema_program *p, struct crema_tensor *a,
                                struct crema_tensor *b)
{
    struct crema_tensor *in[2] = { a, b };

    return crema_reduce(p, CREMA_REDUCE_SUM, 1, 0, a->shape.ndims,
                        crema_product(p, 2, in, true));
}

struct crema_tensor *
crema_local_rate(struct crema_program *p, const struct crema_local_rate *l,
                 struct crema_tensor *w, struct crema_tensor *dw,
                 struct crema_tensor *h, struct crema_tensor *correlation,
                 struct crema_tensor *clip)
{
    struct crema_tensor *in[7] = { NULL };
    const struct crema_shape scalar = { 0 };
    struct crema_op *op;

    if (!w || !dw) return NULL;
    in[0] = crema_square_sum(p, 1, &w);
    in[1] = crema_square_sum(p, 1, &dw);
    if (h && correlation) {
        in[2] = crema_square_sum(p, 1, &h);
        in[3] = dot(p, dw, h);
        in[4] = correlation;
    }
    in[5] = p->rate;
    in[6] = clip;
    op = crema_op_record(p, &crema_op_local_rate, l, 7, in, 1, &scalar);
    return op ? op->out[0] : NULL;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_rates *rates = op->in[5]->data;
    struct crema_local_sums sums = { .w = *crema_in(op, 0),
                                     .dw = *crema_in(op, 1),
                                     .directed = op->in[4] != NULL };

    (void)ctx;
    if (sums.directed) {
        sums.h = *crema_in(op, 2);
        sums.dw_h = *crema_in(op, 3);
    }
    *crema_out(op, 0) = crema_local_rate_now(
        op->params, &sums, op->in[6] ? *crema_in(op, 6) : 1.0f, rates->rate,
        rates->momentum, op->in[4] ? op->in[4]->data : NULL);
    return CREMA_OK;
}

/* w2 dw2 [h2 dw.h correlation!] rates [clip] -> factor; scalars, rates aside */
const struct crema_op_type crema_op_local_rate = {
    .name = "local_rate",
    .params_size = sizeof(struct crema_local_rate),
    .mutates = 1u << 4,
    .ref = ref,
};
