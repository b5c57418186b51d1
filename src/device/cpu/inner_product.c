/* inner_product.c - fully connected layers on oneDNN.
 *
 * X and Y are dense, so that the library chooses one layout of W for all three
 * passes: a blocked X would make it reorder W, which is far larger, at every
 * step.  They and W have the op's type, dW and biases are float32.  A few images
 * go to gemv.c, with W as the library would have it.  Left to ref: empty
 * tensors, and a bias that learns where the weights do not.
 */
#include "device/cpu/onednn.h"
#include "device/ops/params.h"

static bool is_transposed(const struct crema_op *op)
{
    const struct crema_inner_product *params = op->params;

    return params->transposed;
}

/* W[K,N], named by the library's order: N x K. */
static struct crema_layout turned(const struct crema_shape *w,
                                  enum crema_type type)
{
    struct crema_layout l = crema_layout_dense(w, type);
    struct crema_layout t = l;

    for (int i = 0; i < 2; i++) {
        t.dim[i] = t.padded[i] = l.dim[1 - i];
        t.stride[i] = l.stride[1 - i];
    }
    return t;
}

static struct crema_dn describe(const struct crema_op *op,
                                const struct crema_tensor *x,
                                const struct crema_tensor *w,
                                const struct crema_tensor *b,
                                const struct crema_tensor *y)
{
    struct crema_dn d = {
        .x = crema_layout_dense(&x->shape, op->storage),
        .w = is_transposed(op) ? turned(&w->shape, op->storage)
                               : crema_dn_any(&w->shape, op->storage),
        .y = crema_layout_dense(&y->shape, op->storage),
        .train = true,
    };

    if (b) d.b = crema_layout_dense(&b->shape, CREMA_F32);
    return d;
}

static bool empty(const struct crema_op *op)
{
    return crema_shape_count(&op->in[0]->shape) == 0 ||
           crema_shape_count(&op->in[1]->shape) == 0;
}

/* What the program knows W or dW by. */
static void name_weights(const struct crema_op *op,
                         const struct crema_tensor *w, struct crema_layout *l)
{
    if (is_transposed(op)) *l = crema_layout_dense(&w->shape, l->type);
}

enum crema_status crema_cpu_ip(struct crema_device *dev, struct crema_op *op,
                               struct crema_port in[], struct crema_port out[])
{
    struct crema_layout w;
    struct crema_dn d;

    if (empty(op)) return CREMA_EUNSUPPORTED;
    if (!is_transposed(op) && crema_cpu_gemv_fits(op, in[1].have))
        return crema_cpu_gemv(dev, op, in[1].have, in, out);
    d = describe(op, op->in[0], op->in[1], op->in[2], op->out[0]);
    d.relu = op->relu;
    CREMA_TRY(crema_dn_plan(dev, op, CREMA_DN_IP, &d, NULL,
                            crema_dn_forward_args, in, out));
    name_weights(op, op->in[1], &in[1].want);
    w = in[1].want;
    if (is_transposed(op) || !crema_cpu_gemv_fits(op, &w)) return CREMA_OK;
    crema_dn_drop(op);
    return crema_cpu_gemv(dev, op, &w, in, out);
}

static struct crema_dn hint_of(const struct crema_op *op)
{
    const struct crema_op *f = op->forward;

    return describe(op, f->in[0], f->in[1], f->in[2], f->out[0]);
}

enum crema_status crema_cpu_ip_bwd_data(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    struct crema_dn d, hint;

    if (empty(op)) return CREMA_EUNSUPPORTED;
    d = describe(op, op->out[0], op->in[0], NULL, op->in[1]);
    hint = hint_of(op);
    CREMA_TRY(crema_dn_plan(dev, op, CREMA_DN_IP_BWD_DATA, &d, &hint,
                            crema_dn_bwd_data_args, in, out));
    name_weights(op, op->in[0], &in[0].want);
    return CREMA_OK;
}

enum crema_status crema_cpu_ip_bwd_weights(struct crema_device *dev,
                                           struct crema_op *op,
                                           struct crema_port in[],
                                           struct crema_port out[])
{
    struct crema_dn d, hint;

    if (!op->out[0] || empty(op)) return CREMA_EUNSUPPORTED;
    d = describe(op, op->in[0], op->out[0], op->out[1], op->in[1]);
    d.w = crema_layout_as(&d.w, CREMA_F32);
    hint = hint_of(op);
    CREMA_TRY(crema_dn_plan(dev, op, CREMA_DN_IP_BWD_WEIGHTS, &d, &hint,
                            crema_dn_bwd_weights_args, in, out));
    name_weights(op, op->out[0], &out[0].want);
    return CREMA_OK;
}
