/* conv.c - convolution on oneDNN.
 *
 * The library chooses how an image lies, but for two things.  An image whose
 * channels are few is read as it is.  Channels that would not fill their blocks
 * lie innermost instead (AVX-512 only: a third faster on LeNet).  The gradients
 * keep to what the forward pass chose.  Where the library has nothing but plain
 * loops for that, it chooses after all.  X, W, Y and their gradients have the
 * op's type, float32 where the library is slow in it; dW and biases are float32
 * always.  Left to ref: empty tensors, and a bias that learns where the weights
 * do not.
 */
#include "device/cpu/onednn.h"

enum { FEW_CHANNELS = 8 };

/* oihw as goihw, which is how the library tells groups. */
static struct crema_shape grouped(const struct crema_shape *w, int64_t groups)
{
    struct crema_shape s = { w->ndims + 1, { groups, w->dim[0] / groups } };

    if (groups == 1) return *w;
    for (int i = 1; i < w->ndims; i++) s.dim[i + 1] = w->dim[i];
    return s;
}

static struct crema_dn describe(const struct crema_conv *c,
                                const struct crema_shape *w,
                                enum crema_type type)
{
    struct crema_shape split = grouped(w, c->groups);
    struct crema_dn d = { .w = crema_dn_any(&split, type) };

    for (int i = 0; i < c->spatial; i++) {
        d.stride[i] = c->stride[i];
        d.dilation[i] = c->dilation[i] - 1;
        d.left[i] = d.right[i] = c->pad[i];
    }
    return d;
}

static bool empty(const struct crema_op *op)
{
    return crema_shape_count(&op->in[0]->shape) == 0 ||
           crema_shape_count(&op->in[1]->shape) == 0;
}

static bool fills_blocks(int64_t channels)
{
    return channels % 16 == 0;
}

/* Channels innermost: in Y, and in X if it is not a narrow image. */
static bool innermost(const struct crema_conv *c, const struct crema_shape *x,
                      const struct crema_shape *y)
{
    if (c->groups > 1 || c->spatial != 2 || crema_cpu_block() != 16)
        return false;
    return !fills_blocks(y->dim[1]) ||
           (x->dim[1] >= FEW_CHANNELS && !fills_blocks(x->dim[1]));
}

/* The layouts that the forward pass asks for. */
static void choose(const struct crema_op *op, const struct crema_layout *have,
                   struct crema_dn *d)
{
    const struct crema_shape *x = &op->in[0]->shape, *y = &op->out[0]->shape;

    d->x = crema_dn_any(x, op->storage);
    d->y = crema_dn_any(y, op->storage);
    if (innermost(op->params, x, y)) {
        d->x = crema_layout_channels_last(x, op->storage);
        d->y = crema_layout_channels_last(y, op->storage);
    } else if (crema_cpu_plain(have) && x->dim[1] < FEW_CHANNELS) {
        d->x = crema_layout_as(have, op->storage);
    }
}

static void be_float(struct crema_dn *d)
{
    d->x = crema_layout_as(&d->x, CREMA_F32);
    d->w = crema_layout_as(&d->w, CREMA_F32);
    d->y = crema_layout_as(&d->y, CREMA_F32);
}

/* CREMA_EUNSUPPORTED also where it would be slow. */
static enum crema_status
plan_fast(struct crema_device *dev, struct crema_op *op,
          enum crema_dn_kind kind, const struct crema_dn *d,
          const struct crema_dn *forward, const struct crema_dn_arg *args,
          struct crema_port in[], struct crema_port out[])
{
    CREMA_TRY(crema_dn_plan(dev, op, kind, d, forward, args, in, out));
    if (!crema_dn_is_slow(op)) return CREMA_OK;
    crema_dn_drop(op);
    return CREMA_EUNSUPPORTED;
}

/* As d says; where that would be slow or impossible, as the library likes, in
 * the end in float32 and slow after all. */
static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              enum crema_dn_kind kind, struct crema_dn *d,
                              struct crema_dn *forward,
                              const struct crema_dn_arg *args,
                              struct crema_port in[], struct crema_port out[])
{
    enum crema_status status =
        plan_fast(dev, op, kind, d, forward, args, in, out);

    if (status != CREMA_EUNSUPPORTED) return status;
    d->x.nblocks = d->y.nblocks = CREMA_DN_ANY;
    if (op->storage != CREMA_F32) {
        status = plan_fast(dev, op, kind, d, forward, args, in, out);
        if (status != CREMA_EUNSUPPORTED) return status;
        be_float(d);
        if (forward) be_float(forward);
    }
    return crema_dn_plan(dev, op, kind, d, forward, args, in, out);
}

enum crema_status crema_cpu_conv(struct crema_device *dev, struct crema_op *op,
                                 struct crema_port in[],
                                 struct crema_port out[])
{
    struct crema_dn d = describe(op->params, &op->in[1]->shape, op->storage);

    if (empty(op)) return CREMA_EUNSUPPORTED;
    choose(op, in[0].have, &d);
    if (op->in[2]) d.b = crema_layout_dense(&op->in[2]->shape, CREMA_F32);
    d.train = op->in[0]->needs_grad || op->in[1]->needs_grad;
    d.relu = op->relu;
    return plan(dev, op, CREMA_DN_CONV, &d, NULL, crema_dn_forward_args, in,
                out);
}

/* What op's forward settled on; describes the gradient and its hint alike. */
static struct crema_dn backward(const struct crema_op *op)
{
    const struct crema_op *f = op->forward;
    struct crema_dn d = describe(f->params, &f->in[1]->shape, op->storage);

    d.x = crema_layout_as(&f->want[0], op->storage);
    d.y = crema_layout_as(&f->out[0]->layout, op->storage);
    d.train = true;
    return d;
}

enum crema_status crema_cpu_conv_bwd_data(struct crema_device *dev,
                                          struct crema_op *op,
                                          struct crema_port in[],
                                          struct crema_port out[])
{
    struct crema_dn d, hint;

    if (empty(op)) return CREMA_EUNSUPPORTED;
    d = hint = backward(op);
    return plan(dev, op, CREMA_DN_CONV_BWD_DATA, &d, &hint,
                crema_dn_bwd_data_args, in, out);
}

enum crema_status crema_cpu_conv_bwd_weights(struct crema_device *dev,
                                             struct crema_op *op,
                                             struct crema_port in[],
                                             struct crema_port out[])
{
    struct crema_dn d, hint;

    if (!op->out[0] || empty(op)) return CREMA_EUNSUPPORTED;
    d = hint = backward(op);
    d.w = crema_layout_as(&d.w, CREMA_F32);
    if (op->out[1]) d.b = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    return plan(dev, op, CREMA_DN_CONV_BWD_WEIGHTS, &d, &hint,
                crema_dn_bwd_weights_args, in, out);
}
