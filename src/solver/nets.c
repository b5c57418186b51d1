/* nets.c - the net that trains and those that test, as a solver names them. */
#include "base/beside.h"
#include "net/model.h"
#include "proto/upgrade.h"
#include "solver/internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Where a net is defined: a file, or a part of the solver's own text. */
struct definition {
    char *const *path; /* the field that names the file; or NULL */
    Crema__NetParameter *inlined;
    const Crema__NetState *state; /* the solver's own for it; may be NULL */
};

/* ---- definitions -------------------------------------------------------- */

static enum crema_status missing(struct crema_solver *s, char *const *field)
{
    struct crema_place at = crema_source_place(s->source, field, s->param);
    int reason = errno;
    char near[PATH_MAX];

    if (crema_beside(s->source->path, *field, near, sizeof near))
        return crema_fail_at(s->ctx, CREMA_EIO, &at,
                             "cannot open net %s: %s; there is %s, but paths "
                             "are relative to the working folder: start there",
                             *field, strerror(reason), near);
    return crema_fail_at(s->ctx, CREMA_EIO, &at, "cannot open net %s: %s",
                         *field, strerror(reason));
}

static enum crema_status read_file(struct crema_solver *s, char *const *field,
                                   Crema__NetParameter **param,
                                   const struct crema_source **source)
{
    struct crema_solver__file *file =
        crema_arena_alloc(&s->arena, sizeof *file);

    if (!file) return crema_no_memory(s->ctx, *field);
    if (access(*field, R_OK) != 0) return missing(s, field);
    CREMA_TRY(crema_net_file_read(s->ctx, *field, CREMA_TEXT_STRICT, param,
                                  &file->source));
    file->next = s->files;
    s->files = file;
    *source = file->source;
    return CREMA_OK;
}

/* The solver's words about a net; the net's own level where they say none. */
static void settle_state(const Crema__NetState *own,
                         const Crema__NetState *given,
                         struct crema_net_options *o)
{
    if (own && own->has_level) o->level = own->level;
    if (!given) return;
    if (given->has_level) o->level = given->level;
    o->nstages = (int)given->n_stage;
    o->stages = (const char *const *)given->stage;
}

static enum crema_status build(struct crema_solver *s,
                               const struct definition *d, bool train,
                               struct crema_net **out)
{
    struct crema_net_options o = { .train = train,
                                   .backward = train,
                                   .reshape_weights =
                                       s->options.reshape_weights };
    const struct crema_source *source = s->source;
    Crema__NetParameter *param = d->inlined;

    if (d->path) CREMA_TRY(read_file(s, d->path, &param, &source));
    settle_state(param->state, d->state, &o);
    return crema_net_build(s->world, param, source, &o, out);
}

/* ---- the training net --------------------------------------------------- */

static enum crema_status build_train(struct crema_solver *s)
{
    const Crema__SolverParameter *p = s->param;
    struct definition d = { .inlined = p->net_param ? p->net_param
                                                    : p->train_net_param,
                            .state = p->train_state };

    if (p->net || p->train_net) d.path = p->net ? &p->net : &p->train_net;
    if (d.path)
        crema_log(s->ctx, CREMA_INFO, "Creating training net from %s: %s",
                  p->net ? "net file" : "train_net file", *d.path);
    else
        crema_log(s->ctx, CREMA_INFO, "Creating training net specified in %s.",
                  p->net_param ? "net_param" : "train_net_param");
    CREMA_TRY(build(s, &d, true, &s->net));
    for (struct crema_weight *w = s->world->weights.first; w; w = w->next)
        s->nweights++;
    s->net->updates = crema_solver__updates;
    s->net->updates_user = s;
    s->net->defers = !s->schedule->watches || p->plateau_output;
    if (p->debug_info) return crema_solver__debug_open(s, s->net, &s->debug);
    return crema_net_record(s->net);
}

/* ---- test nets ---------------------------------------------------------- */

/* Test nets that are named come first, then copies of the common one. */
static struct definition test_definition(const struct crema_solver *s, size_t i)
{
    const Crema__SolverParameter *p = s->param;
    struct definition d = { .state =
                                i < p->n_test_state ? p->test_state[i] : NULL };

    if (i < p->n_test_net_param)
        d.inlined = p->test_net_param[i];
    else if (i - p->n_test_net_param < p->n_test_net)
        d.path = &p->test_net[i - p->n_test_net_param];
    else if (p->net)
        d.path = &p->net;
    else
        d.inlined = p->net_param;
    return d;
}

/* Of layers that read records; NULL of others. */
static uint32_t *batch_size(Crema__LayerParameter *l)
{
    if (l->image_data_param) return &l->image_data_param->batch_size;
    if (l->hdf5_data_param) return &l->hdf5_data_param->batch_size;
    return l->data_param ? &l->data_param->batch_size : NULL;
}

/* The same net for the images that are left over. */
static enum crema_status build_tail(struct crema_solver *s,
                                    const struct definition *d,
                                    struct crema_solver__pass *pass)
{
    struct crema_net_options o = { 0 };
    const struct crema_source *source = s->source;
    Crema__NetParameter *param = d->inlined;
    enum crema_status status;
    uint32_t *was;

