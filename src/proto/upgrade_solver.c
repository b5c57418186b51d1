/* upgrade_solver.c - solvers of any age, read and brought to today's form. */
#include "proto/upgrade_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool crema_solver_is_old(const Crema__SolverParameter *solver)
{
    return solver->has_solver_type;
}

static enum crema_status upgrade_type(const struct crema_upgrade *u,
                                      Crema__SolverParameter *solver)
{
    static const struct {
        const char *old, *type;
    } types[] = {
        { "SGD", "SGD" },           { "NESTEROV", "Nesterov" },
        { "ADAGRAD", "AdaGrad" },   { "RMSPROP", "RMSProp" },
        { "ADADELTA", "AdaDelta" }, { "ADAM", "Adam" },
    };
    const ProtobufCFieldDescriptor *field =
        crema_upgrade__field(&solver->base, "type");
    const ProtobufCEnumValue *old = protobuf_c_enum_descriptor_get_value(
        &crema__solver_parameter__solver_type__descriptor,
        (int)solver->solver_type);
    struct crema_place at =
        crema_source_place(u->source, &solver->solver_type, solver);
    const char *name = old ? old->name : "";

    if (crema_field_is_set(&solver->base, field))
        return crema_fail_at(u->ctx, CREMA_EINVAL, &at,
                             "solver_type is the old form of type: give one "
                             "of the two");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].old, name) == 0) name = types[i].type;
    solver->type = crema_arena_strdup(&u->source->arena, name);
    solver->has_solver_type = 0;
    solver->solver_type = CREMA__SOLVER_PARAMETER__SOLVER_TYPE__SGD;
    if (!solver->type ||
        !crema_source_copy_mark(u->source, &solver->type, &solver->solver_type))
        return crema_upgrade__no_memory(u);
    return CREMA_OK;
}

enum crema_status crema_solver_upgrade(struct crema_ctx *ctx,
                                       struct crema_source *source,
                                       Crema__SolverParameter *solver)
{
    struct crema_upgrade u = { ctx, source };

    if (crema_solver_is_old(solver)) CREMA_TRY(upgrade_type(&u, solver));
    if (solver->net_param)
        CREMA_TRY(crema_net_upgrade(ctx, source, solver->net_param));
    if (solver->train_net_param)
        CREMA_TRY(crema_net_upgrade(ctx, source, solver->train_net_param));
    for (size_t i = 0; i < solver->n_test_net_param; i++)
        CREMA_TRY(crema_net_upgrade(ctx, source, solver->test_net_param[i]));
    return CREMA_OK;
}

/* Length of a path without the ending of its last name; *name is where that
 * begins. */
static size_t without_ending(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/'), *dot;

    *name = slash ? slash + 1 : path;
    dot = strrchr(*name, '.');
    return dot && dot > *name ? (size_t)(dot - path) : strlen(path);
}

static enum crema_status settle_prefix(struct crema_ctx *ctx, const char *path,
                                       struct crema_source *source,
                                       Crema__SolverParameter *solver)
{
    const char *name, *given = solver->snapshot_prefix;
    size_t length = without_ending(path, &name), size;
    size_t stem = length - (size_t)(name - path);
    struct stat st;
    char *prefix;

    if (!given) {
        prefix = crema_arena_strndup(&source->arena, path, length);
        solver->snapshot_prefix = prefix;
        return prefix ? CREMA_OK : crema_no_memory(ctx, path);
    }
    if (stat(given, &st) != 0 || !S_ISDIR(st.st_mode)) return CREMA_OK;
    size = strlen(given) + stem + 2;
    prefix = crema_arena_alloc(&source->arena, size);
    if (!prefix) return crema_no_memory(ctx, path);
    snprintf(prefix, size, "%s%s%.*s", given,
             given[0] && given[strlen(given) - 1] == '/' ? "" : "/", (int)stem,
             name);
    solver->snapshot_prefix = prefix;
    return CREMA_OK;
}

enum crema_status crema_solver_file_read(struct crema_ctx *ctx,
                                         const char *path,
                                         enum crema_text_mode mode,
                                         Crema__SolverParameter **solver,
                                         struct crema_source **source)
{
    ProtobufCMessage *message;
    enum crema_status status;

    CREMA_TRY(crema_text_read_file(ctx, path,
                                   &crema__solver_parameter__descriptor, mode,
                                   &message, source));
    *solver = (Crema__SolverParameter *)message;
    status = crema_solver_upgrade(ctx, *source, *solver);
    if (status == CREMA_OK) status = settle_prefix(ctx, path, *source, *solver);
    if (status != CREMA_OK) {
        crema_source_free(*source);
        *source = NULL;
    }
    return status;
}
