/* read.c - a solver's prototxt in today's form. */
#include "proto/upgrade.h"
#include "solver/internal.h"

enum crema_status crema_solver_read(struct crema_ctx *ctx, const char *path,
                                    size_t nsets, const char *const *sets,
                                    Crema__SolverParameter **param,
                                    struct crema_source **out)
{
    enum crema_status status;

    CREMA_TRY(crema_solver_file_read(ctx, path, CREMA_TEXT_STRICT, param, out));
    status = CREMA_OK;
    for (size_t i = 0; i < nsets && status == CREMA_OK; i++)
        status = crema_solver__set(ctx, sets[i], *out, &(*param)->base);
    if (status == CREMA_OK && nsets)
        status = crema_solver_upgrade(ctx, *out, *param);
    if (status == CREMA_OK) return CREMA_OK;
    crema_source_free(*out);
    *out = NULL;
    return status;
}
