/* solver.c - making a solver, and its loop. */
#include "base/number.h"
#include "solver/internal.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- before anything is built ------------------------------------------- */

struct collector {
    struct crema_ctx *ctx;
    enum crema_status status;
};

static void collect(void *user, enum crema_finding kind,
                    const struct crema_place *at, const char *text)
{
    struct collector *c = user;

    if (c->status != CREMA_OK)
        crema_also_at(c->ctx, at, "%s", text);
    else
        c->status = crema_fail_at(
            c->ctx, kind == CREMA_WRONG ? CREMA_EINVAL : CREMA_EUNSUPPORTED, at,
            "%s", text);
}

static enum crema_status settle(struct crema_solver *s)
{
    struct collector c = { s->ctx, CREMA_OK };
    const Crema__SolverParameter *p = s->param;

    crema_solver_examine(p, s->source, collect, &c);
    if (c.status != CREMA_OK) return c.status;
    s->schedule = crema_schedule_find(p->lr_policy);
    s->type = crema_solver_type_find(p->type);
    s->momentum = crema_course_momentum(p->momentum_policy);
    s->decay = crema_course_decay(p->weight_decay_policy);
    s->momentum_fixed = !strcmp(p->momentum_policy, "fixed");
    s->decay_fixed = !strcmp(p->weight_decay_policy, "fixed");
    if (p->snapshot_diff)
        crema_log(s->ctx, CREMA_WARNING, "snapshot_diff has no effect here");
    if (p->base_lr == 0)
        crema_log(s->ctx, CREMA_WARNING,
                  "base_lr is %s: nothing will be learned",
                  p->has_base_lr ? "0" : "missing, which counts as 0");
    if (p->snapshot_keep > 0) {
        s->kept.iter = crema_arena_alloc(
            &s->arena, ((size_t)p->snapshot_keep + 1) * sizeof(int));
        if (!s->kept.iter) return crema_no_memory(s->ctx, "a solver");
    }
    s->window.size = p->average_loss;
    s->window.loss =
        crema_arena_alloc(&s->arena, (size_t)p->average_loss * sizeof(float));
    return s->window.loss ? CREMA_OK : crema_no_memory(s->ctx, "a solver");
}

/* Better now than after the first thousand iterations. */
static enum crema_status check_folder(struct crema_solver *s)
{
    const char *prefix = s->param->snapshot_prefix;
    char copy[PATH_MAX];
    struct stat st;

    if (!s->param->snapshot && !s->param->snapshot_after_train) return CREMA_OK;
    snprintf(copy, sizeof copy, "%s", prefix);
    if (stat(prefix, &st) == 0 && S_ISDIR(st.st_mode))
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "snapshot_prefix %s is a folder: say how the files "
                          "in it begin, too",
                          prefix);
    if (access(dirname(copy), W_OK) == 0) return CREMA_OK;
    return crema_fail(s->ctx, CREMA_EIO,
                      "snapshots cannot be written to %s_iter_N.caffemodel: %s",
                      prefix, strerror(errno));
}

/* The state's; else the prototxt's; else one is drawn and said. */
static enum crema_status settle_seed(struct crema_solver *s,
                                     const struct crema_blob_file *file)
{
    uint32_t drawn;

    s->random_seed = s->param->random_seed;
    if (file && file->state->has_random_seed)
        s->random_seed = file->state->random_seed;
    if (s->random_seed >= 0) return CREMA_OK;
    if (s->options.ranks > 1)
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "runs that share their data need one order of it: "
                          "say random_seed");
    if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        return crema_fail(s->ctx, CREMA_EIO, "cannot draw a random_seed: %s",
                          strerror(errno));
    s->random_seed = drawn >> 1;
    crema_log(s->ctx, CREMA_INFO, "random_seed: %lld",
              (long long)s->random_seed);
    return CREMA_OK;
}

/* ---- making ------------------------------------------------------------- */

static enum crema_status build(struct crema_solver *s, struct crema_device *dev)
{
    struct crema_blob_file *file;
    enum crema_status status;
    uint64_t seed;

    CREMA_TRY(settle(s));
    CREMA_TRY(check_folder(s));
    CREMA_TRY(crema_solver__find_state(s, &file));
    status = settle_seed(s, file);
    seed = (uint64_t)s->random_seed;
    if (status == CREMA_OK)
        status = crema_world_open(s->ctx, dev, (uint32_t)(seed ^ seed >> 32),
                                  &s->world);
    if (status == CREMA_OK) {
        s->world->lender.rank = s->options.rank;
        s->world->lender.ranks = s->options.ranks;
        s->world->lender.data_threads = s->options.data_threads;
        s->world->lender.skip_bad = s->options.skip_bad;
        s->world->lender.no_values = s->options.no_values;
        status = crema_solver__nets(s);
    }
    if (status == CREMA_OK) status = crema_solver__settle_length(s);
    if (status == CREMA_OK) status = crema_solver__find_figures(s);
    if (status == CREMA_OK)
        status =
            file ? crema_solver__resume(s, file) : crema_solver__weights(s);
    crema_blob_file_free(file);
    if (status != CREMA_OK) return status;
    s->before = crema_arena_alloc(
        &s->arena, CREMA_RING * (size_t)s->net->nlayers * sizeof *s->before);
    return s->before ? CREMA_OK : crema_no_memory(s->ctx, "a solver");
}

enum crema_status crema_solver_open(struct crema_ctx *ctx,
                                    struct crema_device *dev,
                                    Crema__SolverParameter *param,
                                    struct crema_source *source,
                                    const struct crema_solver_options *options,
                                    struct crema_solver **out)
{
    struct crema_solver *s = calloc(1, sizeof *s);
    enum crema_status status;

