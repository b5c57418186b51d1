/* resume.c - a run goes on where a snapshot was made. */
#include "base/beside.h"
#include "device/device.h"
#include "solver/internal.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STRIP = 1 << 14 };

/* ---- which one ---------------------------------------------------------- */

/* N of "<base>_iter_N.solverstate" or of one in HDF5; or -1. */
static long iteration_of(const char *name, const char *base, bool *h5)
{
    size_t n = strlen(base);
    char *end;
    long iter;

    if (strncmp(name, base, n) != 0 || strncmp(name + n, "_iter_", 6) != 0)
        return -1;
    if (name[n + 6] < '0' || name[n + 6] > '9') return -1;
    iter = strtol(name + n + 6, &end, 10);
    *h5 = !strcmp(end, ".solverstate.h5");
    return *h5 || !strcmp(end, ".solverstate") ? iter : -1;
}

/* The newest state under the solver's prefix; NULL when there is none. */
static const char *newest(struct crema_solver *s)
{
    const char *prefix = s->param->snapshot_prefix;
    const char *slash = strrchr(prefix, '/');
    char folder[PATH_MAX], path[PATH_MAX];
    bool h5 = false, best_h5 = false;
    long best = -1;
    DIR *dir;

    snprintf(folder, sizeof folder, "%.*s",
             slash ? (int)(slash - prefix) + 1 : 1, slash ? prefix : ".");
    dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        long iter = iteration_of(e->d_name, slash ? slash + 1 : prefix, &h5);

        if (iter < 0 || iter < best || (iter == best && h5)) continue;
        best = iter;
        best_h5 = h5;
    }
    if (dir) closedir(dir);
    if (best < 0) return NULL;
    snprintf(path, sizeof path, "%s_iter_%ld.solverstate%s", prefix, best,
             best_h5 ? ".h5" : "");
    return crema_arena_strdup(&s->arena, path);
}

enum crema_status crema_solver__find_state(struct crema_solver *s,
                                           struct crema_blob_file **out)
{
    const char *path = s->options.snapshot;

    *out = NULL;
    if (path && !strcmp(path, "auto")) {
        path = newest(s);
        if (!path)
            crema_log(s->ctx, CREMA_INFO,
                      "No snapshot %s_iter_*.solverstate yet: starts anew",
                      s->param->snapshot_prefix);
    }
    return path ? crema_state_open(s->ctx, path, out) : CREMA_OK;
}

/* ---- histories ---------------------------------------------------------- */

static enum crema_status fits(struct crema_solver *s,
                              const struct crema_blob_file *file)
{
    int want = crema_solver__histories(s);
    const char *type = file->state->type;

    if (type && strcmp(type, s->type->name) != 0)
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "%s is the state of a solver of type \"%s\", this "
                          "one is \"%s\"",
                          file->path, type, s->type->name);
    if (file->nblobs == want) return CREMA_OK;
    return crema_fail(s->ctx, CREMA_EINVAL,
                      "%s has %d histories, a solver of type \"%s\" with %d "
                      "weights wants %d: it is of another solver or net",
                      file->path, file->nblobs, s->type->name, s->nweights,
                      want);
}

static enum crema_status take_history(struct crema_solver *s,
                                      struct crema_blob_file *file,
                                      const struct crema_stored_blob *b,
                                      struct crema_param *h, float *strip)
{
    char text[CREMA_SHAPE_TEXT];

    if (!crema_stored_fits(b, h->shape.ndims, h->shape.dim))
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "%s: the history of %s has %lld elements, its shape "
                          "is %s: the state is of another net",
                          file->path, h->name, (long long)b->count,
                          crema_shape_text(&h->shape, text));
    for (int64_t i = 0; i < b->count; i += STRIP) {
        int64_t n = b->count - i < STRIP ? b->count - i : STRIP;

        CREMA_TRY(crema_blob_file_read(file, b, i, n, strip));
        CREMA_TRY(crema_param_write(h, i, n, strip));
    }
    return CREMA_OK;
}

static enum crema_status take_histories(struct crema_solver *s,
                                        struct crema_blob_file *file)
{
    float *strip = malloc(STRIP * sizeof *strip);
    enum crema_status status = CREMA_OK;
    int i = 0;

    if (!strip) return crema_no_memory(s->ctx, file->path);
    for (struct crema_stored_blob *b = file->blobs; b && status == CREMA_OK;
         b = b->next)
        status = take_history(s, file, b, crema_solver__history(s, i++), strip);
    free(strip);
    return status;
}

/* ---- weights ------------------------------------------------------------ */

/* The state may have been moved together with its weights. */
static enum crema_status load_weights(struct crema_solver *s,
                                      const struct crema_blob_file *file)
{
    const char *path = file->state->learned_net;
    const char *slash = strrchr(path, '/');
    char near[PATH_MAX];

    if (access(path, F_OK) != 0 &&
        crema_beside(file->path, slash ? slash + 1 : path, near, sizeof near))
        path = near;
    CREMA_TRY(crema_net_load_weights(s->net, path, NULL));
    for (int i = 0; i < s->ntests && crema_solver__own_weights(s); i++)
        CREMA_TRY(crema_net_load_weights(s->test[i], path, NULL));
    return CREMA_OK;
}

/* ---- data --------------------------------------------------------------- */

static bool find_position(const Crema__SolverState *state, int net,
                          const char *layer, uint64_t *record)
{
    for (size_t i = 0; i < state->n_data_position; i++) {
        const Crema__DataPosition *p = state->data_position[i];

        if (p->net != (uint32_t)net || !p->layer || !layer) continue;
        if (strcmp(p->layer, layer) != 0) continue;
        *record = p->record;
        return true;
    }
    return false;
}

