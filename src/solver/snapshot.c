/* snapshot.c - weights and state written, so that a run can go on. */
#include "solver/internal.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Elements moved at a time. */
enum { STRIP = 1 << 16 };

/* ---- the state ---------------------------------------------------------- */

static enum crema_status fill(void *history, int64_t first, int64_t count,
                              float *out)
{
    return crema_param_read(history, first, count, out);
}

static void add_positions(const struct crema_net *net, int number,
                          Crema__DataPosition *at, Crema__DataPosition **list,
                          size_t *n)
{
    for (int i = 0; i < net->nlayers; i++) {
        const struct crema_layer *l = &net->layer[i];

        if (!l->type->position) continue;
        crema__data_position__init(&at[*n]);
        at[*n].layer = l->param->name;
        at[*n].has_record = 1;
        at[*n].record = l->type->position(l);
        at[*n].has_net = number > 0;
        at[*n].net = (uint32_t)number;
        list[*n] = &at[*n];
        ++*n;
    }
}

/* Where every source of data stands, of all nets. */
static bool fill_positions(struct crema_solver *s, struct crema_arena *arena,
                           Crema__SolverState *state)
{
    size_t n = (size_t)s->net->nlayers;
    Crema__DataPosition *at;

    for (int i = 0; i < s->ntests; i++) n += (size_t)s->test[i]->nlayers;
    at = crema_arena_alloc(arena, n * sizeof *at + 1);
    state->data_position =
        crema_arena_alloc(arena, n * sizeof(Crema__DataPosition *) + 1);
    if (!at || !state->data_position) return false;
    for (int i = 0; i <= s->ntests; i++)
        add_positions(i ? s->test[i - 1] : s->net, i, at, state->data_position,
                      &state->n_data_position);
    return true;
}

/* Each net's choice; a net that has not run yet makes it now. */
static enum crema_status fill_arranged(struct crema_solver *s,
                                       struct crema_arena *arena,
                                       Crema__SolverState *state)
{
    size_t n = (size_t)s->ntests + 1;

    state->arranged = crema_arena_alloc(arena, n * sizeof *state->arranged);
    if (!state->arranged) return crema_no_memory(s->ctx, "a snapshot");
    for (size_t i = 0; i < n; i++) {
        struct crema_net *net = i ? s->test[i - 1] : s->net;

        CREMA_TRY(crema_net_prepare(net));
        state->arranged[i] =
            crema_arena_strdup(arena, net->arranged ? net->arranged : "");
        if (!state->arranged[i]) return crema_no_memory(s->ctx, "a snapshot");
    }
    state->n_arranged = n;
    return CREMA_OK;
}

static enum crema_status fill_decoder(struct crema_solver *s,
                                      struct crema_arena *arena,
                                      Crema__SolverState *state)
{
    const char *decoder = s->world->lender.decoder;

    if (!decoder) return CREMA_OK;
    state->decoder = crema_arena_strdup(arena, decoder);
    return state->decoder ? CREMA_OK : crema_no_memory(s->ctx, "a snapshot");
}

/* The window, oldest first. */
static bool fill_losses(struct crema_solver *s, struct crema_arena *arena,
                        Crema__SolverState *state)
{
    const struct crema_solver__window *w = &s->window;
    int first = w->count == w->size ? w->next : 0;

    state->n_recent_losses = (size_t)w->count;
    state->recent_losses =
        crema_arena_alloc(arena, ((size_t)w->count + 1) * sizeof(float));
    for (int i = 0; state->recent_losses && i < w->count; i++)
        state->recent_losses[i] = w->loss[(first + i) % w->size];
    return state->recent_losses != NULL;
}

static enum crema_status fill_scale(struct crema_solver *s,
                                    struct crema_arena *arena,
                                    Crema__SolverState *state)
{
    if (!s->net->adapts) return CREMA_OK;
    state->n_loss_scale = 2;
    state->loss_scale = crema_arena_alloc(arena, 2 * sizeof(float));
    if (!state->loss_scale) return crema_no_memory(s->ctx, "a snapshot");
    return crema_param_read(&s->world->loss_scale, 0, 2, state->loss_scale);
}

/* One for each weight that learns by larc_turbo; 0 where none is yet. */
static enum crema_status fill_correlations(struct crema_solver *s,
                                           struct crema_arena *arena,
                                           Crema__SolverState *state)
{
    struct crema_weight *w = s->world->weights.first;
    size_t n = (size_t)s->nweights;

    if (!s->param->larc || !s->param->larc_turbo) return CREMA_OK;
    state->larc_correlation = crema_arena_alloc(arena, (n + 1) * sizeof(float));
    if (!state->larc_correlation) return crema_no_memory(s->ctx, "a snapshot");
    state->n_larc_correlation = n;
    for (size_t i = 0; i < n; i++, w = w->next)
        CREMA_TRY(crema_param_read(&w->correlation, 0, 1,
                                   &state->larc_correlation[i]));
    return CREMA_OK;
}

static bool fill_histories(struct crema_solver *s, struct crema_arena *arena,
                           struct crema_blob_out **out)
{
    int n = crema_solver__histories(s);

    *out = crema_arena_alloc(arena, ((size_t)n + 1) * sizeof **out);
    for (int i = 0; *out && i < n; i++) {
        struct crema_param *h = crema_solver__history(s, i);

        (*out)[i] = (struct crema_blob_out){ .ndims = h->shape.ndims,
                                             .dims = h->shape.dim,
                                             .fill = fill,
                                             .user = h };
    }
    return *out != NULL;
}

static bool in_h5(const struct crema_solver *s)
{
    return s->param->snapshot_format ==
           CREMA__SOLVER_PARAMETER__SNAPSHOT_FORMAT__HDF5;
}

