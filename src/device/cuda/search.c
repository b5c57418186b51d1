/* search.c - which engine runs a graph: cuDNN's heuristics, filtered, the first
 * that can be built.
 *
 * A listed configuration may still fail to build: the next one is tried, and
 * only the empty list means "unsupported".
 */
#include "device/cuda/cuda.h"

#include <stdlib.h>
#include <string.h>

enum { CONFIGS = 32 };

static enum crema_status make(struct crema_ctx *ctx,
                              cudnnBackendDescriptorType_t type,
                              cudnnBackendDescriptor_t *out)
{
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendCreateDescriptor, type, out);
    return CREMA_OK;
}

/* ---- the device a plan is for ------------------------------------------ */

enum crema_status crema_cudnn_target_described(struct crema_ctx *ctx,
                                               const char *json,
                                               struct cudnn_target *t)
{
    cudnnStatus_t status;

    *t = (struct cudnn_target){ 0 };
    CREMA_TRY(make(ctx, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &t->device));
    status = cudnnBackendSetAttribute(
        t->device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
        (int64_t)strlen(json), json);
    if (!status) status = cudnnBackendFinalize(t->device);
    if (!status) return CREMA_OK;
    crema_cudnn_target_free(t);
    return crema_cudnn_failed(ctx, NULL, status,
                              "device properties: cudnnBackendFinalize");
}

void crema_cudnn_target_free(struct cudnn_target *t)
{
    if (t->device) cudnnBackendDestroyDescriptor(t->device);
    *t = (struct cudnn_target){ 0 };
}

/* ---- configurations ---------------------------------------------------- */

struct choice {
    int64_t engine, workspace; /* workspace -1: not told */
    unsigned notes, behaviour;
};

/* Bits of the notes of `engine`. */
static unsigned notes(cudnnBackendDescriptor_t engine,
                      cudnnBackendAttributeName_t name,
                      cudnnBackendAttributeType_t type)
{
    int list[32]; /* both enums are ints */
    int64_t count = 0;
    unsigned bits = 0;

    if (cudnnBackendGetAttribute(engine, name, type, 32, &count, list))
        return 0;
    for (int64_t i = 0; i < count && i < 32; i++) bits |= 1u << list[i];
    return bits;
}

static enum crema_status describe(struct crema_ctx *ctx,
                                  cudnnBackendDescriptor_t config,
                                  struct choice *c)
{
    cudnnBackendDescriptor_t engine;
    cudnnStatus_t status;
    int64_t count;

    CREMA_TRY(make(ctx, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine));
    status = cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE,
                                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
                                      &engine);
    if (!status)
        status =
            cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX,
                                     CUDNN_TYPE_INT64, 1, &count, &c->engine);
    c->notes = notes(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                     CUDNN_TYPE_NUMERICAL_NOTE);
    c->behaviour = notes(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
                         CUDNN_TYPE_BEHAVIOR_NOTE);
    if (cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE,
                                 CUDNN_TYPE_INT64, 1, &count, &c->workspace))
        c->workspace = -1;
    cudnnBackendDestroyDescriptor(engine);
    return status ? crema_cudnn_failed(ctx, NULL, status,
                                       "engine: cudnnBackendGetAttribute")
                  : CREMA_OK;
}

static bool refused(const struct choice *c, const struct cudnn_filter *f)
{
    return (c->notes & f->refuse_notes) ||
           (c->behaviour & f->refuse_behaviour) || c->workspace > f->workspace;
}

/* ---- plans ------------------------------------------------------------- */

static enum crema_status fill_plan(struct cudnn_plan *p,
                                   const struct cudnn_target *t,
                                   cudnnBackendDescriptor_t config)
{
    struct crema_ctx *ctx = p->ctx;
    int64_t count;

    CREMA_TRY(make(ctx, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &p->plan));
    if (t->handle)
        CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, p->plan,
                        CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
                        &t->handle);
    else
        CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, p->plan,
                        CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                        CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &t->device);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, p->plan,
                    CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                    CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, p->plan);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, p->plan,
                    CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
                    1, &count, &p->workspace);
    return CREMA_OK;
}

/* CREMA_EUNSUPPORTED where this engine will not do. */
static enum crema_status build(struct crema_ctx *ctx,
                               const struct cudnn_target *t,
                               const struct cudnn_filter *filter,
                               cudnnBackendDescriptor_t config,
                               struct cudnn_plan **out)
{
    struct choice c = { 0 };
    struct cudnn_plan *p;

