/* conv.c - convolution on oneDNN.
 *
 * BLOCKED leaves it to the library how an image lies, except that one of few
 * channels is read as it is.  LAST puts the channels innermost.  By rule those
 * that would not fill their blocks lie so (AVX-512 only: a third faster on
 * LeNet), and the gradients keep to what the forward pass has.  PACKED are
 * loops of our own (packed.c) where they fit, else as LAST.  Where the
 * library has nothing but plain loops for that, it chooses after all.  X, W, Y
 * and their gradients have the op's type, float32 where the library is slow in
 * it; dW and biases are float32 always.  Left to ref: empty tensors, and a bias
 * that learns where the weights do not.
 */
#include "device/cpu/conv/conv.h"
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

/* Winograd's method is made for these. */
static bool has_winograd(const struct crema_device *dev,
                         const struct crema_op *f)
{
    const struct crema_conv *c = f->params;
    bool fits = c->spatial == 2 && c->groups == 1;

    for (int i = 0; i < c->spatial; i++)
        fits = fits && c->kernel[i] == 3 && c->stride[i] == 1 &&
               c->dilation[i] == 1;
    return dev->winograd && fits;
}

/* What CREMA_RULE comes to; f: a forward op. */
static enum crema_arrangement rule(const struct crema_device *dev,
                                   const struct crema_op *f)
{
    if (innermost(f->params, &f->in[0]->shape, &f->out[0]->shape))
        return CREMA_LAST;
    return has_winograd(dev, f) ? CREMA_WINOGRAD : CREMA_BLOCKED;
}

/* Of a gradient, that of its forward unless it has one of its own. */
static enum crema_arrangement arrangement(const struct crema_device *dev,
                                          const struct crema_op *op)
{
    if (op->arrangement == CREMA_RULE && op->forward &&
        op->forward->type == &crema_op_conv)
        return arrangement(dev, op->forward);
    return op->arrangement == CREMA_RULE ? rule(dev, op) : op->arrangement;
}

unsigned crema_cpu_conv_arrangements(const struct crema_device *dev,
                                     const struct crema_op *op,
                                     enum crema_arrangement *by_rule)
{
    const struct crema_op *f = op->forward ? op->forward : op;

    if (f->type != &crema_op_conv || op->nout == 0 || !op->out[0] || empty(f))
        return 0;
    *by_rule = arrangement(dev, f);
    return 1u << CREMA_BLOCKED | 1u << CREMA_LAST |
           (has_winograd(dev, f) ? 1u << CREMA_WINOGRAD : 0) |
           (crema_cpu_conv_packs(op) ? 1u << CREMA_PACKED : 0);
}

static bool lies_last(enum crema_arrangement a)
{
    return a == CREMA_LAST || a == CREMA_PACKED;
}

/* The layouts that are asked for. */
static void arrange(enum crema_arrangement a, const struct crema_shape *x,
                    const struct crema_shape *y,
                    const struct crema_layout *have, enum crema_type type,
                    struct crema_dn *d)
{
    d->x = crema_dn_any(x, type);
    d->y = crema_dn_any(y, type);
    if (lies_last(a)) {
        d->x = crema_layout_channels_last(x, type);
        d->y = crema_layout_channels_last(y, type);
    } else if (crema_cpu_plain(have) && x->dim[1] < FEW_CHANNELS) {
        d->x = crema_layout_as(have, type);
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
    d->winograd = false;
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
    enum crema_arrangement a = arrangement(dev, op);

    if (empty(op)) return CREMA_EUNSUPPORTED;
    if (a == CREMA_PACKED && crema_cpu_conv_packs(op))
        return crema_cpu_conv_packed(dev, op, in, out);
    if (a == CREMA_LAST && op->storage == CREMA_F32) {
        enum crema_status status = crema_cpu_conv_small(dev, op, in, out);

        if (status != CREMA_EUNSUPPORTED) return status;
    }
    arrange(a, &op->in[0]->shape, &op->out[0]->shape, in[0].have, op->storage,
            &d);
    d.winograd = a == CREMA_WINOGRAD;
    if (op->in[2]) d.b = crema_layout_dense(&op->in[2]->shape, CREMA_F32);
    d.train = op->in[0]->needs_grad || op->in[1]->needs_grad;
    d.relu = op->relu;
    return plan(dev, op, CREMA_DN_CONV, &d, NULL, crema_dn_forward_args, in,
                out);
}

/* Ops of a deconvolution have no convolution to keep to.  x w y: as that would
 * have them. */
static bool stands_alone(const struct crema_op *op)
{
    return !op->forward || op->forward->type != &crema_op_conv;
}

static void describe_alone(const struct crema_op *op,
                           const struct crema_shape *x,
                           const struct crema_shape *w,
                           const struct crema_shape *y, struct crema_dn *d)
{
    *d = describe(op->params, w, op->storage);
    d->x = crema_dn_any(x, op->storage);
    d->y = crema_dn_any(y, op->storage);
    d->train = true;
}

/* A gradient keeps to the layouts that its forward has, unless it is arranged
 * otherwise; the hint is the forward.  have: of X, for the weights' gradient.
 */
static void describe_gradient(const struct crema_device *dev,
                              const struct crema_op *op,
                              const struct crema_layout *have,
                              struct crema_dn *d, struct crema_dn *hint)
{
    const struct crema_op *f = op->forward;
    enum crema_arrangement a = arrangement(dev, op);

