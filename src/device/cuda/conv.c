/* conv.c - convolution and its gradients: an engine of cuDNN's, and what it
 * leaves to do.
 *
 * Forward tries bias and ReLU inside the engine, else does them in one pass of
 * our own behind it; db is a sum of our own.
 */
#include "device/cuda/libraries.h"

#include <stdlib.h>

struct conv_call {
    struct crema_call base;
    struct conv_engine *engine; /* NULL: only db is wanted */
    bool behind;                /* bias and ReLU are done after it */
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

struct crema_layout crema_cuda_conv_layout(const struct crema_tensor *t,
                                           bool channels_last)
{
    return channels_last && t->shape.ndims > 2
               ? crema_layout_channels_last(&t->shape, CREMA_F32)
               : crema_layout_dense(&t->shape, CREMA_F32);
}

/* ---- running ----------------------------------------------------------- */

/* db[k] = sum of dY over all but the channels */
static int sum_bias(cudaStream_t stream, const struct conv_parts *p)
{
    struct crema_summands s = {
        .what = CREMA_SUM_V,
        .axis = crema_cuda_channels(p->y),
        .v = p->y->data,
    };

    return crema_cuda_sums(stream, &s, 1.0f, p->b->data, NULL);
}

/* y = max(y + b, 0) */
static int epilogue(cudaStream_t stream, const struct conv_parts *p, bool relu)
{
    struct crema_axis channels = crema_cuda_channels(p->y);

    return crema_cuda_scale(stream, &channels, p->y->data, NULL,
                            p->b ? p->b->data : NULL, relu, p->y->data);
}

static enum crema_status run(struct crema_call *base, struct crema_op *op)
{
    struct conv_call *call = (struct conv_call *)base;
    struct conv_parts p = crema_cuda_conv_parts(op);
    cudaStream_t stream = crema_cuda_stream(base->dev);
    int error = 0;

    if (call->engine)
        CREMA_TRY(crema_cuda_engine_run(call->engine, base->dev, op));
    if (call->behind) error = epilogue(stream, &p, op->relu);
    if (p.way == CONV_BWD_WEIGHTS && p.b) error = sum_bias(stream, &p);
    return error ? crema_cuda_launch_failed(base->dev, op, error) : CREMA_OK;
}

static enum crema_status bind(struct crema_call *base, struct crema_op *op,
                              void *scratch)
{
    struct conv_call *call = (struct conv_call *)base;

    return call->engine
               ? crema_cuda_engine_bind(call->engine, base->dev, op, scratch)
               : CREMA_OK;
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
                                const struct crema_op *op,
                                const struct conv_parts *p,
                                struct conv_call *call)
{
    bool more = p->way == CONV_FORWARD && (p->b || op->relu);
    enum crema_status status = CREMA_EUNSUPPORTED;

    if (more) status = crema_cuda_engine_find(dev, op, true, &call->engine);
    if (status == CREMA_EUNSUPPORTED) {
        call->behind = more;
        status = crema_cuda_engine_find(dev, op, false, &call->engine);
    }
    CREMA_TRY(status);
    call->base.scratch_bytes = crema_cuda_engine_workspace(call->engine);
    call->base.info = crema_cuda_engine_info(call->engine);
    return CREMA_OK;
}

static void fill_ports(const struct crema_device *dev,
                       const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    bool last = crema_cuda_wants_channels_last(dev);

    for (int i = 0; i < op->nin; i++)
        if (op->in[i]) in[i].want = crema_cuda_conv_layout(op->in[i], last);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i]) out[i].want = crema_cuda_conv_layout(op->out[i], last);
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
    fill_ports(dev, op, in, out);
    if (crema_shape_count(&p.x->shape) == 0 ||
        crema_shape_count(&p.y->shape) == 0)
        call->base.run = run_empty;
    else if (p.w)
        status = choose(dev, op, &p, call);
    if (status != CREMA_OK) {
        free_call(&call->base);
        return status;
    }
    op->call = &call->base;
    return CREMA_OK;
}