    CREMA_TRY(describe(ctx, config, &c));
    if (refused(&c, filter)) return CREMA_EUNSUPPORTED;
    p = calloc(1, sizeof *p);
    if (!p) return crema_no_memory(ctx, "a cuDNN plan");
    p->ctx = ctx;
    p->engine = c.engine;
    p->notes = c.notes;
    p->behaviour = c.behaviour;
    if (fill_plan(p, t, config) || p->workspace > filter->workspace) {
        crema_cudnn_plan_close(p);
        return CREMA_EUNSUPPORTED;
    }
    *out = p;
    return CREMA_OK;
}

/* What the heuristics named, best first; made here, for cuDNN to fill. */
struct answers {
    cudnnBackendDescriptor_t config[2 * CONFIGS];
    int64_t count;
};

static void forget(struct answers *a)
{
    for (int i = 0; i < 2 * CONFIGS; i++)
        if (a->config[i]) cudnnBackendDestroyDescriptor(a->config[i]);
}

static enum crema_status ask(struct cudnn_graph *g,
                             const struct cudnn_target *t,
                             cudnnBackendHeurMode_t mode,
                             cudnnBackendDescriptor_t heuristic,
                             struct answers *a)
{
    cudnnBackendDescriptor_t *room = a->config + a->count;
    int64_t got = 0;

    CREMA_CUDNN_TRY(g->ctx, NULL, cudnnBackendSetAttribute, heuristic,
                    CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                    CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->graph);
    CREMA_CUDNN_TRY(g->ctx, NULL, cudnnBackendSetAttribute, heuristic,
                    CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    if (t->device)
        CREMA_CUDNN_TRY(g->ctx, NULL, cudnnBackendSetAttribute, heuristic,
                        CUDNN_ATTR_ENGINEHEUR_DEVICEPROP,
                        CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &t->device);
    CREMA_CUDNN_TRY(g->ctx, NULL, cudnnBackendFinalize, heuristic);
    for (int i = 0; i < CONFIGS; i++)
        if (!room[i])
            CREMA_TRY(
                make(g->ctx, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &room[i]));
    CREMA_CUDNN_TRY(g->ctx, NULL, cudnnBackendGetAttribute, heuristic,
                    CUDNN_ATTR_ENGINEHEUR_RESULTS,
                    CUDNN_TYPE_BACKEND_DESCRIPTOR, CONFIGS, &got, room);
    a->count += got < CONFIGS ? got : CONFIGS;
    return CREMA_OK;
}

/* A mode that fails is as good as one without an answer. */
static enum crema_status
ask_all(struct cudnn_graph *g, const struct cudnn_target *t, struct answers *a)
{
    static const cudnnBackendHeurMode_t modes[] = { CUDNN_HEUR_MODE_A,
                                                    CUDNN_HEUR_MODE_FALLBACK };

    for (int i = 0; i < 2; i++) {
        cudnnBackendDescriptor_t heuristic;
        enum crema_status status;

        CREMA_TRY(
            make(g->ctx, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristic));
        status = ask(g, t, modes[i], heuristic, a);
        cudnnBackendDestroyDescriptor(heuristic);
        if (status == CREMA_ENOMEM) return status;
    }
    return CREMA_OK;
}

enum crema_status crema_cudnn_search(struct cudnn_graph *g,
                                     const struct cudnn_target *t, int filters,
                                     const struct cudnn_filter *filter,
                                     struct cudnn_plan **out)
{
    struct answers a = { { 0 }, 0 };
    enum crema_status status = ask_all(g, t, &a);

    if (!status) status = CREMA_EUNSUPPORTED;
    for (int f = 0; f < filters; f++)
        for (int64_t i = 0; i < a.count && status == CREMA_EUNSUPPORTED; i++)
            status = build(g->ctx, t, &filter[f], a.config[i], out);
    forget(&a);
    return status;
}

/* ---- running ----------------------------------------------------------- */

enum crema_status crema_cudnn_plan_bind(struct cudnn_plan *p, int count,
                                        const int64_t *uids, void *const *data,
                                        void *workspace)
{
    struct crema_ctx *ctx = p->ctx;

    if (p->pack) cudnnBackendDestroyDescriptor(p->pack);
    p->pack = NULL;
    CREMA_TRY(make(ctx, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &p->pack));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, p->pack,
                    CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count,
                    uids);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, p->pack,
                    CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                    count, data);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, p->pack,
                    CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1,
                    &workspace);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, p->pack);
    return CREMA_OK;
}

cudnnStatus_t crema_cudnn_plan_run(struct cudnn_plan *p, cudnnHandle_t handle)
{
    return cudnnBackendExecute(handle, p->plan, p->pack);
}

void crema_cudnn_plan_close(struct cudnn_plan *p)
{
    if (!p) return;
    if (p->pack) cudnnBackendDestroyDescriptor(p->pack);
    if (p->plan) cudnnBackendDestroyDescriptor(p->plan);
    free(p);
}
