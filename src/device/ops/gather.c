/* gather.c - rows of X by their numbers.
 *
 *   gather      Y[i, :] = X[index[i], :]
 *   gather_bwd  dX[r, :] = sum of the dY[i, :] with index[i] = r
 */
#include "device/ops/labels.h"

#include <string.h>

struct crema_tensor *crema_gather(struct crema_program *p,
                                  struct crema_tensor *x,
                                  struct crema_tensor *index)
{
    struct crema_tensor *in[2] = { x, index };
    struct crema_shape y = { 0 };
    struct crema_op *op;

    if (!x || !index) return NULL;
    if (x->shape.ndims < 1 ||
        index->shape.ndims + x->shape.ndims - 1 > CREMA_MAX_DIMS)
        return crema_op_refuse(p, "rows of a blob of %d axes by an index of %d",
                               x->shape.ndims, index->shape.ndims);
    crema_expect_labels(index, x->shape.dim[0], false, 0);
    y = index->shape;
    for (int k = 1; k < x->shape.ndims; k++) y.dim[y.ndims++] = x->shape.dim[k];
    op = crema_op_record(p, &crema_op_gather, NULL, 2, in, 1, &y);
    if (op) op->out[0]->needs_grad = x->needs_grad;
    return op ? op->out[0] : NULL;
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *in[2] = { op->in[1], op->out[0]->grad };

    if (dx)
        crema_op_record_into(p, &crema_op_gather_bwd, NULL, 2, in, 1, &dx, op);
}

/* ---- the definition --------------------------------------------------- */

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_shape *x = &op->in[0]->shape;
    int64_t n = crema_shape_count(&op->in[1]->shape), row;
    size_t each = (size_t)crema_shape_product(x, 1, x->ndims);

    for (int64_t i = 0; i < n; i++) {
        CREMA_TRY(crema_label_read(ctx, op, crema_in(op, 1), i, x->dim[0], NULL,
                                   &row));
        memcpy(crema_out(op, 0) + (size_t)i * each,
               crema_in(op, 0) + (size_t)row * each, each * sizeof(float));
    }
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_shape *x = &op->out[0]->shape;
    int64_t n = crema_shape_count(&op->in[0]->shape), row;
    int64_t each = crema_shape_product(x, 1, x->ndims);
    const float *dy = crema_in(op, 1);

    memset(crema_out(op, 0), 0, sizeof(float) * (size_t)crema_shape_count(x));
    for (int64_t i = 0; i < n; i++, dy += each) {
        float *dx;

        CREMA_TRY(crema_label_read(ctx, op, crema_in(op, 0), i, x->dim[0], NULL,
                                   &row));
        dx = crema_out(op, 0) + row * each;
        for (int64_t k = 0; k < each; k++) dx[k] += dy[k];
    }
    return CREMA_OK;
}

/* x index -> y */
const struct crema_op_type crema_op_gather = {
    .name = "gather",
    .gradient = gradient,
    .ref = ref,
};

/* index dy -> dx */
const struct crema_op_type crema_op_gather_bwd = {
    .name = "gather_bwd",
    .ref = ref_bwd,
};