/* Caffe's states hold no position: its forward passes tell. */
static enum crema_status seek(struct crema_solver *s, struct crema_net *net,
                              int number, const Crema__SolverState *state)
{
    uint64_t forwards = (uint64_t)s->iter * (uint64_t)s->param->iter_size;

    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];
        const struct crema_tensor *top = l->ntops ? l->top[0] : NULL;
        uint64_t record = 0;

        if (!l->type->seek) continue;
        if (!find_position(state, number, l->param->name, &record) &&
            number == 0 && top && top->shape.ndims > 0)
            record = forwards * (uint64_t)top->shape.dim[0];
        CREMA_TRY(l->type->seek(l, record));
    }
    return CREMA_OK;
}

static void take_losses(struct crema_solver *s, const Crema__SolverState *state)
{
    struct crema_solver__window *w = &s->window;
    size_t size = (size_t)w->size, n = state->n_recent_losses;

    for (size_t i = n > size ? n - size : 0; i < n; i++)
        w->loss[w->count++] = state->recent_losses[i];
    w->next = w->count % w->size;
}

static void take_pace(struct crema_solver *s, const Crema__SolverState *state)
{
    s->pace.step = state->current_step > 0 ? state->current_step : 0;
    s->pace.last_event = state->iter_last_event;
    if (state->has_minimum_loss) s->pace.best = (double)state->minimum_loss;
    if (!state->has_best_value || s->best.figure.net < 0) return;
    s->best.known = true;
    s->best.value = (double)state->best_value;
    s->best.iter = state->best_iter;
    s->best.tests_since = state->tests_since_best;
}

/* The same layouts give the same bits. */
static enum crema_status take_arranged(struct crema_solver *s,
                                       const Crema__SolverState *state)
{
    for (size_t i = 0; i < state->n_arranged && i <= (size_t)s->ntests; i++) {
        struct crema_net *net = i ? s->test[i - 1] : s->net;

        if (!*state->arranged[i]) continue;
        net->arranged = crema_arena_strdup(&net->arena, state->arranged[i]);
        if (!net->arranged) return crema_no_memory(s->ctx, "a net");
        if (net->program) net->program->arranged = net->arranged;
    }
    return CREMA_OK;
}

/* The same decoder gives the same pixels.  What was left to choose is chosen as
 * before; what cannot be, or is asked for otherwise, is told. */
static void take_decoder(struct crema_solver *s,
                         const Crema__SolverState *state)
{
    static const char *const processor = "the processor";
    struct crema_lender *lender = &s->world->lender;
    const char *before = state->decoder ? state->decoder : processor;
    const char *now;

    if (lender->decoder && !state->decoder &&
        !crema_device_must_decode(lender->dev)) {
        lender->decoder = NULL; /* seeking tells it to the layers */
        crema_log(s->ctx, CREMA_INFO,
                  "JPEG records: decoded by the processor, as they were so far");
    }
    now = lender->decoder ? lender->decoder : processor;
    if (strcmp(before, now) != 0)
        crema_log(s->ctx, CREMA_WARNING,
                  "JPEG records were decoded by %s so far, and are now by %s: "
                  "pixels differ a little",
                  before, now);
}

static enum crema_status take_scale(struct crema_solver *s,
                                    const struct crema_blob_file *file)
{
    const Crema__SolverState *state = file->state;
    const float *scale = state->loss_scale;

    if (!s->net->adapts || state->n_loss_scale == 0) return CREMA_OK;
    if (state->n_loss_scale != 2 || !(scale[0] > 0) || !isfinite(scale[0]) ||
        !(scale[1] >= 0) || !isfinite(scale[1]))
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "%s: the loss scale in it makes no sense",
                          file->path);
    return crema_param_write(&s->world->loss_scale, 0, 2, scale);
}

static enum crema_status take_correlations(struct crema_solver *s,
                                           const Crema__SolverState *state)
{
    struct crema_weight *w = s->world->weights.first;

    if (!s->param->larc || !s->param->larc_turbo ||
        state->n_larc_correlation != (size_t)s->nweights)
        return CREMA_OK;
    for (int i = 0; i < s->nweights; i++, w = w->next)
        CREMA_TRY(crema_param_write(&w->correlation, 0, 1,
                                    &state->larc_correlation[i]));
    return CREMA_OK;
}

enum crema_status crema_solver__resume(struct crema_solver *s,
                                       struct crema_blob_file *file)
{
    const Crema__SolverState *state = file->state;

    crema_log(s->ctx, CREMA_INFO, "Resuming from %s", file->path);
    CREMA_TRY(fits(s, file));
    if (state->iter < 0)
        return crema_fail(s->ctx, CREMA_EINVAL, "%s is of iteration %d",
                          file->path, state->iter);
    if (state->learned_net) CREMA_TRY(load_weights(s, file));
    crema_log(s->ctx, CREMA_INFO, "%sSolver: restoring history", s->type->name);
    CREMA_TRY(take_histories(s, file));
    s->iter = state->iter;
    take_pace(s, state);
    crema_solver__take_kept(s, file->path, state);
    s->net->passes =
        (uint32_t)(state->has_forward_passes
                       ? state->forward_passes
                       : (uint64_t)s->iter * (uint64_t)s->param->iter_size);
    take_losses(s, state);
    CREMA_TRY(take_arranged(s, state));
    take_decoder(s, state);
    CREMA_TRY(take_scale(s, file));
    CREMA_TRY(crema_solver__take_carried(s, state));
    CREMA_TRY(take_correlations(s, state));
    CREMA_TRY(seek(s, s->net, 0, state));
    for (int i = 0; i < s->ntests; i++)
        CREMA_TRY(seek(s, s->test[i], i + 1, state));
    return CREMA_OK;
}
