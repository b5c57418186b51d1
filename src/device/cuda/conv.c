/* conv.c - convolution and its gradients: an engine of cuDNN's, and what it
 * leaves to do.
 *
 * Forward has bias and ReLU inside the engine, or does them in one pass of our
 * own behind it; db is a sum of our own.
 */
#include "device/cuda/libraries.h"

#include <stdlib.h>

struct conv_call {
    struct crema_call base;
    struct conv_case problem;
    struct conv_engine *engine; /* NULL: only db is wanted */
    bool behind;                /* bias and ReLU are done after it */
    void *scratch;
};

struct conv_parts crema_cuda_conv_parts(const struct crema_op *op)
{
    if (op->type == &crema_op_conv)
        return (struct conv_parts){ CONV_FORWARD, op->in[0], op->in[1],
                                    op->out[0], op->in[2] };
    if (op->type == &crema_op_conv_bwd_data)
        return (struct conv_parts){ CONV_BWD_DATA, op->out[0], op->in[0],
                                    op->in[1], NULL };
    return (struct conv_parts){ CONV_BWD_WEIGHTS, op->in[0], op->out[0],
                                op->in[1], op->out[1] };
}

/* ---- the case ---------------------------------------------------------- */

/* Tensor cores read 16 bytes of channels at once: a picture's few channels are
 * padded to that, and the weights' with them. */
static int64_t padded_channels(const struct crema_op *op,
                               const struct conv_parts *p)
{
    const struct crema_conv *c = op->params;
    int64_t lanes = 16 / (int64_t)crema_type_bytes(op->storage);
    int64_t channels = p->x->shape.dim[1];

    return c->groups == 1 && channels > 1 && channels < lanes ? lanes
                                                              : channels;
}

/* channels: those of axis 1 in memory, at least as many as it has */
static struct crema_layout layout_of(const struct crema_tensor *t,
                                     enum crema_type type, bool last,
                                     int64_t channels)
{
    struct crema_shape padded = t->shape;
    struct crema_layout l;

    if (!last || t->shape.ndims < 3) return crema_layout_dense(&t->shape, type);
    padded.dim[1] = channels;
    l = crema_layout_channels_last(&padded, type);
    l.dim[1] = t->shape.dim[1];
    return l;
}

struct conv_case crema_cuda_conv_case(const struct crema_device *dev,
                                      const struct crema_op *op)
{
    enum crema_type type = op->storage;
    struct conv_parts parts = crema_cuda_conv_parts(op), *p = &parts;
    struct conv_manner m = crema_cuda_conv_manner(dev, type);
    int64_t channels = p->x->shape.dim[1];
    struct conv_case c = { .way = p->way,
                           .conv = *(const struct crema_conv *)op->params };

    if (m.tensor_cores) channels = padded_channels(op, p);
    c.tf32 = m.tensor_cores && type == CREMA_F32;
    c.bias = p->way == CONV_FORWARD && p->b;
    c.relu = op->relu;
    c.x = layout_of(p->x, type, m.channels_last, channels);
    c.y = layout_of(p->y, type, m.channels_last, p->y->shape.dim[1]);
    if (p->w)
        c.w = layout_of(p->w, type, m.channels_last, channels / c.conv.groups);
    return c;
}

/* ---- running ----------------------------------------------------------- */

int crema_cuda_conv_behind(cudaStream_t stream, const struct conv_case *c,
                           const struct conv_data *d)
{
    const struct crema_scaled by = {
        .axis = crema_cuda_layout_channels(&c->y),
        .b = d->b,
        .relu = c->relu,
    };

    if (!c->bias && !c->relu) return 0;
    return crema_cuda_scale(stream, &by, (int)c->y.type, d->y, d->y);
}

static struct conv_data data_of(const struct conv_parts *p)
{
    return (struct conv_data){ p->x->data, p->w->data, p->y->data,
                               p->way == CONV_FORWARD && p->b ? p->b->data
                                                              : NULL };
}

static enum crema_status run(struct crema_call *base, struct crema_op *op)
{
    struct conv_call *call = (struct conv_call *)base;
    struct conv_parts p = crema_cuda_conv_parts(op);
    cudaStream_t stream = crema_cuda_stream(base->dev);
    int error = 0;

