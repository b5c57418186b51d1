/* keep.c - old snapshots are removed: those that this run wrote, or the run
 * that it goes on from, and no others.
 */
#include "solver/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum crema_status drop(struct crema_solver *s, const char *suffix,
                              int iter)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s_iter_%d.%s%s", s->param->snapshot_prefix,
             iter, suffix, crema_solver__ending(s));
    if (unlink(path) == 0 || errno == ENOENT) return CREMA_OK;
    return crema_fail(s->ctx, CREMA_EIO, "cannot remove %s: %s", path,
                      strerror(errno));
}

void crema_solver__note_snapshot(struct crema_solver *s, int iter)
{
    struct crema_solver__kept *k = &s->kept;

    if (!k->iter || (k->count > 0 && k->iter[k->count - 1] == iter)) return;
    k->iter[k->count++] = iter;
}

/* The state goes first: weights without one are of use, not the reverse. */
enum crema_status crema_solver__drop_snapshots(struct crema_solver *s)
{
    struct crema_solver__kept *k = &s->kept;

    while (k->count > s->param->snapshot_keep && k->iter) {
        int oldest = k->iter[0];

        memmove(k->iter, k->iter + 1, (size_t)--k->count * sizeof *k->iter);
        CREMA_TRY(drop(s, "solverstate", oldest));
        CREMA_TRY(drop(s, "caffemodel", oldest));
        crema_log(s->ctx, CREMA_INFO, "Removed snapshot %s_iter_%d",
                  s->param->snapshot_prefix, oldest);
    }
    return CREMA_OK;
}

void crema_solver__take_kept(struct crema_solver *s, const char *path,
                             const Crema__SolverState *state)
{
    size_t n = state->n_snapshots, most = (size_t)s->param->snapshot_keep;
    char own[PATH_MAX];

    snprintf(own, sizeof own, "%s_iter_%d.solverstate%s",
             s->param->snapshot_prefix, state->iter, crema_solver__ending(s));
    if (strcmp(own, path) != 0) return;
    for (size_t i = n > most ? n - most : 0; i < n; i++)
        crema_solver__note_snapshot(s, state->snapshots[i]);
}
