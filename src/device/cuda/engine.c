/* engine.c - what convolves: the first of cuDNN's engines that can, or one of
 * its older functions.
 *
 * Found when a program is prepared; running is one cudnnBackendExecute over
 * memory bound before.
 */
#include "device/cuda/engine.h"

#include <stdio.h>
#include <stdlib.h>

struct conv_engine {
    struct cudnn_plan *plan; /* or legacy */
    struct conv_legacy *legacy;
    int64_t uid[4];  /* of x, w, y, b in the plan */
    void *workspace; /* of legacy */
    char info[48];
};

bool crema_cuda_wants_channels_last(const struct crema_device *dev)
{
    return crema_cuda(dev)->channels_last;
}

static enum crema_status find_graph(struct crema_device *dev,
                                    const struct crema_op *op, bool fused,
                                    struct conv_engine *e)
{
    /* the last of them lets in what is not */
    const int filters_used = CONV_FILTERS - dev->deterministic;
    struct crema_cuda *c = crema_cuda(dev);
    struct conv_wish wish = { c->cudnn, c->channels_last, fused };
    struct cudnn_filter filters[CONV_FILTERS];
    struct conv_graph g;
    enum crema_status status;

    CREMA_TRY(crema_cuda_conv_graph(&c->trial, op, &wish, &g));
    crema_cuda_conv_filters(c->workspace_limit, filters);
    status = crema_cudnn_search(g.graph, &c->target, filters_used, filters,
                                &e->plan);
    crema_cudnn_graph_close(g.graph);
    if (status) return status;
    for (int i = 0; i < 4; i++) e->uid[i] = g.uid[i];
    snprintf(e->info, sizeof e->info, "cudnn engine %d%s", (int)e->plan->engine,
             fused ? " fused" : "");
    return CREMA_OK;
}

/* Whatever a graph fails with, the older functions may do. */
enum crema_status crema_cuda_engine_find(struct crema_device *dev,
                                         const struct crema_op *op, bool fused,
                                         struct conv_engine **out)
{
    struct crema_cuda *c = crema_cuda(dev);
    struct conv_engine *e = calloc(1, sizeof *e);
    enum crema_status status;

    if (!e) return crema_no_memory(dev->ctx, "a convolution");
    status = find_graph(dev, op, fused, e);
    if (status && fused) status = CREMA_EUNSUPPORTED;
    if (status && !fused) {
        status = crema_cuda_legacy_open(c, dev->ctx, op, &e->legacy);
        snprintf(e->info, sizeof e->info, "cudnn legacy");
    }
    if (status) {
        crema_cuda_engine_free(e);
        return status;
    }
    *out = e;
    return CREMA_OK;
}

size_t crema_cuda_engine_workspace(const struct conv_engine *e)
{
    return e->plan ? (size_t)e->plan->workspace
                   : crema_cuda_legacy_workspace(e->legacy);
}

const char *crema_cuda_engine_info(const struct conv_engine *e)
{
    return e->info;
}

enum crema_status crema_cuda_engine_bind(struct conv_engine *e,
                                         struct crema_device *dev,
                                         const struct crema_op *op,
                                         void *workspace)
{
    struct conv_parts p = crema_cuda_conv_parts(op);
    const struct crema_tensor *t[4] = { p.x, p.w, p.y, p.b };
    int64_t uid[4];
    void *data[4];
    int n = 0;

    e->workspace = workspace;
    if (!e->plan) return CREMA_OK;
    for (int i = 0; i < 4; i++) {
        if (e->uid[i] == 0) continue;
        uid[n] = e->uid[i];
        data[n++] = t[i]->data;
    }
    e->plan->ctx = dev->ctx; /* from now on failures count */
    return crema_cudnn_plan_bind(e->plan, n, uid, data,
                                 e->plan->workspace ? workspace : NULL);
}

enum crema_status crema_cuda_engine_run(struct conv_engine *e,
                                        struct crema_device *dev,
                                        const struct crema_op *op)
{
    cudnnHandle_t handle = crema_cuda(dev)->cudnn;
    struct conv_parts p = crema_cuda_conv_parts(op);
    cudnnStatus_t status =
        e->plan ? crema_cudnn_plan_run(e->plan, handle)
                : crema_cuda_legacy_run(e->legacy, handle, &p, e->workspace);

    return status ? crema_cudnn_failed(dev->ctx, op, status,
                                       e->plan ? "cudnnBackendExecute"
                                               : "cudnnConvolution")
                  : CREMA_OK;
}

void crema_cuda_engine_free(struct conv_engine *e)
{
    if (!e) return;
    crema_cudnn_plan_close(e->plan);
    crema_cuda_legacy_close(e->legacy);
    free(e);
}
