/* join.c - tensors side by side along an axis, and apart again.
 *
 *   concat  Y = X[0], X[1], ... along the axis;  the gradient slices dY
 *   slice   Y[0], Y[1], ... = X;  the gradient concatenates the dY[i]
 */
#include "device/ops/params.h"

#include <string.h>

static bool has_axis(struct crema_program *p, const struct crema_tensor *x,
                     int axis)
{
    char text[CREMA_SHAPE_TEXT];

    if (axis >= 0 && axis < x->shape.ndims) return true;
    crema_op_refuse(p, "a blob of %s has no axis %d",
                    crema_shape_text(&x->shape, text), axis);
    return false;
}

struct crema_tensor *crema_concat(struct crema_program *p, int axis, int n,
                                  struct crema_tensor *const *x)
{
    struct crema_along params = { axis };
    struct crema_shape y, other;
    struct crema_op *op;
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];

    if (n < 1 || !x[0] || !has_axis(p, x[0], axis)) return NULL;
    if (n == 1) return x[0];
    y = x[0]->shape;
    for (int i = 1; i < n; i++) {
        if (!x[i]) return NULL;
        other = x[i]->shape;
        if (other.ndims == y.ndims) other.dim[axis] = x[0]->shape.dim[axis];
        if (!crema_shape_equal(&other, &x[0]->shape))
            return crema_op_refuse(
                p, "blobs of %s and %s differ in more than axis %d",
                crema_shape_text(&x[0]->shape, a),
                crema_shape_text(&x[i]->shape, b), axis);
        y.dim[axis] += x[i]->shape.dim[axis];
    }
    op = crema_op_record(p, &crema_op_concat, &params, n, x, 1, &y);
    return op ? op->out[0] : NULL;
}

void crema_slice(struct crema_program *p, int axis, struct crema_tensor *x,
                 int n, const int64_t *size, struct crema_tensor **y)
{
    struct crema_along params = { axis };
    struct crema_shape shapes[CREMA_MAX_PORTS];
    struct crema_op *op;
    int64_t sum = 0;

    for (int i = 0; i < n; i++) y[i] = NULL;
    if (!x || !has_axis(p, x, axis)) return;
    if (n < 1 || n > CREMA_MAX_PORTS) {
        crema_op_refuse(p, "%d slices; 1 to %d are possible", n,
                        CREMA_MAX_PORTS);
        return;
    }
    for (int i = 0; i < n; i++) {
        shapes[i] = x->shape;
        shapes[i].dim[axis] = size[i];
        sum += size[i];
    }
    if (sum != x->shape.dim[axis]) {
        crema_op_refuse(p, "slices of %lld in all from %lld", (long long)sum,
                        (long long)x->shape.dim[axis]);
        return;
    }
    op = crema_op_record(p, &crema_op_slice, &params, 1, &x, n, shapes);
    for (int i = 0; op && i < n; i++) y[i] = op->out[i];
}

/* Parts that nobody wants are made all the same: their sizes say where the
 * others are. */
static void concat_gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad, *dx[CREMA_MAX_PORTS];

    for (int i = 0; i < op->nin; i++) {
        dx[i] = crema_grad_part(p, op->in[i]);
        if (!dx[i]) dx[i] = crema_program_value(p, &op->in[i]->shape);
    }
    crema_op_record_into(p, &crema_op_slice, op->params, 1, &dy, op->nin, dx,
                         op);
}

/* Where nothing came back, it was 0. */
static void slice_gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *dy[CREMA_MAX_PORTS];

    if (!dx) return;
    for (int i = 0; i < op->nout; i++) {
        dy[i] = op->out[i]->grad;
        if (!dy[i]) dy[i] = crema_fill(p, &op->out[i]->shape, 0);
    }
    crema_op_record_into(p, &crema_op_concat, op->params, op->nout, dy, 1, &dx,
                         op);
}

/* ---- the definition --------------------------------------------------- */

/* Between the rows of one tensor, `step` elements apart, and another's. */
static void copy_rows(int64_t rows, int64_t n, const float *src,
                      int64_t src_step, float *dst, int64_t dst_step)
{
    for (int64_t i = 0; i < rows; i++)
        memcpy(dst + i * dst_step, src + i * src_step,
               sizeof(float) * (size_t)n);
}

static enum crema_status ref_concat(struct crema_ctx *ctx,
                                    const struct crema_op *op)
{
    const struct crema_along *params = op->params;
    struct crema_sides y = crema_sides(&op->out[0]->shape, params->axis);
    int64_t row = y.length * y.inner, from = 0;

    (void)ctx;
    for (int i = 0; i < op->nin; i++) {
        int64_t n = op->in[i]->shape.dim[params->axis] * y.inner;

        copy_rows(y.outer, n, crema_in(op, i), n, crema_out(op, 0) + from, row);
        from += n;
    }
    return CREMA_OK;
}

static enum crema_status ref_slice(struct crema_ctx *ctx,
                                   const struct crema_op *op)
{
    const struct crema_along *params = op->params;
    struct crema_sides x = crema_sides(&op->in[0]->shape, params->axis);
    int64_t row = x.length * x.inner, from = 0;

    (void)ctx;
    for (int i = 0; i < op->nout; i++) {
        int64_t n = op->out[i]->shape.dim[params->axis] * x.inner;

        copy_rows(x.outer, n, crema_in(op, 0) + from, row, crema_out(op, i), n);
        from += n;
    }
    return CREMA_OK;
}

/* x[n] -> y */
const struct crema_op_type crema_op_concat = {
    .name = "concat",
    .params_size = sizeof(struct crema_along),
    .gradient = concat_gradient,
    .ref = ref_concat,
};

/* x -> y[n] */
const struct crema_op_type crema_op_slice = {
    .name = "slice",
    .params_size = sizeof(struct crema_along),
    .gradient = slice_gradient,
    .ref = ref_slice,
};
