/* unpool.c - what a pooling picked goes back to where it was.
 *
 *   unpool      Y[mask[i]] = X[i], 0 where no mask points; of several that
 *               point to one place the last counts
 *   unpool_bwd  dX[i] = dY[mask[i]] where X[i] is what came there, else 0
 *
 * All of it plane by plane.  ws, of Y's shape: which element of X's plane came
 * there, -1 where none did.
 */
#include "device/op.h"

struct crema_tensor *crema_unpool(struct crema_program *p, int64_t height,
                                  int64_t width, struct crema_tensor *x,
                                  struct crema_tensor *mask)
{
    struct crema_tensor *in[2] = { x, mask };
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];
    struct crema_shape y[2];
    struct crema_op *op;

    if (!x || !mask) return NULL;
    if (x->shape.ndims != 4 || !crema_shape_equal(&x->shape, &mask->shape))
        return crema_op_refuse(p,
                               "a blob of %s cannot go where a mask of %s "
                               "points; both must be N x C x H x W",
                               crema_shape_text(&x->shape, a),
                               crema_shape_text(&mask->shape, b));
    y[0] = x->shape;
    y[0].dim[2] = height;
    y[0].dim[3] = width;
    y[1] = y[0];
    op = crema_op_record(p, &crema_op_unpool, NULL, 2, in, 2, y);
    if (!op) return NULL;
    op->out[0]->needs_grad = x->needs_grad;
    op->out[1]->needs_grad = false;
    return op->out[0];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *in[3] = { op->out[0]->grad, op->in[1], op->out[1] };

    if (dx)
        crema_op_record_into(p, &crema_op_unpool_bwd, NULL, 3, in, 1, &dx, op);
}

/* ---- the definition --------------------------------------------------- */

static int64_t plane(const struct crema_tensor *t)
{
    return t->shape.dim[2] * t->shape.dim[3];
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    int64_t n = crema_shape_count(&op->in[0]->shape);
    int64_t m = crema_shape_count(&op->out[0]->shape);
    int64_t from = plane(op->in[0]), to = plane(op->out[0]);
    const float *x = crema_in(op, 0), *mask = crema_in(op, 1);
    float *y = crema_out(op, 0), *ws = crema_out(op, 1);

    for (int64_t j = 0; j < m; j++) {
        y[j] = 0;
        ws[j] = -1;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = i / from * to;

        if (mask[i] <= -1) continue; /* of a window without elements */
        if (!(mask[i] < (float)to))
            return crema_fail(ctx, CREMA_EINVAL,
                              "the mask points to element %g of planes of "
                              "%lld: give the size of what was pooled",
                              (double)mask[i], (long long)to);
        at += (int64_t)mask[i];
        y[at] = x[i];
        ws[at] = (float)(i % from);
    }
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    int64_t n = crema_shape_count(&op->out[0]->shape);
    int64_t from = plane(op->out[0]), to = plane(op->in[0]);
    const float *dy = crema_in(op, 0), *mask = crema_in(op, 1);
    const float *ws = crema_in(op, 2);
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = i / from * to + (int64_t)mask[i];

        dx[i] = mask[i] > -1 && ws[at] == (float)(i % from) ? dy[at] : 0;
    }
    return CREMA_OK;
}

/* x mask -> y ws */
const struct crema_op_type crema_op_unpool = {
    .name = "unpool",
    .workspace = 1,
    .gradient = gradient,
    .ref = ref,
};

/* dy mask ws -> dx */
const struct crema_op_type crema_op_unpool_bwd = {
    .name = "unpool_bwd",
    .ref = ref_bwd,
};
