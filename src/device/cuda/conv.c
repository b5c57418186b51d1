/* conv.c - convolution and its gradients on cuDNN.
 *
 * One plan a call, found when the program is prepared; running is one
 * cudnnBackendExecute over bound memory.  Forward tries bias and ReLU inside
 * the same kernel, else does them in one pass of our own behind it; db is a
 * sum of our own.  Where no graph will do, cuDNN's older functions are asked.
 */
#include "device/cuda/conv.h"

#include <stdio.h>
#include <stdlib.h>

struct conv_call {
    struct crema_call base;
    struct cudnn_plan *plan; /* or legacy, or neither: only db */
    struct conv_legacy *legacy;
    int64_t uid[4]; /* of x, w, y, b in the plan */
    bool behind;    /* bias and ReLU are done after it */
    void *scratch;
    char info[48];
};

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

static int epilogue(cudaStream_t stream, const struct conv_parts *p, bool relu)
{
    struct crema_axis channels = crema_cuda_channels(p->y);

    return crema_cuda_scale(stream, &channels, p->y->data, NULL,
                            p->b ? p->b->data : NULL, relu, p->y->data);
}

/* The convolution itself. */
static enum crema_status convolve(const struct conv_call *call,
                                  const struct crema_op *op,
                                  const struct conv_parts *p)
{
    cudnnHandle_t handle = crema_cuda(call->base.dev)->cudnn;
    cudnnStatus_t status =
        call->plan
            ? crema_cudnn_plan_run(call->plan, handle)
            : crema_cuda_legacy_run(call->legacy, handle, p, call->scratch);

    return status ? crema_cudnn_failed(call->base.dev->ctx, op, status,
                                       call->plan ? "cudnnBackendExecute"
                                                  : "cudnnConvolution")
                  : CREMA_OK;
}

static enum crema_status run(struct crema_call *base, struct crema_op *op)
{
    struct conv_call *call = (struct conv_call *)base;
    struct conv_parts p = crema_cuda_conv_parts(op);
    cudaStream_t stream = crema_cuda(base->dev)->stream;
    int error = 0;

    if (call->plan || call->legacy) CREMA_TRY(convolve(call, op, &p));
    if (call->behind) error = epilogue(stream, &p, op->relu);
    if (p.way == CUDNN_BWD_FILTER && p.b) error = sum_bias(stream, &p);
    return error ? crema_cuda_launch_failed(base->dev, op, error) : CREMA_OK;
}

static enum crema_status bind(struct crema_call *base, struct crema_op *op,
                              void *scratch)
{
    struct conv_call *call = (struct conv_call *)base;
    struct conv_parts p = crema_cuda_conv_parts(op);
    const struct crema_tensor *t[4] = { p.x, p.w, p.y, p.b };
    int64_t uid[4];
    void *data[4];
    int n = 0;

    call->scratch = scratch;
    if (!call->plan) return CREMA_OK;
    for (int i = 0; i < 4; i++) {
        if (call->uid[i] == 0) continue;
        uid[n] = call->uid[i];
        data[n++] = t[i]->data;
    }
    call->plan->ctx = base->dev->ctx;
    return crema_cudnn_plan_bind(call->plan, n, uid, data,
                                 call->plan->workspace ? scratch : NULL);
}

static void free_call(struct crema_call *base)
{
    struct conv_call *call = (struct conv_call *)base;

    crema_cudnn_plan_close(call->plan);
    crema_cuda_legacy_close(call->legacy);
    free(call);
}

/* ---- planning ---------------------------------------------------------- */

/* CREMA_EUNSUPPORTED when no engine will do. */
static enum crema_status find(struct crema_cuda *c, const struct crema_op *op,
                              bool fused, struct conv_call *call)
{
    struct conv_wish wish = { c->cudnn, c->channels_last, fused };
    struct cudnn_filter filters[CONV_FILTERS];
    struct conv_graph g;
    enum crema_status status;

    CREMA_TRY(crema_cuda_conv_graph(&c->trial, op, &wish, &g));
    crema_cuda_conv_filters(c->workspace_limit, filters);
    status = crema_cudnn_search(g.graph, &c->target, CONV_FILTERS, filters,
                                &call->plan);
    crema_cudnn_graph_close(g.graph);
    if (status) return status;
    for (int i = 0; i < 4; i++) call->uid[i] = g.uid[i];
    call->base.scratch_bytes = (size_t)call->plan->workspace;
    snprintf(call->info, sizeof call->info, "cudnn engine %d%s",
             (int)call->plan->engine, fused ? " fused" : "");
    return CREMA_OK;
}

static enum crema_status choose(struct crema_cuda *c, struct crema_ctx *ctx,
                                const struct crema_op *op,
                                struct conv_call *call)
{
    struct conv_parts p = crema_cuda_conv_parts(op);
    bool forward = p.way == CUDNN_FORWARD, more = p.b || op->relu;

    if (forward && more && find(c, op, true, call) == CREMA_OK) return CREMA_OK;
    call->behind = forward && more;
    if (find(c, op, false, call) == CREMA_OK) return CREMA_OK;
    CREMA_TRY(crema_cuda_legacy_open(c, ctx, op, &call->legacy));
    call->base.scratch_bytes = crema_cuda_legacy_workspace(call->legacy);
    snprintf(call->info, sizeof call->info, "cudnn legacy");
    return CREMA_OK;
}

/* An empty batch: dW and db are sums of nothing. */
static enum crema_status run_empty(struct crema_call *base, struct crema_op *op)
{
    struct crema_cuda *c = crema_cuda(base->dev);

    for (int i = 0; i < op->nout; i++)
        if (op->out[i] && op->out[i]->layout.bytes)
            CREMA_CUDA_TRY(base->dev->ctx, op, cudaMemsetAsync,
                           op->out[i]->data, 0, op->out[i]->layout.bytes,
                           c->stream);
    return CREMA_OK;
}

static void fill_ports(const struct crema_cuda *c, const struct crema_op *op,
                       struct crema_port in[], struct crema_port out[])
{
    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want = crema_cuda_conv_layout(op->in[i], c->channels_last);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i])
            out[i].want = crema_cuda_conv_layout(op->out[i], c->channels_last);
}

enum crema_status crema_cuda_plan_conv(struct crema_device *dev,
                                       struct crema_op *op,
                                       struct crema_port in[],
                                       struct crema_port out[])
{
    struct crema_cuda *c = crema_cuda(dev);
    struct conv_parts p = crema_cuda_conv_parts(op);
    struct conv_call *call = calloc(1, sizeof *call);
    enum crema_status status = CREMA_OK;

    if (!call) return crema_no_memory(dev->ctx, "a convolution");
    call->base = (struct crema_call){
        .run = run, .bind = bind, .free = free_call, .info = call->info
    };
    fill_ports(c, op, in, out);
    if ((p.x && crema_shape_count(&p.x->shape) == 0) ||
        crema_shape_count(&p.y->shape) == 0)
        call->base.run = run_empty;
    else if (p.w) /* else only db is wanted */
        status = choose(c, dev->ctx, op, call);
    if (status != CREMA_OK) {
        free_call(&call->base);
        return status;
    }
    op->call = &call->base;
    return CREMA_OK;
}
