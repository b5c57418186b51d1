/* examine.c - what keeps a solver's definition from being trained by. */
#include "proto/message.h"
#include "proto/nearest.h"
#include "solver/rules.h"
#include "solver/solver.h"

#include <stdio.h>
#include <string.h>

struct examiner {
    const Crema__SolverParameter *p;
    const struct crema_source *source;
    crema_finding_fn *fn;
    void *user;
};

static void say(const struct examiner *e, enum crema_finding kind,
                const void *field, const char *fmt, ...) CREMA_PRINTF(4, 5);

static void say(const struct examiner *e, enum crema_finding kind,
                const void *field, const char *fmt, ...)
{
    struct crema_place at = crema_source_place(e->source, field, e->p);
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    e->fn(e->user, kind, &at, text);
}

/* ---- names */

/* "; did you mean X?", or all of them. */
static void advise(const char *name, const char *(*nth)(int i), char *out,
                   size_t size)
{
    struct crema_nearest near = { .name = name, .length = strlen(name) };
    size_t used;

    for (int i = 0; nth(i); i++)
        crema_nearest_try(&near, nth(i), strlen(nth(i)));
    if (near.best) {
        snprintf(out, size, "did you mean \"%s\"?", near.best);
        return;
    }
    used = (size_t)snprintf(out, size, "there are");
    for (int i = 0; nth(i) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s %s", i ? "," : "",
                                 nth(i));
}

static const char *nth_policy(int i)
{
    return crema_schedule_nth(i) ? crema_schedule_nth(i)->name : NULL;
}

static const char *nth_type(int i)
{
    return crema_solver_type_nth(i) ? crema_solver_type_nth(i)->name : NULL;
}