const char *crema_solver__ending(const struct crema_solver *s)
{
    return in_h5(s) ? ".h5" : "";
}

/* What tests have said so far, and which snapshots stay. */
static void fill_best(struct crema_solver *s, Crema__SolverState *state)
{
    const struct crema_solver__kept *k = &s->kept;
    int most = s->param->snapshot_keep;

    if (s->best.known) {
        state->has_best_value = state->has_best_iter =
            state->has_tests_since_best = 1;
        state->best_value = (float)s->best.value;
        state->best_iter = s->best.iter;
        state->tests_since_best = s->best.tests_since;
    }
    if (s->schedule->watches) {
        state->has_minimum_loss = state->has_iter_last_event = 1;
        state->minimum_loss = (float)s->pace.best;
        state->iter_last_event = s->pace.last_event;
    }
    if (!k->iter) return;
    state->n_snapshots = (size_t)(k->count < most ? k->count : most);
    state->snapshots = k->iter + k->count - (int)state->n_snapshots;
}

static enum crema_status put_state(struct crema_solver *s,
                                   struct crema_arena *arena,
                                   const char *learned_net,
                                   struct crema_file *file)
{
    Crema__SolverState state;
    struct crema_sink to = crema_sink_file(file);
    struct crema_blob_out *histories;

    crema__solver_state__init(&state);
    state.has_iter = state.has_current_step = state.has_random_seed =
        state.has_forward_passes = 1;
    state.iter = s->iter;
    state.current_step = s->pace.step;
    fill_best(s, &state);
    state.random_seed = s->random_seed;
    state.forward_passes = s->net->passes;
    state.learned_net = crema_arena_strdup(arena, learned_net);
    state.type = crema_arena_strdup(arena, s->type->name);
    if (!state.learned_net || !state.type ||
        !fill_positions(s, arena, &state) || !fill_losses(s, arena, &state) ||
        !fill_histories(s, arena, &histories))
        return crema_no_memory(s->ctx, "a snapshot");
    CREMA_TRY(fill_decoder(s, arena, &state));
    CREMA_TRY(fill_arranged(s, arena, &state));
    CREMA_TRY(fill_scale(s, arena, &state));
    CREMA_TRY(crema_solver__put_carried(s, arena, &state));
    CREMA_TRY(fill_correlations(s, arena, &state));
    return in_h5(s)
               ? crema_state_write_h5(s->ctx, crema_file_path(file), &state,
                                      crema_solver__histories(s), histories)
               : crema_state_write(s->ctx, &to, &state,
                                   crema_solver__histories(s), histories);
}

static enum crema_status write_state(struct crema_solver *s,
                                     const char *learned_net, const char *path)
{
    struct crema_arena arena = { 0 };
    struct crema_file *file;
    enum crema_status status;

    CREMA_TRY(crema_file_create(s->ctx, path, &file));
    status = put_state(s, &arena, learned_net, file);
    if (status == CREMA_OK)
        status = crema_file_commit(file);
    else
        crema_file_abandon(file);
    crema_arena_free(&arena);
    return status;
}

/* ---- snapshots ---------------------------------------------------------- */

static enum crema_status check_weight(struct crema_solver *s,
                                      const struct crema_param *w, float *strip)
{
    int64_t total = crema_shape_count(&w->shape);

    for (int64_t i = 0; i < total; i += STRIP) {
        int64_t n = total - i < STRIP ? total - i : STRIP;

        CREMA_TRY(crema_param_read(w, i, n, strip));
        for (int64_t k = 0; k < n; k++)
            if (!isfinite(strip[k]))
                return crema_fail(s->ctx, CREMA_EINVAL,
                                  "iteration %d: weights %s are not finite; no "
                                  "snapshot was written; a smaller base_lr or "
                                  "clip_gradients may help",
                                  s->iter, w->name);
    }
    return CREMA_OK;
}

/* A snapshot that cannot be used must not become the newest one. */
static enum crema_status check_weights(struct crema_solver *s)
{
    float *strip = malloc(STRIP * sizeof *strip);
    enum crema_status status = CREMA_OK;

    if (!strip) return crema_no_memory(s->ctx, "a snapshot");
    for (struct crema_weight *w = s->world->weights.first;
         w && status == CREMA_OK; w = w->next)
        status = check_weight(s, &w->value, strip);
    free(strip);
    return status;
}

enum crema_status crema_solver_snapshot(struct crema_solver *s)
{
    char weights[PATH_MAX], state[PATH_MAX];
    const char *prefix = s->param->snapshot_prefix;
    const char *ending = crema_solver__ending(s);
    const char *form = in_h5(s) ? "HDF5" : "binary proto";
    int n;

    CREMA_TRY(crema_solver__collect(s));
    snprintf(weights, sizeof weights, "%s_iter_%d.caffemodel%s", prefix,
             s->iter, ending);
    n = snprintf(state, sizeof state, "%s_iter_%d.solverstate%s", prefix,
                 s->iter, ending);
    if (n >= (int)sizeof state)
        return crema_fail(s->ctx, CREMA_EINVAL, "snapshot_prefix is too long");
    CREMA_TRY(check_weights(s));
    crema_solver__note_snapshot(s, s->iter);
    crema_log(s->ctx, CREMA_INFO, "Snapshotting to %s file %s", form, weights);
    CREMA_TRY(crema_net_save_weights(s->net, weights));
    crema_log(s->ctx, CREMA_INFO, "Snapshotting solver state to %s file %s",
              form, state);
    CREMA_TRY(write_state(s, weights, state));
    return crema_solver__drop_snapshots(s);
}
