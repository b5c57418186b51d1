/* engine.c - what convolves: one of cuDNN's engines, one of its older
 * functions, or a kernel of our own.
 *
 * Found when a program is prepared: known from before, else the fastest of
 * those that are timed, else - where bits must be the same in every run, or
 * nothing could be timed - the first that the heuristics name.  Running is
 * cudnnBackendExecute over memory bound before, for each group where the form
 * is split.
 */
#include "device/cuda/engine.h"

#include "base/memo.h"
#include "device/cuda/conv_own.h"

#include <stdio.h>
#include <stdlib.h>

/* Each group's workspace begins at such an address. */
enum { ALIGN = 256 };

struct conv_engine {
    struct conv_case problem;
    enum conv_form form;
    struct cudnn_plan *plan; /* or legacy */
    struct conv_legacy *legacy;
    int64_t uid[4]; /* of x, w, y, b in the plan */
    int parts;      /* groups that are run each alone, or 1 */
    cudnnBackendDescriptor_t pack[CONV_SPLITS];
    struct conv_data data; /* of legacy */
    void *workspace;       /* of legacy */
    struct crema_own own;  /* of CONV_OWN */
    struct crema_own_data own_data;
    char info[64];
};

/* TF32 and bfloat16 came with 8.0; before, tensor cores had float16 alone. */
struct conv_manner crema_cuda_conv_manner(const struct crema_device *dev,
                                          enum crema_type type)
{
    bool tensor_cores =
        type != CREMA_F32 || (dev->tf32 && crema_cuda(dev)->capability >= 80);

    /* without them cuDNN would bring all operands into dense order first */
    return (struct conv_manner){ tensor_cores, tensor_cores };
}

/* ---- building ---------------------------------------------------------- */

static enum crema_status open_graph(struct crema_device *dev,
                                    const struct conv_choice *choice,
                                    struct conv_engine *e)
{
    struct crema_cuda *c = crema_cuda(dev);
    size_t limit =
        crema_cuda_workspace_limit(dev) / (size_t)e->parts / ALIGN * ALIGN;
    struct conv_graph g;
    enum crema_status status;

    CREMA_TRY(
        crema_cuda_conv_graph(&c->trial, c->cudnn, &e->problem, e->form, &g));
    status = crema_cudnn_plan_open(&c->trial, g.graph, &c->target,
                                   &choice->engine, (int64_t)limit, &e->plan);
    for (int i = 0; i < 4; i++) e->uid[i] = g.uid[i];
    crema_cudnn_graph_close(g.graph);
    snprintf(e->info, sizeof e->info, "cudnn engine %d%s%s",
             (int)choice->engine.engine, conv_is_fused(e->form) ? " fused" : "",
             conv_is_split(e->form) ? " by groups" : "");
    return status;
}

/* Not on GPUs that lack its instructions, or the shared memory. */
static enum crema_status open_own(struct crema_device *dev,
                                  const struct conv_choice *choice,
                                  struct conv_engine *e)
{
    const struct crema_cuda *c = crema_cuda(dev);
    int width = (int)choice->engine.engine, blocks = 0, processors = 0;
    struct crema_own_kind kind = { (int)e->problem.x.type, (int)e->problem.way,
                                   width };

    if (c->capability < CUDA_OWN_CAPABILITY ||
        !crema_conv_own_is_width(&e->problem, choice->engine.engine))
        return CREMA_EUNSUPPORTED;
    if (crema_cuda_own_prepare(&kind, &blocks) != 0 || blocks == 0) {
        (void)cudaGetLastError(); /* this failure is dealt with */
        return CREMA_EUNSUPPORTED;
    }
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaDeviceGetAttribute, &processors,
                   cudaDevAttrMultiProcessorCount, c->ordinal);
    snprintf(e->info, sizeof e->info, "own %dx%d", OWN_ROWS, width);
    return crema_conv_own_plan(&e->problem, width, (int64_t)blocks * processors,
                               crema_cuda_workspace_limit(dev), &e->own)
               ? CREMA_OK
               : CREMA_EUNSUPPORTED;
}

enum crema_status crema_cuda_engine_open(struct crema_device *dev,
                                         const struct conv_case *problem,
                                         const struct conv_choice *choice,
                                         struct conv_engine **out)
{
    struct conv_engine *e = calloc(1, sizeof *e);
    enum crema_status status;

    if (!e) return crema_no_memory(dev->ctx, "a convolution");
    e->problem = *problem;
    e->form = choice->form;
    e->parts = conv_is_split(e->form) ? (int)problem->conv.groups : 1;
    if (!crema_conv_form_fits(problem, e->form))
        status = CREMA_EUNSUPPORTED;
    else if (e->form == CONV_OWN)
        status = open_own(dev, choice, e);
    else if (e->form != CONV_LEGACY)
        status = open_graph(dev, choice, e);
    else {
        snprintf(e->info, sizeof e->info, "cudnn legacy");
        status = crema_cuda_legacy_open(dev, problem, &e->legacy);
    }
    if (status) {
        crema_cuda_engine_free(e);
        return status == CREMA_ENOMEM ? status : CREMA_EUNSUPPORTED;
    }
    *out = e;
    return CREMA_OK;
}

