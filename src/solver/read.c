/* read.c - a solver's prototxt in today's form. */
#include "proto/message.h"
#include "proto/upgrade.h"
#include "solver/solver.h"

#include <stdio.h>
#include <string.h>

/* Text as the reader wants it, from "F=V" or from what already is such. */
static char *worded(struct crema_arena *arena, const char *set)
{
    size_t name = strcspn(set, "=:{ \"'"), n = strlen(set), used;
    const ProtobufCFieldDescriptor *f =
        crema_field_find(&crema__solver_parameter__descriptor, set, name);
    bool quote = f && f->type == PROTOBUF_C_TYPE_STRING &&
                 set[name + 1] != '"' && set[name + 1] != '\'';
    char *out;

    if (set[name] != '=') return crema_arena_strdup(arena, set);
    out = crema_arena_alloc(arena, 2 * n + 8);
    if (!out) return NULL;
    used = (size_t)sprintf(out, "%.*s: %s", (int)name, set, quote ? "\"" : "");
    for (const char *v = set + name + 1; *v; v++) {
        if (quote && (*v == '"' || *v == '\\')) out[used++] = '\\';
        out[used++] = *v;
    }
    if (quote) out[used++] = '"';
    return out;
}

static enum crema_status apply(struct crema_ctx *ctx, const char *set,
                               struct crema_source *source,
                               Crema__SolverParameter *p)
{
    char *text = worded(&source->arena, set);

    if (!text) return crema_no_memory(ctx, set);
    return crema_text_merge(ctx, "--set", text, source, &p->base);
}

enum crema_status crema_solver_read(struct crema_ctx *ctx, const char *path,
                                    size_t nsets, const char *const *sets,
                                    Crema__SolverParameter **param,
                                    struct crema_source **out)
{
    enum crema_status status;

    CREMA_TRY(crema_solver_file_read(ctx, path, CREMA_TEXT_STRICT, param, out));
    status = CREMA_OK;
    for (size_t i = 0; i < nsets && status == CREMA_OK; i++)
        status = apply(ctx, sets[i], *out, *param);
    if (status == CREMA_OK && nsets)
        status = crema_solver_upgrade(ctx, *out, *param);
    if (status == CREMA_OK) return CREMA_OK;
    crema_source_free(*out);
    *out = NULL;
    return status;
}