    if (!s) return crema_no_memory(ctx, "a solver");
    s->ctx = ctx;
    s->param = param;
    s->source = source;
    s->pace = (struct crema_pace)CREMA_PACE;
    if (options) s->options = *options;
    status = build(s, dev);
    if (status != CREMA_OK) {
        crema_solver_free(s);
        return status;
    }
    *out = s;
    return CREMA_OK;
}

void crema_solver_free(struct crema_solver *s)
{
    if (!s) return;
    for (int i = 0; i < s->ntests; i++) {
        crema_net_free(s->test[i]);
        crema_net_free(s->pass[i].tail);
    }
    crema_solver__debug_free(s->debug);
    crema_net_free(s->net);
    crema_world_free(s->world);
    for (struct crema_solver__file *f = s->files; f; f = f->next)
        crema_source_free(f->source);
    crema_arena_free(&s->arena);
    free(s->values);
    free(s);
}

/* ---- the loop ----------------------------------------------------------- */

static bool due(int interval, int iter)
{
    return interval > 0 && iter % interval == 0;
}

static enum crema_status iterate(struct crema_solver *s)
{
    CREMA_TRY(crema_solver__iterate(s));
    if (!due(s->param->display, s->iter)) return CREMA_OK;
    CREMA_TRY(crema_solver__collect(s));
    return crema_solver__show(s);
}

static bool test_due(const struct crema_solver *s)
{
    return due(s->param->test_interval, s->iter) &&
           (s->iter > 0 || s->param->test_initialization);
}

/* After an iteration: snapshots, and what people want. */
static enum crema_status close_iteration(struct crema_solver *s)
{
    enum crema_solver_action action = s->options.what_now
                                          ? s->options.what_now(s->options.user)
                                          : CREMA_GO_ON;

    s->iter++;
    if (s->options.progress) s->options.progress(s->options.user, s);
    if (due(s->param->snapshot, s->iter) || action == CREMA_SNAPSHOT)
        CREMA_TRY(crema_solver_snapshot(s));
    s->stopped |= action == CREMA_STOP;
    return CREMA_OK;
}

enum crema_status crema_solver_step(struct crema_solver *s, int count)
{
    int stop = count < INT_MAX - s->iter ? s->iter + count : INT_MAX;

    CREMA_TRY(crema_net_prepare(s->net)); /* before any test net */
    CREMA_TRY(crema_solver__tell_memory(s));
    crema_solver__begin_display(s);
    while (s->iter < stop && !s->stopped) {
        if (test_due(s)) {
            CREMA_TRY(crema_solver__collect(s));
            CREMA_TRY(crema_solver__test_all(s));
            s->stopped |= s->best.enough;
        }
        if (s->stopped) break;
        CREMA_TRY(iterate(s));
        CREMA_TRY(close_iteration(s));
    }
    return crema_solver__collect(s);
}

/* The loss after the last update, and the last test. */
static enum crema_status close_run(struct crema_solver *s)
{
    char text[CREMA_NUMBER_TEXT];
    float loss;

    if (due(s->param->display, s->iter)) {
        CREMA_TRY(crema_solver__forward(s, &loss));
        crema_solver__add_loss(s, loss);
        crema_log(s->ctx, CREMA_INFO, "Iteration %d, loss = %s", s->iter,
                  crema_number_text(crema_solver__smoothed(s), text));
    }
    if (due(s->param->test_interval, s->iter))
        CREMA_TRY(crema_solver__test_all(s));
    crema_log(s->ctx, CREMA_INFO, "Optimization Done.");
    return CREMA_OK;
}

static void tell_left_out(struct crema_solver *s)
{
    uint64_t n = 0;

    for (int i = 0; i < s->net->nlayers; i++) {
        const struct crema_layer *l = &s->net->layer[i];

        if (l->type->left_out) n += l->type->left_out(l);
    }
    if (n)
        crema_log(s->ctx, CREMA_WARNING,
                  "%llu records could not be decoded and were left out",
                  (unsigned long long)n);
}

enum crema_status crema_solver_run(struct crema_solver *s)
{
    int begun = s->iter;

    crema_log(s->ctx, CREMA_INFO, "Solving %s", s->net->name);
    crema_log(s->ctx, CREMA_INFO, "Learning Rate Policy: %s",
              s->schedule->name);
    CREMA_TRY(crema_solver_step(
        s, s->param->max_iter > s->iter ? s->param->max_iter - s->iter : 0));
    if (s->param->snapshot_after_train && (s->iter > begun || s->iter == 0) &&
        !(due(s->param->snapshot, s->iter) && s->iter > 0))
        CREMA_TRY(crema_solver_snapshot(s));
    tell_left_out(s);
    if (s->stopped) {
        crema_log(s->ctx, CREMA_INFO, "Optimization stopped early.");
        return CREMA_OK;
    }
    return close_run(s);
}

/* ---- what can be asked -------------------------------------------------- */

struct crema_net *crema_solver_net(const struct crema_solver *s)
{
    return s->net;
}

struct crema_net *crema_solver_test_net(const struct crema_solver *s, int i)
{
    return i < s->ntests ? s->test[i] : NULL;
}

struct crema_solver_progress crema_solver_progress(const struct crema_solver *s)
{
    struct crema_solver_progress p = { .iter = s->iter,
                                       .max_iter = s->param->max_iter };

    for (int i = 0; i < s->net->nlayers && !p.images; i++) {
        const struct crema_layer *l = &s->net->layer[i];
        const struct crema_tensor *t = l->ntops ? l->top[0] : NULL;

        if (l->nbottoms == 0 && t && t->shape.ndims > 0)
            p.images =
                (uint64_t)t->shape.dim[0] * (uint64_t)s->param->iter_size;
    }
    p.waited = crema_net_waited(s->net);
    return p;
}