/* Policies of forks, which are no typing errors. */
static bool forks_policy(const char *name)
{
    static const char *const names[] = { "stepearly" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

static void examine_known_policy(const struct examiner *e,
                                 const struct crema_schedule *s)
{
    const Crema__SolverParameter *p = e->p;

    if (s->needs_stepsize && p->stepsize < 1)
        say(e, CREMA_WRONG, &p->stepsize,
            "lr_policy \"%s\" wants a stepsize of at least 1, got %d", s->name,
            p->stepsize);
    if (s->watches && p->n_plateau_winsize == 0)
        say(e, CREMA_WRONG, &p->lr_policy,
            "lr_policy \"plateau\" wants plateau_winsize: after how many "
            "iterations without improvement the rate falls, each time it does");
    for (size_t i = 0; s->watches && i < p->n_plateau_winsize; i++)
        if (p->plateau_winsize[i] < 1)
            say(e, CREMA_WRONG, &p->plateau_winsize[i],
                "plateau_winsize must be at least 1, got %d",
                p->plateau_winsize[i]);
    if (!strcmp(s->name, "multifixed") &&
        (p->n_stagelr == 0 || p->n_stagelr != p->n_stageiter))
        say(e, CREMA_WRONG, &p->lr_policy,
            "%zu stagelr and %zu stageiter: lr_policy \"multifixed\" wants as "
            "many of both, and at least one",
            p->n_stagelr, p->n_stageiter);
    if (p->plateau_output && !s->watches)
        say(e, CREMA_WRONG, &p->plateau_output,
            "plateau_output is only for lr_policy \"plateau\"");
}

static void examine_policy(const struct examiner *e)
{
    const Crema__SolverParameter *p = e->p;
    const struct crema_schedule *s = crema_schedule_find(p->lr_policy);
    char advice[200];

    if (!p->lr_policy) {
        say(e, CREMA_WRONG, NULL,
            "lr_policy is missing: say lr_policy: "
            "\"fixed\", or another");
    } else if (s) {
        examine_known_policy(e, s);
    } else if (forks_policy(p->lr_policy)) {
        say(e, CREMA_LACKING, &p->lr_policy, "lr_policy \"%s\" is a fork's",
            p->lr_policy);
    } else {
        advise(p->lr_policy, nth_policy, advice, sizeof advice);
        say(e, CREMA_WRONG, &p->lr_policy, "unknown lr_policy \"%s\"; %s",
            p->lr_policy, advice);
    }
}

/* How momentum and weight decay change, and rates of each weight's own. */
static void examine_courses(const struct examiner *e)
{
    const Crema__SolverParameter *p = e->p;
    const struct crema_solver_type *t = crema_solver_type_find(p->type);
    bool fixed = !strcmp(p->momentum_policy, "fixed");

    if (!crema_course_momentum(p->momentum_policy))
        say(e, CREMA_WRONG, &p->momentum_policy,
            "unknown momentum_policy \"%s\"; there are fixed, poly, opt",
            p->momentum_policy);
    else if (!fixed && t && t->rule != CREMA_RULE_sgd &&
             t->rule != CREMA_RULE_nesterov)
        say(e, CREMA_LACKING, &p->momentum_policy,
            "momentum_policy \"%s\" is for SGD and Nesterov, not for %s",
            p->momentum_policy, t->name);
    if (!crema_course_decay(p->weight_decay_policy))
        say(e, CREMA_WRONG, &p->weight_decay_policy,
            "unknown weight_decay_policy \"%s\"; there are fixed, poly",
            p->weight_decay_policy);
    if (strcmp(p->larc_policy, "scale") != 0 &&
        strcmp(p->larc_policy, "clip") != 0)
        say(e, CREMA_WRONG, &p->larc_policy,
            "unknown larc_policy \"%s\"; there are scale, clip",
            p->larc_policy);
    if (p->larc && p->local_lr_auto)
        say(e, CREMA_WRONG, &p->local_lr_auto,
            "larc and local_lr_auto are two answers to one question: give one");
    if (t && t->decouples && strcmp(p->regularization_type, "L2") != 0)
        say(e, CREMA_WRONG, &p->regularization_type,
            "solver type \"%s\" shrinks weights: regularization_type \"%s\" "
            "does not go with it",
            t->name, p->regularization_type);
}

static void examine_type(const struct examiner *e)
{
    const struct crema_solver_type *t = crema_solver_type_find(e->p->type);
    const char *regular = e->p->regularization_type;
    char advice[200];

    if (!t) {
        advise(e->p->type, nth_type, advice, sizeof advice);
        say(e, CREMA_WRONG, &e->p->type, "unknown solver type \"%s\"; %s",
            e->p->type, advice);
    } else if (!t->runs) {
        say(e, CREMA_LACKING, &e->p->type,
            "solver type \"%s\" does not run "
            "yet",
            t->name);
    } else if (!t->momentum && e->p->momentum != 0) {
        say(e, CREMA_WRONG, &e->p->momentum,
            "solver type \"%s\" has no momentum; leave it out", t->name);
    } else if (t->rule == CREMA_RULE_rmsprop &&
               !(e->p->rms_decay >= 0 && e->p->rms_decay < 1)) {
        say(e, CREMA_WRONG, &e->p->rms_decay,
            "rms_decay must be at least 0 and below 1, got %g",
            (double)e->p->rms_decay);
    } else if (t->correct && !(e->p->momentum >= 0 && e->p->momentum < 1 &&
                               e->p->momentum2 >= 0 && e->p->momentum2 < 1)) {
        say(e, CREMA_WRONG, &e->p->momentum,
            "momentum and momentum2 must be at least 0 and below 1, got %g "
            "and %g",
            (double)e->p->momentum, (double)e->p->momentum2);
    }
    if (!strcmp(regular, "decoupled"))
        say(e, CREMA_LACKING, &e->p->regularization_type,
            "regularization_type \"decoupled\" is a fork's, with a schedule of "
            "its own; for decay as its paper has it say type: \"AdamW\"");
    else if (strcmp(regular, "L1") && strcmp(regular, "L2"))
        say(e, CREMA_WRONG, &e->p->regularization_type,
            "unknown regularization_type \"%s\"; there are L1, L2", regular);
}

/* ---- numbers */

static void examine_numbers(const struct examiner *e)
{
    const Crema__SolverParameter *p = e->p;
    const struct {
        const char *name;
        const int32_t *value;
        int32_t least;
    } checks[] = {
        { "max_iter", &p->max_iter, 0 },
        { "display", &p->display, 0 },
        { "snapshot", &p->snapshot, 0 },
        { "test_interval", &p->test_interval, 0 },
        { "average_loss", &p->average_loss, 1 },
        { "iter_size", &p->iter_size, 1 },
        { "warmup_iter", &p->warmup_iter, 0 },
        { "rampup_interval", &p->rampup_interval, 0 },
        { "snapshot_keep", &p->snapshot_keep, 0 },
        { "early_stop", &p->early_stop, 0 },
    };

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (*checks[i].value < checks[i].least)
            say(e, CREMA_WRONG, checks[i].value,
                "%s must be at least %d, got "
                "%d",
                checks[i].name, checks[i].least, *checks[i].value);
    if (p->has_max_epoch && !(p->max_epoch > 0))
        say(e, CREMA_WRONG, &p->max_epoch, "max_epoch must be above 0, got %g",
            (double)p->max_epoch);
    if (p->early_stop > 0 && !p->snapshot_best)
        say(e, CREMA_WRONG, &p->early_stop,
            "early_stop counts tests without a better snapshot_best: say which "
            "test output that is");
    if (!p->has_max_iter && !p->has_max_epoch)
        say(e, CREMA_LACKING, NULL,
            "max_iter is missing: nothing says when "
            "to stop");
}

/* ---- what forks added */

/* Those that are here, or that change nothing of what is learned. */
static bool is_taken(const char *name)
{
    static const char *const names[] = {
        "ap_version",
        "early_stop",
        "engine",
        "eval_type",
        "group_id",
        "larc",
        "larc_eta",
        "larc_policy",
        "larc_turbo",
        "local_gw_ratio",
        "local_lr_auto",
        "lr_mult",
        "max_epoch",
        "max_momentum",
        "max_weight_decay",
        "min_lr",
        "momentum_policy",
        "momentum_power",
        "p_mult",
        "period",
        "plateau_output",
        "plateau_winsize",
        "rampup_interval",
        "rampup_lr",
        "richness",
        "show_per_class_result",
        "snapshot_best",
        "snapshot_keep",
        "solver_data_type",
        "stageiter",
        "stagelr",
        "store_blobs_in_old_format",
        "test_offset",
        "warmup_iter",
        "warmup_start_lr",
        "weight_decay_policy",
        "weight_decay_power",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

static bool is_default(const ProtobufCFieldDescriptor *f, const void *value)
{
    static const char zeros[sizeof(int64_t)];
    size_t size = crema_field_size(f);

    if (f->type == PROTOBUF_C_TYPE_STRING)
        return f->default_value &&
               !strcmp(*(char *const *)value, f->default_value);
    return size <= sizeof zeros &&
           !memcmp(value, f->default_value ? f->default_value : zeros, size);
}

static void examine_forks(const struct examiner *e)
{
    enum { CAFFES_LAST = 42 };
    const ProtobufCMessageDescriptor *d = e->p->base.descriptor;

    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        const char *base = (const char *)e->p, *value = base + f->offset;
        size_t n = 0;

        if (f->id <= CAFFES_LAST || is_taken(f->name)) continue;
        if (f->label == PROTOBUF_C_LABEL_REPEATED)
            memcpy(&n, base + f->quantifier_offset, sizeof n);
        else
            n = crema_field_is_set(&e->p->base, f) && !is_default(f, value);
        if (n)
            say(e, CREMA_LACKING, value,
                "%s, which only some forks of Caffe have, is not supported",
                f->name);
    }
}

/* ---- nets */

static void examine_train_net(const struct examiner *e)
{
    const Crema__SolverParameter *p = e->p;
    int n = !!p->net + !!p->net_param + !!p->train_net + !!p->train_net_param;

    if (n == 0)
        say(e, CREMA_WRONG, NULL,
            "no net to train: say net: \"FILE\" (or "
            "train_net, net_param, train_net_param)");
    if (n > 1)
        say(e, CREMA_WRONG, NULL,
            "%d training nets: give one of net, net_param, train_net, "
            "train_net_param",
            n);
}

static void examine_test_nets(const struct examiner *e)
{
    const Crema__SolverParameter *p = e->p;
    size_t named = p->n_test_net + p->n_test_net_param, n = p->n_test_iter;
    bool generic = p->net || p->net_param;

    if ((n < named && (n > 0 || p->test_interval < 1)) ||
        (n > named && !generic))
        say(e, CREMA_WRONG, n ? &p->test_iter[0] : NULL,
            "%zu test_iter for %zu test nets: give one for each", n, named);
    for (size_t i = 0; i < n; i++)
        if (p->test_iter[i] < 1)
            say(e, CREMA_WRONG, &p->test_iter[i],
                "test_iter must be at least 1, got %d", p->test_iter[i]);
    if (n > 0 && p->test_interval < 1)
        say(e, CREMA_WRONG, &p->test_iter[0],
            "test_iter without test_interval: say how often to test");
    if (n == 0 && p->test_interval > 0) n = named ? named : generic;
    if (p->n_test_state && p->n_test_state != n)
        say(e, CREMA_WRONG, p->test_state[0],
            "%zu test_state for %zu test nets: give one for each, or none",
            p->n_test_state, n);
}

void crema_solver_examine(const Crema__SolverParameter *p,
                          const struct crema_source *source,
                          crema_finding_fn *fn, void *user)
{
    const struct examiner e = { p, source, fn, user };

    examine_train_net(&e);
    examine_test_nets(&e);
    examine_policy(&e);
    examine_type(&e);
    examine_courses(&e);
    examine_numbers(&e);
    examine_forks(&e);
}