    *hint = describe(f->params, &f->in[1]->shape, op->storage);
    hint->x = crema_layout_as(&f->want[0], op->storage);
    hint->y = crema_layout_as(&f->out[0]->layout, op->storage);
    hint->train = true;
    *d = *hint;
    if (lies_last(a) != lies_last(arrangement(dev, f)))
        arrange(a, &f->in[0]->shape, &f->out[0]->shape, have, op->storage, d);
    d->winograd = a == CREMA_WINOGRAD;
}

enum crema_status crema_cpu_conv_bwd_data(struct crema_device *dev,
                                          struct crema_op *op,
                                          struct crema_port in[],
                                          struct crema_port out[])
{
    enum crema_arrangement a;
    struct crema_dn d, hint;

    if (empty(op)) return CREMA_EUNSUPPORTED;
    if (stands_alone(op)) {
        describe_alone(op, &op->out[0]->shape, &op->in[0]->shape,
                       &op->in[1]->shape, &d);
        hint = d;
    } else {
        a = arrangement(dev, op);
        if (a == CREMA_PACKED && crema_cpu_conv_packs(op))
            return crema_cpu_conv_packed_back(dev, op, in, out);
        if (lies_last(a) && op->storage == CREMA_F32) {
            enum crema_status status =
                crema_cpu_conv_small_data(dev, op, in, out);

            if (status == CREMA_EUNSUPPORTED)
                status = crema_cpu_conv_turned(dev, op, in, out);
            if (status != CREMA_EUNSUPPORTED) return status;
        }
        describe_gradient(dev, op, NULL, &d, &hint);
    }
    return plan(dev, op, CREMA_DN_CONV_BWD_DATA, &d, &hint,
                crema_dn_bwd_data_args, in, out);
}

enum crema_status crema_cpu_conv_bwd_weights(struct crema_device *dev,
                                             struct crema_op *op,
                                             struct crema_port in[],
                                             struct crema_port out[])
{
    enum crema_arrangement a;
    struct crema_dn d, hint;

    if (!op->out[0] || empty(op)) return CREMA_EUNSUPPORTED;
    if (stands_alone(op)) {
        describe_alone(op, &op->in[0]->shape, &op->out[0]->shape,
                       &op->in[1]->shape, &d);
        hint = d;
    } else {
        a = arrangement(dev, op);
        if (a == CREMA_PACKED && crema_cpu_conv_packs(op))
            return crema_cpu_conv_packed_weights(dev, op, in, out);
        if (lies_last(a) && op->storage == CREMA_F32) {
            enum crema_status status = crema_cpu_conv_few(dev, op, in, out);

            if (status == CREMA_EUNSUPPORTED)
                status = crema_cpu_conv_small_weights(dev, op, in, out);
            if (status != CREMA_EUNSUPPORTED) return status;
        }
        describe_gradient(dev, op, in[0].have, &d, &hint);
    }
    d.w = crema_layout_as(&d.w, CREMA_F32);
    if (op->out[1]) d.b = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    return plan(dev, op, CREMA_DN_CONV_BWD_WEIGHTS, &d, &hint,
                crema_dn_bwd_weights_args, in, out);
}