/* ---- choosing ---------------------------------------------------------- */

enum { LISTED = 64 };

/* The first listed engine of the form that builds. */
static enum crema_status first_of(struct crema_device *dev,
                                  const struct conv_case *problem,
                                  enum conv_form form,
                                  const struct cudnn_filter *f,
                                  struct conv_engine **out)
{
    struct crema_cuda *c = crema_cuda(dev);
    struct cudnn_choice list[LISTED];
    struct conv_graph g;
    enum crema_status status;
    int n = 0;

    CREMA_TRY(crema_cuda_conv_graph(&c->trial, c->cudnn, problem, form, &g));
    status = crema_cudnn_list(g.graph, &c->target, f, LISTED, list, &n);
    crema_cudnn_graph_close(g.graph);
    CREMA_TRY(status);
    status = CREMA_EUNSUPPORTED;
    for (int i = 0; i < n && status == CREMA_EUNSUPPORTED; i++) {
        const struct conv_choice choice = { form, list[i], 0 };

        status = crema_cuda_engine_open(dev, problem, &choice, out);
    }
    return status;
}

/* The first width of own tiles that will do; width 0: any. */
static enum crema_status first_own(struct crema_device *dev,
                                   const struct conv_case *problem, int width,
                                   struct conv_engine **out)
{
    enum crema_status status = CREMA_EUNSUPPORTED;

    for (int i = 0; i < CONV_OWN_WIDTHS && status == CREMA_EUNSUPPORTED; i++) {
        const struct conv_choice own = { .form = CONV_OWN,
                                         .engine.engine =
                                             crema_conv_own_widths[i] };

        if (width == 0 || width == crema_conv_own_widths[i])
            status = crema_cuda_engine_open(dev, problem, &own, out);
    }
    return status;
}

/* Fused before plain; in each first what is deterministic and needs no
 * compilation, then less. */
static enum crema_status first(struct crema_device *dev,
                               const struct conv_case *problem,
                               struct conv_engine **out)
{
    static const enum conv_form forms[] = { CONV_FUSED, CONV_PLAIN };
    static const struct conv_choice legacy = { .form = CONV_LEGACY };
    size_t limit = crema_cuda_workspace_limit(dev);

    for (int f = 0; f < 2; f++) {
        if (!crema_conv_form_fits(problem, forms[f])) continue;
        for (int less = 0; less < 3 - dev->deterministic; less++) {
            struct cudnn_filter filter =
                crema_cuda_conv_filter(problem, less < 2, limit);
            enum crema_status status;

            if (less == 0)
                filter.refuse_behaviour =
                    1u << CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
            status = first_of(dev, problem, forms[f], &filter, out);
            if (status == CREMA_OK || status == CREMA_ENOMEM) return status;
        }
    }
    if (first_own(dev, problem, 0, out) == CREMA_OK) return CREMA_OK;
    return crema_cuda_engine_open(dev, problem, &legacy, out);
}

/* What a run before this one found out, if that still works. */
static enum crema_status recall(struct crema_device *dev, const char *key,
                                const struct conv_case *problem,
                                struct conv_engine **out)
{
    const char *text = crema_memo_find(crema_cuda(dev)->memo, key);
    struct conv_choice choice;

    if (!text || !crema_conv_choice_parse(text, &choice))
        return CREMA_EUNSUPPORTED;
    return crema_cuda_engine_open(dev, problem, &choice, out);
}

/* Times them and remembers the fastest. */
static enum crema_status race(struct crema_device *dev, const char *key,
                              const struct conv_case *problem,
                              struct conv_engine **out)
{
    struct conv_choice choice;
    char text[CONV_TEXT];
    enum crema_status status;

    CREMA_TRY(crema_cuda_conv_race(dev, problem, &choice, out));
    status = crema_memo_put(crema_cuda(dev)->memo, key,
                            crema_conv_choice_print(&choice, text));
    if (status != CREMA_OK) crema_cuda_engine_free(*out);
    return status;
}

enum crema_status crema_cuda_engine_find(struct crema_device *dev,
                                         const struct conv_case *problem,
                                         struct conv_engine **out)
{
    char where[CUDA_WHERE], key[CONV_TEXT];
    enum crema_status status = CREMA_EUNSUPPORTED;

    if (dev->own_width) {
        status = first_own(dev, problem, dev->own_width, out);
        if (status != CREMA_EUNSUPPORTED) return status;
    }
    if (!dev->deterministic) {
        crema_conv_key(crema_cuda_where(dev, where), problem, key);
        status = recall(dev, key, problem, out);
        if (status == CREMA_EUNSUPPORTED) status = race(dev, key, problem, out);
    }
    return status == CREMA_EUNSUPPORTED ? first(dev, problem, out) : status;
}

/* ---- what was found ---------------------------------------------------- */

static size_t part_bytes(const struct conv_engine *e)
{
    return ((size_t)e->plan->workspace + ALIGN - 1) / ALIGN * ALIGN;
}