    if (call->engine)
        CREMA_TRY(crema_cuda_engine_run(call->engine, base->dev, op));
    if (call->behind) {
        struct conv_data d = data_of(&p);

        error = crema_cuda_conv_behind(stream, &call->problem, &d);
    }
    if (p.way == CONV_BWD_WEIGHTS && p.b)
        error = crema_cuda_sum_channels(stream, p.y, call->scratch, p.b->data);
    return error ? crema_cuda_launch_failed(base->dev, op, error) : CREMA_OK;
}

static enum crema_status bind(struct crema_call *base, struct crema_op *op,
                              void *scratch)
{
    struct conv_call *call = (struct conv_call *)base;
    struct conv_parts p = crema_cuda_conv_parts(op);
    struct conv_data d;

    call->scratch = scratch;
    if (!call->engine) return CREMA_OK;
    d = data_of(&p);
    return crema_cuda_engine_bind(call->engine, base->dev, &d, scratch);
}

/* An empty batch: dW and db are sums of nothing. */
static enum crema_status run_empty(struct crema_call *base, struct crema_op *op)
{
    for (int i = 0; i < op->nout; i++) {
        int error = op->out[i] ? crema_cuda_zero(crema_cuda_stream(base->dev),
                                                 op->out[i]->data,
                                                 op->out[i]->layout.bytes)
                               : 0;

        if (error) return crema_cuda_launch_failed(base->dev, op, error);
    }
    return CREMA_OK;
}

static void free_call(struct crema_call *base)
{
    struct conv_call *call = (struct conv_call *)base;

    crema_cuda_engine_free(call->engine);
    free(call);
}

/* ---- planning ---------------------------------------------------------- */

static enum crema_status choose(struct crema_device *dev,
                                struct conv_call *call)
{
    CREMA_TRY(crema_cuda_engine_find(dev, &call->problem, &call->engine));
    call->behind = call->problem.way == CONV_FORWARD &&
                   !crema_cuda_engine_fuses(call->engine);
    call->base.scratch_bytes = crema_cuda_engine_workspace(call->engine);
    call->base.info = crema_cuda_engine_info(call->engine);
    return CREMA_OK;
}

/* The ports in the order of each op. */
static void fill_ports(const struct crema_op *op, const struct conv_call *call,
                       struct crema_port in[], struct crema_port out[])
{
    const struct conv_case *c = &call->problem;
    enum crema_type bias =
        call->engine ? crema_cuda_engine_bias(call->engine) : CREMA_F32;

    switch (c->way) {
    case CONV_FORWARD:
        in[0].want = c->x;
        in[1].want = c->w;
        if (op->in[2]) in[2].want = crema_layout_dense(&op->in[2]->shape, bias);
        out[0].want = c->y;
        break;
    case CONV_BWD_DATA:
        in[0].want = c->w;
        in[1].want = c->y;
        out[0].want = c->x;
        break;
    default:
        in[0].want = c->x;
        in[1].want = c->y;
        if (op->out[0]) out[0].want = c->w;
        if (op->out[1])
            out[1].want = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    }
}

enum crema_status crema_cuda_plan_conv(struct crema_device *dev,
                                       struct crema_op *op,
                                       struct crema_port in[],
                                       struct crema_port out[])
{
    struct conv_parts p = crema_cuda_conv_parts(op);
    struct conv_call *call = calloc(1, sizeof *call);
    enum crema_status status = CREMA_OK;

    if (!call) return crema_no_memory(dev->ctx, "a convolution");
    call->base = (struct crema_call){
        .run = run, .bind = bind, .free = free_call, .info = "kernel"
    };
    call->problem = crema_cuda_conv_case(dev, op);
    if (crema_shape_count(&p.x->shape) == 0 ||
        crema_shape_count(&p.y->shape) == 0)
        call->base.run = run_empty;
    else if (p.w)
        status = choose(dev, call);
    if (status != CREMA_OK) {
        free_call(&call->base);
        return status;
    }
    /* the engine is done with it when db is summed */
    if (p.way == CONV_BWD_WEIGHTS && p.b &&
        call->base.scratch_bytes < CREMA_SUM_ROOM)
        call->base.scratch_bytes = CREMA_SUM_ROOM;
    fill_ports(op, call, in, out);
    op->call = &call->base;
    return CREMA_OK;
}
