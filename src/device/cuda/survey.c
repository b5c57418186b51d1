/* survey.c - what cuDNN would do on a GPU that is described, not there. */
#include "device/cuda/survey.h"

#include "device/cuda/engine.h"

enum { LISTED = 96 };

/* A choice that was kept as text is the same afterwards. */
static bool survives(enum conv_form form, const struct cudnn_choice *engine)
{
    struct conv_choice choice = { form, *engine, 0 }, read;
    char text[CONV_TEXT];

    return crema_conv_choice_parse(crema_conv_choice_print(&choice, text),
                                   &read) &&
           crema_cudnn_choice_same(&read.engine, engine);
}

static enum crema_status build(struct crema_ctx *ctx, struct cudnn_graph *g,
                               const struct crema_survey *s,
                               const struct cudnn_target *target,
                               enum conv_form form,
                               const struct cudnn_choice *choice,
                               struct crema_surveyed *out)
{
    struct cudnn_plan *plan = NULL;

    CREMA_TRY(crema_cudnn_plan_open(ctx, g, target, choice,
                                    (int64_t)s->workspace, &plan));
    if (out->built++ == 0) out->first = *choice;
    out->odd += plan->workspace != choice->workspace || !survives(form, choice);
    crema_cudnn_plan_close(plan);
    return CREMA_OK;
}

static enum crema_status look(struct crema_ctx *ctx,
                              const struct crema_survey *s,
                              const struct conv_case *c, enum conv_form form,
                              const struct cudnn_target *target,
                              struct crema_surveyed *out)
{
    struct cudnn_filter f =
        crema_cuda_conv_filter(c, s->deterministic, s->workspace);
    struct cudnn_choice list[LISTED];
    struct conv_graph g;
    enum crema_status status;

    if (!s->compile)
        f.refuse_behaviour = 1u << CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
    CREMA_TRY(crema_cuda_conv_graph(ctx, NULL, c, form, &g));
    status = crema_cudnn_list(g.graph, target, &f, LISTED, list, &out->listed);
    for (int i = 0; i < out->listed && status != CREMA_ENOMEM; i++) {
        if (out->built && !s->rebuild) break;
        status = build(ctx, g.graph, s, target, form, &list[i], out);
    }
    crema_cudnn_graph_close(g.graph);
    return status == CREMA_ENOMEM ? status
           : out->built           ? CREMA_OK
                                  : CREMA_EUNSUPPORTED;
}

enum crema_status crema_cuda_survey(struct crema_ctx *ctx,
                                    const struct crema_survey *s,
                                    const struct conv_case *c,
                                    enum conv_form form,
                                    struct crema_surveyed *out)
{
    struct cudnn_target target;
    enum crema_status status;

    *out = (struct crema_surveyed){ 0 };
    CREMA_TRY(crema_cudnn_target_described(ctx, s->device, &target));
    status = look(ctx, s, c, form, &target, out);
    crema_cudnn_target_free(&target);
    return status;
}
