/* arrange.c - elements of X in another order: permuted, cut out, repeated.
 *
 *   arrange      Y[i] = X[offset + sum of i_k stride_k]
 *   arrange_bwd  dX = sum of the dY that read it, 0 where none did
 */
#include "device/formula/arrange.h"

#include "device/op.h"

#include <string.h>

/* Every element lies in X, and dims that move do not overlap. */
static bool is_sound(const struct crema_arrange *a, int64_t count)
{
    int64_t reach = 0, last = a->offset, step = 0;

    if (a->offset < 0) return false;
    for (int k = 0; k < a->ndims; k++) {
        if (a->stride[k] < 0) return false;
        last += (a->dim[k] - 1) * a->stride[k];
    }
    if (last >= count) return false;
    for (;;) { /* from the smallest stride to the largest */
        int64_t next = INT64_MAX, extent = 0;

        for (int k = 0; k < a->ndims; k++) {
            if (a->dim[k] < 2 || a->stride[k] <= step) continue;
            if (a->stride[k] == next) return false; /* two dims as one */
            if (a->stride[k] > next) continue;
            next = a->stride[k];
            extent = a->dim[k] - 1;
        }
        if (next == INT64_MAX) return true;
        if (next <= reach) return false;
        reach += extent * next;
        step = next;
    }
}

struct crema_tensor *crema_arrange(struct crema_program *p,
                                   const struct crema_shape *y,
                                   const int64_t *stride, int64_t offset,
                                   struct crema_tensor *x)
{
    struct crema_arrange a = { .ndims = y->ndims, .offset = offset };
    char from[CREMA_SHAPE_TEXT], to[CREMA_SHAPE_TEXT];
    struct crema_op *op;

    if (!x) return NULL;
    for (int k = 0; k < y->ndims; k++) {
        a.dim[k] = y->dim[k];
        a.stride[k] = stride[k];
    }
    if (crema_shape_valid(y) && crema_shape_count(y) > 0 &&
        !is_sound(&a, crema_shape_count(&x->shape)))
        return crema_op_refuse(p, "a blob of %s cannot be arranged as %s",
                               crema_shape_text(&x->shape, from),
                               crema_shape_text(y, to));
    op = crema_op_record(p, &crema_op_arrange, &a, 1, &x, 1, y);
    return op ? op->out[0] : NULL;
}

/* Strides of a dense tensor. */
static void strides(const struct crema_shape *s, int64_t *stride)
{
    int64_t step = 1;

    for (int k = s->ndims - 1; k >= 0; k--) {
        stride[k] = step;
        step *= s->dim[k];
    }
}

struct crema_tensor *crema_permute(struct crema_program *p, const int *order,
                                   struct crema_tensor *x)
{
    int64_t dense[CREMA_MAX_DIMS], stride[CREMA_MAX_DIMS];
    struct crema_shape y;

    if (!x) return NULL;
    y = x->shape;
    strides(&x->shape, dense);
    for (int k = 0; k < y.ndims; k++) {
        y.dim[k] = x->shape.dim[order[k]];
        stride[k] = dense[order[k]];
    }
    return crema_arrange(p, &y, stride, 0, x);
}

struct crema_tensor *crema_crop(struct crema_program *p,
                                const struct crema_shape *y,
                                const int64_t *first, struct crema_tensor *x)
{
    int64_t stride[CREMA_MAX_DIMS], offset = 0;

    if (!x) return NULL;
    strides(&x->shape, stride);
    for (int k = 0; k < y->ndims; k++) {
        if (first[k] < 0 || first[k] + y->dim[k] > x->shape.dim[k])
            return crema_op_refuse(p,
                                   "%lld entries from %lld on do not exist "
                                   "on axis %d of %lld",
                                   (long long)y->dim[k], (long long)first[k], k,
                                   (long long)x->shape.dim[k]);
        offset += first[k] * stride[k];
    }
    return crema_arrange(p, y, stride, offset, x);
}

struct crema_tensor *crema_repeat(struct crema_program *p, int axis, int64_t n,
                                  struct crema_tensor *x)
{
    char text[CREMA_SHAPE_TEXT];
    struct crema_shape whole, y;
    int64_t stride[3];

    if (!x) return NULL;
    y = x->shape;
    if (y.dim[axis] > 0 && n > INT64_MAX / y.dim[axis])
        return crema_op_refuse(p, "a blob of %s, %lld times, is too large",
                               crema_shape_text(&y, text), (long long)n);
    y.dim[axis] *= n;
    whole = CREMA_SHAPE(crema_shape_product(&x->shape, 0, axis), n,
                        crema_shape_product(&x->shape, axis, y.ndims));
    stride[0] = whole.dim[2];
    stride[1] = 0;
    stride[2] = 1;
    return crema_view(p, &y, crema_arrange(p, &whole, stride, 0, x));
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);

    if (dx)
        crema_op_record_into(p, &crema_op_arrange_bwd, op->params, 1,
                             &op->out[0]->grad, 1, &dx, op);
}

/* ---- the definition --------------------------------------------------- */

/* Calls for each run along Y's last dim: n elements of Y from `y` on, those of
 * X from `x` on, `step` apart. */
typedef void run_fn(float *y, float *x, int64_t step, int64_t n);

static void each_run(const struct crema_arrange *a, float *y, float *x,
                     run_fn *fn)
{
    int last = a->ndims - 1;
    int64_t n = last < 0 ? 1 : a->dim[last], count = 1;
    int64_t step = last < 0 ? 0 : a->stride[last];

    for (int k = 0; k < a->ndims; k++) count *= a->dim[k];
    for (int64_t i = 0; i < count; i += n)
        fn(y + i, x + crema_arranged(a, i), step, n);
}

static void take(float *y, float *x, int64_t step, int64_t n)
{
    for (int64_t i = 0; i < n; i++) y[i] = x[i * step];
}

static void give_back(float *dy, float *dx, int64_t step, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dx[i * step] += dy[i];
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    each_run(op->params, crema_out(op, 0), op->in[0]->data, take);
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    float *dx = crema_out(op, 0);

    (void)ctx;
    memset(dx, 0, 4 * (size_t)crema_shape_count(&op->out[0]->shape));
    each_run(op->params, op->in[0]->data, dx, give_back);
    return CREMA_OK;
}

/* x -> y */
const struct crema_op_type crema_op_arrange = {
    .name = "arrange",
    .params_size = sizeof(struct crema_arrange),
    .gradient = gradient,
    .ref = ref,
};

/* dy -> dx */
const struct crema_op_type crema_op_arrange_bwd = {
    .name = "arrange_bwd",
    .params_size = sizeof(struct crema_arrange),
    .ref = ref_bwd,
};
