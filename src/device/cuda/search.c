/* search.c - which engines can run a graph: cuDNN's heuristics, filtered; and
 * a plan from an engine's number and its knobs.
 *
 * A listed engine may still fail to build, and only the empty list means
 * "unsupported".
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

static enum crema_status set(struct crema_ctx *ctx, cudnnBackendDescriptor_t d,
                             cudnnBackendAttributeName_t name,
                             cudnnBackendAttributeType_t type, int64_t count,
                             const void *value)
{
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendSetAttribute, d, name, type, count,
                    value);
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

/* ---- a listed engine as plain numbers ---------------------------------- */

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
    for (int64_t i = 0; i < count && i < 32; i++)
        if (list[i] >= 0 && list[i] < 32) bits |= 1u << list[i];
    return bits;
}

/* An engine, and how it is set, as descriptors. */
struct parts {
    cudnnBackendDescriptor_t engine, config, knob[CUDNN_KNOBS];
};

static void drop(struct parts *p)
{
    if (p->config) cudnnBackendDestroyDescriptor(p->config);
    for (int i = 0; i < CUDNN_KNOBS; i++)
        if (p->knob[i]) cudnnBackendDestroyDescriptor(p->knob[i]);
    if (p->engine) cudnnBackendDestroyDescriptor(p->engine);
}

static enum crema_status read_engine(struct crema_ctx *ctx, struct parts *p,
                                     cudnnBackendDescriptor_t config,
                                     struct cudnn_choice *c)
{
    int64_t count;

    CREMA_TRY(make(ctx, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &p->engine));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, config,
                    CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                    1, &count, &p->engine);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, p->engine,
                    CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &count,
                    &c->engine);
    c->notes = notes(p->engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                     CUDNN_TYPE_NUMERICAL_NOTE);
    c->behaviour = notes(p->engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
                         CUDNN_TYPE_BEHAVIOR_NOTE);
    if (cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE,
                                 CUDNN_TYPE_INT64, 1, &count, &c->workspace))
        c->workspace = -1;
    return CREMA_OK;
}

static enum crema_status read_knob(struct crema_ctx *ctx,
                                   cudnnBackendDescriptor_t knob, int *type,
                                   int64_t *value)
{
    cudnnBackendKnobType_t t = CUDNN_KNOB_TYPE_COUNTS;
    int64_t count;

    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, knob,
                    CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1,
                    &count, &t);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, knob,
                    CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1,
                    &count, value);
    *type = (int)t;
    return CREMA_OK;
}

/* How many there are, only the answer tells. */
static enum crema_status read_knobs(struct crema_ctx *ctx, struct parts *p,
                                    cudnnBackendDescriptor_t config,
                                    struct cudnn_choice *c)
{
    int64_t n = 0;

    for (int i = 0; i < CUDNN_KNOBS; i++)
        CREMA_TRY(make(ctx, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, &p->knob[i]));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, config,
                    CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                    CUDNN_TYPE_BACKEND_DESCRIPTOR, CUDNN_KNOBS, &n, p->knob);
    if (n > CUDNN_KNOBS) return CREMA_EUNSUPPORTED;
    for (int64_t i = 0; i < n; i++)
        CREMA_TRY(
            read_knob(ctx, p->knob[i], &c->knob[i].type, &c->knob[i].value));
    c->nknobs = (int)n;
    return CREMA_OK;
}

/* What cannot be read is as good as not listed. */
static enum crema_status read_choice(struct crema_ctx *ctx,
                                     cudnnBackendDescriptor_t config,
                                     struct cudnn_choice *c)
{
    struct parts p = { 0 };
    enum crema_status status;

    *c = (struct cudnn_choice){ 0 };
    status = read_engine(ctx, &p, config, c);
    if (status == CREMA_OK) status = read_knobs(ctx, &p, config, c);
    drop(&p);
    return status;
}

/* ---- the list ---------------------------------------------------------- */

/* What the heuristics name; made here, for cuDNN to fill. */
struct answers {
    cudnnBackendDescriptor_t heuristic, config[CONFIGS];
    int64_t count;
};

static void forget(struct answers *a)
{
    for (int i = 0; i < CONFIGS; i++)
        if (a->config[i]) cudnnBackendDestroyDescriptor(a->config[i]);
    if (a->heuristic) cudnnBackendDestroyDescriptor(a->heuristic);
}

