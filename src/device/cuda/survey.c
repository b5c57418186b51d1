/* survey.c - what cuDNN would do on a GPU that is described, not there. */
#include "device/cuda/survey.h"

#include "device/cuda/engine.h"

static enum crema_status find(struct crema_ctx *ctx,
                              const struct crema_survey *s,
                              const struct crema_op *op,
                              const struct cudnn_target *target,
                              struct crema_surveyed *out)
{
    struct cudnn_filter filters[CONV_FILTERS];
    struct conv_wish wish = { NULL, s->channels_last, s->fused };
    struct cudnn_plan *plan = NULL;
    struct conv_graph c;
    enum crema_status status;

    CREMA_TRY(crema_cuda_conv_graph(ctx, op, &wish, &c));
    crema_cuda_conv_filters(s->workspace, filters);
    status = crema_cudnn_search(c.graph, target, CONV_FILTERS, filters, &plan);
    if (!status)
        *out = (struct crema_surveyed){ (int)plan->engine, plan->workspace,
                                        plan->notes, plan->behaviour };
    crema_cudnn_plan_close(plan);
    crema_cudnn_graph_close(c.graph);
    return status;
}

enum crema_status crema_cuda_survey(struct crema_ctx *ctx,
                                    const struct crema_survey *s,
                                    const struct crema_op *op,
                                    struct crema_surveyed *out)
{
    struct cudnn_target target;
    enum crema_status status;

    CREMA_TRY(crema_cudnn_target_described(ctx, s->device, &target));
    status = find(ctx, s, op, &target, out);
    crema_cudnn_target_free(&target);
    return status;
}
