/* train.c - crema train: a solver's definition becomes trained weights. */
#include "job.h"
#include "solver/solver.h"
#include "verbs.h"

#include "base/clock.h"

#include <signal.h>
#include <string.h>

enum effect { EFFECT_STOP, EFFECT_SNAPSHOT, EFFECT_NONE };

enum { MOST_DATA_THREADS = 1024, MOST_RANKS = 65536 };

struct train {
    struct job job;
    struct device_flags device;
    const char *solver, *weights, *snapshot, *stage;
    struct flag_list sets;
    long level, data_threads, rank, ranks;
    bool reshape_weights;
    int sigint, sighup; /* enum effect */
    int bad_records;    /* 0: stop, 1: skip */
    Crema__SolverParameter *param;
    double begun, waited; /* when iterating began, and what was waited then */
    int first;            /* its first iteration; -1: not begun */
};

/* ---- signals ------------------------------------------------------------ */

static volatile sig_atomic_t got_sigint, got_sighup;

static void catch_signal(int number)
{
    if (number == SIGINT)
        got_sigint = 1;
    else
        got_sighup = 1;
}

/* A second signal that should stop the run ends it at once. */
static void listen_to(int number, int effect)
{
    struct sigaction action = { .sa_handler = catch_signal,
                                .sa_flags = SA_RESTART };

    if (effect == EFFECT_STOP) action.sa_flags |= (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static enum crema_solver_action action_of(volatile sig_atomic_t *got,
                                          int effect)
{
    if (!*got) return CREMA_GO_ON;
    *got = 0;
    return effect == EFFECT_STOP       ? CREMA_STOP
           : effect == EFFECT_SNAPSHOT ? CREMA_SNAPSHOT
                                       : CREMA_GO_ON;
}

static enum crema_solver_action what_now(void *user)
{
    const struct train *t = user;
    enum crema_solver_action a = action_of(&got_sigint, t->sigint);

    return a != CREMA_GO_ON ? a : action_of(&got_sighup, t->sighup);
}

/* ---- the status line ---------------------------------------------------- */

static void progress(void *user, const struct crema_solver *solver)
{
    struct train *t = user;
    struct crema_solver_progress p = crema_solver_progress(solver);
    double now = crema_seconds(), spent, done;
    char text[CONSOLE_LINE], left[32];

    if (!t->job.console.terminal) return;
    if (t->first < 0) {
        t->first = p.iter;
        t->begun = now;
        t->waited = p.waited;
        return;
    }
    spent = now - t->begun;
    done = p.iter - t->first;
    if (spent <= 0) return;
    console_word_time((p.max_iter - p.iter) * spent / done, left, sizeof left);
    snprintf(text, sizeof text,
             "%d of %d iterations (%.0f%%), %.*f images/s, %s left, %.0f%% "
             "waiting for data",
             p.iter, p.max_iter, 100.0 * p.iter / p.max_iter,
             done * (double)p.images / spent < 10 ? 2 : 0,
             done * (double)p.images / spent, left,
             100 * (p.waited - t->waited) / spent);
    console_status(&t->job.console, text);
}

/* ---- the definition ----------------------------------------------------- */

/* Flags that speak as if the solver's file had said it. */
static enum crema_status say(struct train *t, struct crema_source *source)
{
    char **weights;

    if (!t->weights) return CREMA_OK;
    weights = crema_arena_alloc(&source->arena, sizeof *weights);
    if (weights) *weights = crema_arena_strdup(&source->arena, t->weights);
    if (!weights || !*weights) return crema_no_memory(t->job.ctx, t->weights);
    t->param->weights = weights;
    t->param->n_weights = 1;
    return CREMA_OK;
}

/* --level and --stage as text of the solver. */
static void word_state(const struct train *t, char *out, size_t size)
{
    const char *stage = t->stage ? t->stage : "";
    size_t used = (size_t)snprintf(out, size, "train_state { ");

    if (t->level)
        used +=
            (size_t)snprintf(out + used, size - used, "level: %ld ", t->level);
    while (*stage && used < size) {
        size_t n = strcspn(stage, ",");

        used += (size_t)snprintf(out + used, size - used, "stage: \"%.*s\" ",
                                 (int)n, stage);
        stage += n + (stage[n] == ',');
    }
    if (used < size) snprintf(out + used, size - used, "}");
}

static enum crema_status read_solver(struct train *t,
                                     struct crema_source **source)
{
    enum { MOST = 256 };
    const char *sets[MOST + 1];
    char state[2048];
    size_t n = t->sets.count;

    if (n > MOST)
        return crema_fail(t->job.ctx, CREMA_EINVAL, "more than %d --set", MOST);
    for (size_t i = 0; i < n; i++) sets[i] = t->sets.items[i];
    word_state(t, state, sizeof state);
    if (t->level || t->stage) sets[n++] = state;
    CREMA_TRY(
        crema_solver_read(t->job.ctx, t->solver, n, sets, &t->param, source));
    return say(t, *source);
}

/* ---- the work ----------------------------------------------------------- */

/* GPU, also Caffe's default, leaves the choice to us. */
static const char *device_of(const Crema__SolverParameter *p)
{
    return p->has_solver_mode &&
                   p->solver_mode == CREMA__SOLVER_PARAMETER__SOLVER_MODE__CPU
               ? "cpu"
               : "auto";
}

static enum crema_status run(struct train *t, struct crema_source *source)
{
    const struct crema_solver_options options = {
        .snapshot = t->snapshot,
        .skip_bad = t->bad_records == 1,
        .reshape_weights = t->reshape_weights,
        .rank = (uint32_t)t->rank,
        .ranks = (uint32_t)t->ranks,
        .data_threads = (int)t->data_threads,
        .what_now = what_now,
        .progress = progress,
        .user = t,
    };
    struct crema_solver *solver;
    enum crema_status status;

    CREMA_TRY(job_device(&t->job, &t->device, device_of(t->param)));
    CREMA_TRY(crema_solver_open(t->job.ctx, t->job.dev, t->param, source,
                                &options, &solver));
    if (t->sigint != EFFECT_NONE) listen_to(SIGINT, t->sigint);
    if (t->sighup != EFFECT_NONE) listen_to(SIGHUP, t->sighup);
    console_say(&t->job.console, CREMA_INFO, "Starting Optimization");
    status = crema_solver_run(solver);
    crema_solver_free(solver);
    return status;
}

static enum crema_status work(struct train *t)
{
    struct crema_source *source;
    enum crema_status status;

    CREMA_TRY(read_solver(t, &source));
    status = run(t, source);
    crema_source_free(source);
    return status;
}

/* -1: they are right; else the exit status. */
static int data_flags_wrong(const struct flags *flags, const struct train *t)
{
    if (t->data_threads < 0 || t->data_threads > MOST_DATA_THREADS)
        return flags_wrong(flags, "--data_threads wants 0 to %d, got %ld",
                           MOST_DATA_THREADS, t->data_threads);
    if (t->ranks < 1 || t->ranks > MOST_RANKS)
        return flags_wrong(flags, "--ranks wants 1 to %d, got %ld", MOST_RANKS,
                           t->ranks);
    if (t->rank < 0 || t->rank >= t->ranks)
        return flags_wrong(flags, "--rank wants 0 to %ld, got %ld",
                           t->ranks - 1, t->rank);
    return -1;
}

int verb_train(int argc, char **argv)
{
    struct train t = { .first = -1,
                       .sighup = EFFECT_SNAPSHOT,
                       .ranks = 1,
                       .device.decode = DECODE_AUTO };
    const struct flag table[] = {
        { "solver", FLAG_TEXT, &t.solver, "FILE", "the solver's prototxt" },
        { "weights", FLAG_TEXT, &t.weights, "FILE,..",
          ".caffemodel to start from, the last one wins" },
        RESHAPE_FLAG(&t.reshape_weights),
        { "snapshot", FLAG_TEXT, &t.snapshot, "FILE|auto",
          ".solverstate to go on from; auto: the newest, if there is one" },
        DEVICE_FLAGS(&t.device),
        { "set", FLAG_LIST, &t.sets, "FIELD=VALUE",
          "a field of the solver, as if its file said so; F.G=V for one within "
          "another, F+=V adds to a list" },
        { "level", FLAG_INT, &t.level, "N", "of the net, for its rules" },
        { "stage", FLAG_TEXT, &t.stage, "A,B", "of the net, for its rules" },
        { "data_threads", FLAG_INT, &t.data_threads, "N",
          "that read and decode records; 0: one per core" },
        { "ranks", FLAG_INT, &t.ranks, "N",
          "this many runs share the training data, batch by batch in turn" },
        { "rank", FLAG_INT, &t.rank, "R", "which of them this is, from 0" },
        { "sigint_effect", FLAG_CHOICE, &t.sigint, "stop|snapshot|none",
          "what Ctrl-C does; stop writes a snapshot, too" },
        { "sighup_effect", FLAG_CHOICE, &t.sighup, "stop|snapshot|none",
          "what SIGHUP does" },
        { "bad_records", FLAG_CHOICE, &t.bad_records, "stop|skip",
          "what a record that cannot be decoded does" },
        { "deterministic", FLAG_BOOL, &t.device.deterministic, NULL,
          "the same bits in every run: nothing is chosen by measuring" },
        DECODE_FLAG(&t.device),
    };
    const struct flags flags = {
        "crema train",
        "",
        "Trains the net that a solver's prototxt names.",
        table,
        sizeof table / sizeof *table,
        0,
        0
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!t.solver) return flags_wrong(&flags, "wants --solver FILE");
    if (t.snapshot && t.weights)
        return flags_wrong(&flags, "--snapshot holds weights already: leave "
                                   "--weights out");
    status = data_flags_wrong(&flags, &t);
    if (status >= 0) return status;
    status = device_flags_wrong(&flags, &t.device);
    if (status >= 0) return status;
    if (!job_open(&t.job, "train")) return 1;
    status = job_close(&t.job, work(&t));
    flag_list_free(&t.sets);
    return status;
}
