/* view.c - the same numbers under another shape, or in another layout. */
#include "device/op.h"

#include <string.h>

static struct crema_tensor *view(struct crema_program *p,
                                 const struct crema_shape *shape,
                                 struct crema_tensor *x)
{
    struct crema_op *op =
        crema_op_record(p, &crema_op_view, NULL, 1, &x, 1, shape);

    return op ? op->out[0] : NULL;
}

struct crema_tensor *crema_view(struct crema_program *p,
                                const struct crema_shape *shape,
                                struct crema_tensor *x)
{
    char from[CREMA_SHAPE_TEXT], to[CREMA_SHAPE_TEXT];

    if (!x || crema_shape_equal(shape, &x->shape)) return x;
    if (!crema_shape_valid(shape) ||
        crema_shape_count(shape) != crema_shape_count(&x->shape))
        return crema_op_refuse(p, "a blob of %s cannot become %s",
                               crema_shape_text(&x->shape, from),
                               crema_shape_text(shape, to));
    return view(p, shape, x);
}

struct crema_tensor *crema_detach(struct crema_program *p,
                                  struct crema_tensor *x)
{
    struct crema_tensor *y = x ? view(p, &x->shape, x) : NULL;

    if (y) y->needs_grad = false;
    return y;
}

struct crema_tensor *crema_alias(struct crema_program *p,
                                 struct crema_tensor *x)
{
    return x ? view(p, &x->shape, x) : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dy = op->out[0]->grad;
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_view, NULL, 1, &dy, 1, &dx, op);
}

/* Only runs where in and out could not share memory. */
static enum crema_status copy(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    if (crema_in(op, 0) != crema_out(op, 0))
        memcpy(crema_out(op, 0), crema_in(op, 0),
               4 * (size_t)crema_shape_count(&op->in[0]->shape));
    return CREMA_OK;
}

/* The same elements, each where its own layout has it; host memory. */
static enum crema_status reorder(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    enum { STRIP = 1024 };
    int64_t count = crema_shape_count(&op->in[0]->shape);
    float strip[STRIP];

    (void)ctx;
    memset(op->out[0]->data, 0, op->out[0]->layout.bytes);
    for (int64_t i = 0; i < count; i += STRIP) {
        int64_t n = count - i < STRIP ? count - i : STRIP;

        crema_layout_unpack(&op->in[0]->layout, op->in[0]->data, i, n, strip);
        crema_layout_pack(&op->out[0]->layout, op->out[0]->data, i, n, strip);
    }
    return CREMA_OK;
}

/* x -> y, another shape; shares x's memory */
const struct crema_op_type crema_op_view = {
    .name = "view",
    .gradient = gradient,
    .ref = copy,
};

/* x -> y, another layout */
const struct crema_op_type crema_op_reorder = {
    .name = "reorder",
    .ref = reorder,
};