    if (d->path) CREMA_TRY(read_file(s, d->path, &param, &source));
    settle_state(param->state, d->state, &o);
    was = crema_arena_alloc(&s->arena, (param->n_layer + 1) * sizeof *was);
    if (!was) return crema_no_memory(s->ctx, "a test net");
    for (size_t i = 0; i < param->n_layer; i++) {
        uint32_t *size = batch_size(param->layer[i]);

        if (!size) continue;
        was[i] = *size;
        *size = (uint32_t)pass->rest;
    }
    status = crema_net_build(s->world, param, source, &o, &pass->tail);
    for (size_t i = 0; i < param->n_layer; i++)
        if (batch_size(param->layer[i])) *batch_size(param->layer[i]) = was[i];
    return status;
}

/* One batch at least; where the data's size is not known nothing is said about
 * how long a test is, and none is made. */
static enum crema_status measure(struct crema_solver *s,
                                 const struct definition *d, int i)
{
    struct crema_solver__pass *pass = &s->pass[i];
    struct crema_layer *l;

    if (s->param->n_test_iter) {
        pass->batches = s->param->test_iter[i];
        return CREMA_OK;
    }
    l = crema_net_data(s->test[i], &pass->records);
    if (!l) {
        crema_log(s->ctx, CREMA_WARNING,
                  "test net (#%d): test_iter is missing, and how much data "
                  "there is is not known: it is not tested",
                  i);
        return CREMA_OK;
    }
    pass->batch = (uint64_t)l->top[0]->shape.dim[0];
    pass->batches = (int)(pass->records / pass->batch);
    pass->rest = pass->records % pass->batch;
    crema_log(s->ctx, CREMA_INFO,
              "Test net (#%d) is tested on all %llu records", i,
              (unsigned long long)pass->records);
    return pass->rest ? build_tail(s, d, pass) : CREMA_OK;
}

/* The first stage that rules which may hold in TEST speak of; or NULL. */
static const char *stage_in(size_t n, Crema__NetStateRule *const *rule)
{
    for (size_t i = 0; i < n; i++) {
        if (rule[i]->has_phase && rule[i]->phase == CREMA__PHASE__TRAIN)
            continue;
        if (rule[i]->n_stage) return rule[i]->stage[0];
        if (rule[i]->n_not_stage) return rule[i]->not_stage[0];
    }
    return NULL;
}

/* Stages that are said for training are easily forgotten for the tests. */
static void tell_stages(struct crema_solver *s, size_t i)
{
    const Crema__NetState *train = s->param->train_state;
    const Crema__NetParameter *net = s->test[i]->param;
    const char *stage = NULL;

    if (!train || !train->n_stage || s->param->n_test_state) return;
    for (size_t k = 0; k < net->n_layer && !stage; k++) {
        stage = stage_in(net->layer[k]->n_include, net->layer[k]->include);
        if (!stage)
            stage = stage_in(net->layer[k]->n_exclude, net->layer[k]->exclude);
    }
    if (stage)
        crema_log(s->ctx, CREMA_WARNING,
                  "test net (#%zu): its rules speak of stages, as \"%s\", and "
                  "it is in none, while the net that trains is in \"%s\": say "
                  "test_state { stage: \"..\" } if that is not meant",
                  i, stage, train->stage[0]);
}

/* test_interval alone wants tests, too. */
static size_t count_tests(const Crema__SolverParameter *p)
{
    size_t named = p->n_test_net + p->n_test_net_param;

    if (p->n_test_iter || p->test_interval < 1) return p->n_test_iter;
    return named ? named : (size_t)(p->net || p->net_param);
}

static enum crema_status build_tests(struct crema_solver *s)
{
    size_t n = count_tests(s->param);

    s->test = crema_arena_alloc(&s->arena, (n + 1) * sizeof *s->test);
    s->pass = crema_arena_alloc(&s->arena, (n + 1) * sizeof *s->pass);
    if (!s->test || !s->pass) return crema_no_memory(s->ctx, "test nets");
    for (size_t i = 0; i < n; i++) {
        struct definition d = test_definition(s, i);

        crema_log(s->ctx, CREMA_INFO, "Creating test net (#%zu)%s%s", i,
                  d.path ? " specified by net file: " : "",
                  d.path ? *d.path : "");
        CREMA_TRY(build(s, &d, false, &s->test[i]));
        s->ntests++;
        tell_stages(s, i);
        CREMA_TRY(measure(s, &d, (int)i));
    }
    return CREMA_OK;
}

enum crema_status crema_solver__nets(struct crema_solver *s)
{
    CREMA_TRY(build_train(s));
    CREMA_TRY(build_tests(s));
    crema_log(s->ctx, CREMA_INFO, "Solver scaffolding done.");
    return CREMA_OK;
}

/* ---- weights ------------------------------------------------------------ */

bool crema_solver__own_weights(const struct crema_solver *s)
{
    int n = 0;

    for (struct crema_weight *w = s->world->weights.first; w; w = w->next) n++;
    return n > s->nweights;
}

enum crema_status crema_solver__weights(struct crema_solver *s)
{
    for (size_t i = 0; i < s->param->n_weights; i++) {
        crema_log(s->ctx, CREMA_INFO, "Finetuning from %s",
                  s->param->weights[i]);
        CREMA_TRY(crema_net_load_list(s->net, s->param->weights[i]));
        for (int k = 0; k < s->ntests && crema_solver__own_weights(s); k++)
            CREMA_TRY(crema_net_load_list(s->test[k], s->param->weights[i]));
    }
    return CREMA_OK;
}
