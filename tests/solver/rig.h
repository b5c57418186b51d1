/* rig.h - a solver from a text, in a folder of its own, for these tests. */
#ifndef TESTS_SOLVER_RIG_H
#define TESTS_SOLVER_RIG_H

#include "solver/solver.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rig {
    char folder[64]; /* the working folder while the rig is open */
    struct crema_ctx *ctx;
    struct crema_device *dev;
    Crema__SolverParameter *param;
    struct crema_source *source;
    struct crema_solver *solver; /* NULL when it could not be opened */
    enum crema_status status;    /* of opening it */
    char log[1 << 16];           /* what was said, a line each */
};

static inline void rig_listen(void *rig, enum crema_log_level level,
                              const char *line)
{
    struct rig *r = rig;
    size_t used = strlen(r->log);

    (void)level;
    snprintf(r->log + used, sizeof r->log - used, "%s\n", line);
}

/* A fresh folder, which becomes the working folder. */
static inline struct rig *rig_new(void)
{
    struct rig *r = calloc(1, sizeof *r);

    ck_assert_ptr_nonnull(r);
    strcpy(r->folder, "/tmp/crema_test_solver_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(r->folder));
    ck_assert_int_eq(chdir(r->folder), 0);
    r->ctx = crema_ctx_new(rig_listen, r);
    ck_assert_ptr_nonnull(r->ctx);
    ck_assert_int_eq(crema_device_open(r->ctx, "ref", 1, &r->dev), CREMA_OK);
    return r;
}

static inline void rig_close(struct rig *r)
{
    crema_solver_free(r->solver);
    crema_source_free(r->source);
    r->solver = NULL;
    r->source = NULL;
}

/* Opens a solver of this definition; what was open is closed first. */
static inline enum crema_status
rig_try(struct rig *r, const char *text,
        const struct crema_solver_options *options)
{
    FILE *f = fopen("solver.prototxt", "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    rig_close(r);
    r->log[0] = '\0';
    r->status = crema_solver_read(r->ctx, "solver.prototxt", 0, NULL, &r->param,
                                  &r->source);
    if (r->status == CREMA_OK)
        r->status = crema_solver_open(r->ctx, r->dev, r->param, r->source,
                                      options, &r->solver);
    return r->status;
}

static inline void rig_open(struct rig *r, const char *text,
                            const char *snapshot)
{
    const struct crema_solver_options options = { .snapshot = snapshot };

    ck_assert_msg(rig_try(r, text, &options) == CREMA_OK, "%s",
                  crema_ctx_message(r->ctx));
}

static inline void rig_step(struct rig *r, int count)
{
    ck_assert_msg(crema_solver_step(r->solver, count) == CREMA_OK, "%s",
                  crema_ctx_message(r->ctx));
}

/* First element of the first weight. */
static inline float rig_weight(struct rig *r)
{
    float value = 0;

    ck_assert_int_eq(
        crema_param_read(
            &crema_solver_net(r->solver)->world->weights.first->value, 0, 1,
            &value),
        CREMA_OK);
    return value;
}

static inline void rig_free(struct rig *r)
{
    char command[128];

    rig_close(r);
    crema_device_free(r->dev);
    crema_ctx_free(r->ctx);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", r->folder);
    ck_assert_int_eq(system(command), 0);
    free(r);
}

/* A file's bytes; free() them. */
static inline char *rig_bytes(const char *path, size_t *length)
{
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(1 << 20);

    ck_assert_msg(f != NULL, "%s is not there", path);
    ck_assert_ptr_nonnull(bytes);
    *length = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}

static inline bool rig_same(const char *path, const char *other)
{
    size_t m, n;
    char *a = rig_bytes(path, &m), *b = rig_bytes(other, &n);
    bool same = m == n && memcmp(a, b, m) == 0;

    free(a);
    free(b);
    return same;
}

#endif