size_t crema_cuda_engine_workspace(const struct conv_engine *e)
{
    if (e->form == CONV_OWN) return crema_conv_own_workspace(&e->own);
    return e->plan ? part_bytes(e) * (size_t)e->parts
                   : crema_cuda_legacy_workspace(e->legacy);
}

const char *crema_cuda_engine_info(const struct conv_engine *e)
{
    return e->info;
}

bool crema_cuda_engine_fuses(const struct conv_engine *e)
{
    return conv_is_fused(e->form) || e->form == CONV_OWN;
}

enum crema_type crema_cuda_engine_bias(const struct conv_engine *e)
{
    return crema_cuda_bias_type(&e->problem, e->form);
}

/* ---- running ----------------------------------------------------------- */

static void *at(void *base, size_t bytes)
{
    return (char *)base + bytes;
}

/* Where the operands of group g begin. */
static struct conv_data group(const struct conv_engine *e,
                              const struct conv_data *d, size_t g)
{
    const struct conv_case *p = &e->problem;
    int64_t n = p->conv.groups;
    size_t b =
        (size_t)(p->y.dim[1] / n) * crema_type_bytes(crema_cuda_engine_bias(e));

    return (struct conv_data){ at(d->x, g * crema_conv_step(&p->x, 1, n)),
                               at(d->w, g * crema_conv_step(&p->w, 0, n)),
                               at(d->y, g * crema_conv_step(&p->y, 1, n)),
                               d->b ? at(d->b, g * b) : NULL };
}

static enum crema_status bind_part(struct conv_engine *e, struct crema_ctx *ctx,
                                   const struct conv_data *d, int part,
                                   void *workspace)
{
    struct conv_data mine = e->parts > 1 ? group(e, d, (size_t)part) : *d;
    void *const all[4] = { mine.x, mine.w, mine.y, mine.b };
    int64_t uid[4];
    void *data[4];
    int n = 0;

    for (int i = 0; i < 4; i++) {
        if (e->uid[i] == 0) continue;
        uid[n] = e->uid[i];
        data[n++] = all[i];
    }
    if (e->pack[part]) cudnnBackendDestroyDescriptor(e->pack[part]);
    e->pack[part] = NULL;
    return crema_cudnn_pack(
        ctx, n, uid, data,
        e->plan->workspace ? at(workspace, (size_t)part * part_bytes(e)) : NULL,
        &e->pack[part]);
}

enum crema_status crema_cuda_engine_bind(struct conv_engine *e,
                                         struct crema_device *dev,
                                         const struct conv_data *d,
                                         void *workspace)
{
    e->workspace = workspace;
    e->data = *d;
    if (e->form == CONV_OWN)
        e->own_data = crema_conv_own_data(&e->problem, d, workspace);
    for (int i = 0; i < e->parts && e->plan; i++)
        CREMA_TRY(bind_part(e, dev->ctx, d, i, workspace));
    return CREMA_OK;
}

/* The first group on the device's own stream, each other on one beside it. */
static enum crema_status run_parts(struct conv_engine *e,
                                   struct crema_device *dev,
                                   const struct crema_op *op)
{
    struct crema_cuda *c = crema_cuda(dev);
    cudnnStatus_t status = CUDNN_STATUS_SUCCESS;

    CREMA_TRY(crema_cuda_fork(dev, op, e->parts - 1));
    for (int i = 0; i < e->parts && !status; i++) {
        if (i > 0) status = cudnnSetStream(c->cudnn, c->side[i - 1]);
        if (!status)
            status = crema_cudnn_plan_run(e->plan, e->pack[i], c->cudnn);
    }
    if (e->parts > 1) {
        cudnnStatus_t back = cudnnSetStream(c->cudnn, c->stream);

        if (!status) status = back;
    }
    if (status)
        return crema_cudnn_failed(dev->ctx, op, status, "cudnnBackendExecute");
    return crema_cuda_join(dev, op, e->parts - 1);
}

enum crema_status crema_cuda_engine_run(struct conv_engine *e,
                                        struct crema_device *dev,
                                        const struct crema_op *op)
{
    cudnnStatus_t status;

    if (e->form == CONV_OWN) {
        int error =
            crema_cuda_own_conv(crema_cuda_stream(dev), &e->own, &e->own_data);

        return error ? crema_cuda_launch_failed(dev, op, error) : CREMA_OK;
    }
    if (e->plan) return run_parts(e, dev, op);
    status = crema_cuda_legacy_run(e->legacy, crema_cuda(dev)->cudnn, &e->data,
                                   e->workspace);
    return status ? crema_cudnn_failed(dev->ctx, op, status, "cudnnConvolution")
                  : CREMA_OK;
}

void crema_cuda_engine_free(struct conv_engine *e)
{
    if (!e) return;
    for (int i = 0; i < CONV_SPLITS; i++)
        if (e->pack[i]) cudnnBackendDestroyDescriptor(e->pack[i]);
    crema_cudnn_plan_close(e->plan);
    crema_cuda_legacy_close(e->legacy);
    free(e);
}