static enum crema_status ask(struct cudnn_graph *g,
                             const struct cudnn_target *t,
                             cudnnBackendHeurMode_t mode, struct answers *a)
{
    struct crema_ctx *ctx = g->ctx;

    CREMA_TRY(make(ctx, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &a->heuristic));
    CREMA_TRY(set(ctx, a->heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                  CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->graph));
    CREMA_TRY(set(ctx, a->heuristic, CUDNN_ATTR_ENGINEHEUR_MODE,
                  CUDNN_TYPE_HEUR_MODE, 1, &mode));
    if (t->device)
        CREMA_TRY(set(ctx, a->heuristic, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &t->device));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, a->heuristic);
    for (int i = 0; i < CONFIGS; i++)
        CREMA_TRY(make(ctx, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &a->config[i]));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, a->heuristic,
                    CUDNN_ATTR_ENGINEHEUR_RESULTS,
                    CUDNN_TYPE_BACKEND_DESCRIPTOR, CONFIGS, &a->count,
                    a->config);
    if (a->count > CONFIGS) a->count = CONFIGS;
    return CREMA_OK;
}

static bool refused(const struct cudnn_choice *c, const struct cudnn_filter *f)
{
    return (c->notes & f->refuse_notes) ||
           (c->behaviour & f->refuse_behaviour) || c->workspace > f->workspace;
}

/* Adds what is new and passes; *count grows. */
static void take(struct crema_ctx *ctx, const struct answers *a,
                 const struct cudnn_filter *f, int room,
                 struct cudnn_choice *out, int *count)
{
    for (int64_t i = 0; i < a->count && *count < room; i++) {
        struct cudnn_choice *c = &out[*count];
        bool is_new = read_choice(ctx, a->config[i], c) == CREMA_OK;

        is_new = is_new && !refused(c, f);
        for (int k = 0; k < *count && is_new; k++)
            is_new = !crema_cudnn_choice_same(&out[k], c);
        *count += is_new;
    }
}

/* A mode that fails is as good as one without an answer. */
enum crema_status crema_cudnn_list(struct cudnn_graph *g,
                                   const struct cudnn_target *t,
                                   const struct cudnn_filter *f, int room,
                                   struct cudnn_choice *out, int *count)
{
    static const cudnnBackendHeurMode_t modes[] = { CUDNN_HEUR_MODE_A,
                                                    CUDNN_HEUR_MODE_B,
                                                    CUDNN_HEUR_MODE_FALLBACK };

    *count = 0;
    for (int i = 0; i < 3; i++) {
        struct answers a = { 0 };
        enum crema_status status = ask(g, t, modes[i], &a);

        if (status == CREMA_OK) take(g->ctx, &a, f, room, out, count);
        forget(&a);
        if (status == CREMA_ENOMEM) return status;
    }
    return CREMA_OK;
}

/* ---- plans ------------------------------------------------------------- */

static enum crema_status make_engine(struct crema_ctx *ctx,
                                     const struct cudnn_graph *g,
                                     const struct cudnn_target *t,
                                     int64_t number,
                                     cudnnBackendDescriptor_t *out)
{
    CREMA_TRY(make(ctx, CUDNN_BACKEND_ENGINE_DESCRIPTOR, out));
    CREMA_TRY(set(ctx, *out, CUDNN_ATTR_ENGINE_OPERATION_GRAPH,
                  CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g->graph));
    CREMA_TRY(set(ctx, *out, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64,
                  1, &number));
    if (t->device)
        CREMA_TRY(set(ctx, *out, CUDNN_ATTR_ENGINE_DEVICEPROP,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &t->device));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, *out);
    return CREMA_OK;
}

static enum crema_status make_knob(struct crema_ctx *ctx,
                                   cudnnBackendKnobType_t type, int64_t value,
                                   cudnnBackendDescriptor_t *out)
{
    CREMA_TRY(make(ctx, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, out));
    CREMA_TRY(set(ctx, *out, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE,
                  CUDNN_TYPE_KNOB_TYPE, 1, &type));
    CREMA_TRY(set(ctx, *out, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE,
                  CUDNN_TYPE_INT64, 1, &value));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, *out);
    return CREMA_OK;
}

