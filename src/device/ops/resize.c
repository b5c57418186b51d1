/* resize.c - planes stretched or shrunk, by what lies between four elements.
 *
 *   resize      Y[h,w] = X at (h sh, w sw), sh = (H - 1) / (P - 1) ..
 *   resize_bwd  dX = sum of dY times what X counted in it
 */
#include "device/formula/resize.h"

#include "device/op.h"

struct crema_tensor *crema_resize(struct crema_program *p,
                                  const int64_t first[2], const int64_t from[2],
                                  const int64_t to[2], struct crema_tensor *x)
{
    struct crema_resize r;
    struct crema_shape y;
    struct crema_op *op;

    if (!x) return NULL;
    if (x->shape.ndims != 4)
        return crema_op_refuse(p, "resizing wants N x C x H x W, not %d axes",
                               x->shape.ndims);
    y = x->shape;
    for (int k = 0; k < 2; k++) {
        int64_t size = x->shape.dim[2 + k];

        if (first[k] < 0 || from[k] < 1 || first[k] > size - from[k] ||
            to[k] < 1)
            return crema_op_refuse(
                p,
                "%lld elements from %lld on, of %lld, cannot "
                "become %lld",
                (long long)from[k], (long long)first[k], (long long)size,
                (long long)to[k]);
        r.axis[k] =
            (struct crema_resize_axis){ size, first[k], from[k], to[k] };
        y.dim[2 + k] = to[k];
    }
    op = crema_op_record(p, &crema_op_resize, &r, 1, &x, 1, &y);
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_resize_bwd, op->params, 1,
                             &op->out[0]->grad, 1, &dx, op);
}

/* ---- the definition --------------------------------------------------- */

static enum crema_status each(const struct crema_op *op,
                              float (*at)(const struct crema_resize *,
                                          const float *, int64_t, int64_t))
{
    const struct crema_shape *in = &op->in[0]->shape, *out = &op->out[0]->shape;
    int64_t from = in->dim[2] * in->dim[3], width = out->dim[3];
    int64_t to = out->dim[2] * width, count = crema_shape_count(out);
    float *y = crema_out(op, 0);

    for (int64_t i = 0; i < count; i++)
        y[i] = at(op->params, crema_in(op, 0) + i / to * from, i % to / width,
                  i % width);
    return CREMA_OK;
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    return each(op, crema_at_resize);
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    (void)ctx;
    return each(op, crema_at_resize_bwd);
}

/* x -> y */
const struct crema_op_type crema_op_resize = {
    .name = "resize",
    .params_size = sizeof(struct crema_resize),
    .gradient = gradient,
    .ref = ref,
};

/* dy -> dx */
const struct crema_op_type crema_op_resize_bwd = {
    .name = "resize_bwd",
    .params_size = sizeof(struct crema_resize),
    .ref = ref_bwd,
};