static enum crema_status configure(struct crema_ctx *ctx,
                                   const struct cudnn_graph *g,
                                   const struct cudnn_target *t,
                                   const struct cudnn_choice *c,
                                   struct parts *p)
{
    CREMA_TRY(make_engine(ctx, g, t, c->engine, &p->engine));
    CREMA_TRY(make(ctx, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &p->config));
    CREMA_TRY(set(ctx, p->config, CUDNN_ATTR_ENGINECFG_ENGINE,
                  CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &p->engine));
    for (int i = 0; i < c->nknobs; i++)
        CREMA_TRY(make_knob(ctx, (cudnnBackendKnobType_t)c->knob[i].type,
                            c->knob[i].value, &p->knob[i]));
    if (c->nknobs)
        CREMA_TRY(set(ctx, p->config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, c->nknobs, p->knob));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, p->config);
    return CREMA_OK;
}

static enum crema_status fill_plan(struct crema_ctx *ctx, struct cudnn_plan *p,
                                   const struct cudnn_target *t,
                                   cudnnBackendDescriptor_t config)
{
    int64_t count;

    CREMA_TRY(make(ctx, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &p->plan));
    if (t->handle)
        CREMA_TRY(set(ctx, p->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE,
                      CUDNN_TYPE_HANDLE, 1, &t->handle));
    else
        CREMA_TRY(set(ctx, p->plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &t->device));
    CREMA_TRY(set(ctx, p->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                  CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, p->plan);
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendGetAttribute, p->plan,
                    CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
                    1, &count, &p->workspace);
    return CREMA_OK;
}

enum crema_status crema_cudnn_plan_open(struct crema_ctx *ctx,
                                        const struct cudnn_graph *g,
                                        const struct cudnn_target *t,
                                        const struct cudnn_choice *c,
                                        int64_t workspace,
                                        struct cudnn_plan **out)
{
    struct cudnn_plan *p = calloc(1, sizeof *p);
    struct parts parts = { 0 };
    enum crema_status status;

    if (!p) return crema_no_memory(ctx, "a cuDNN plan");
    status = configure(ctx, g, t, c, &parts);
    if (status == CREMA_OK) status = fill_plan(ctx, p, t, parts.config);
    drop(&parts);
    if (status == CREMA_OK && p->workspace <= workspace) {
        *out = p;
        return CREMA_OK;
    }
    crema_cudnn_plan_close(p);
    return status == CREMA_ENOMEM ? status : CREMA_EUNSUPPORTED;
}

void crema_cudnn_plan_close(struct cudnn_plan *p)
{
    if (!p) return;
    if (p->plan) cudnnBackendDestroyDescriptor(p->plan);
    free(p);
}

/* ---- running ----------------------------------------------------------- */

static enum crema_status fill_pack(struct crema_ctx *ctx,
                                   cudnnBackendDescriptor_t pack, int count,
                                   const int64_t *uids, void *const *data,
                                   void *workspace)
{
    CREMA_TRY(set(ctx, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS,
                  CUDNN_TYPE_INT64, count, uids));
    CREMA_TRY(set(ctx, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                  CUDNN_TYPE_VOID_PTR, count, data));
    CREMA_TRY(set(ctx, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE,
                  CUDNN_TYPE_VOID_PTR, 1, &workspace));
    CREMA_CUDNN_TRY(ctx, NULL, cudnnBackendFinalize, pack);
    return CREMA_OK;
}

enum crema_status crema_cudnn_pack(struct crema_ctx *ctx, int count,
                                   const int64_t *uids, void *const *data,
                                   void *workspace,
                                   cudnnBackendDescriptor_t *out)
{
    enum crema_status status;

    CREMA_TRY(make(ctx, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, out));
    status = fill_pack(ctx, *out, count, uids, data, workspace);
    if (status == CREMA_OK) return CREMA_OK;
    cudnnBackendDestroyDescriptor(*out);
    *out = NULL;
    return status;
}

cudnnStatus_t crema_cudnn_plan_run(struct cudnn_plan *p,
                                   cudnnBackendDescriptor_t pack,
                                   cudnnHandle_t handle)
{
    return cudnnBackendExecute(handle, p->plan, pack);
}
