/* check.c - crema check: nets and solvers read, upgraded, and looked over.
 *
 * Opens no data: a source without data has blobs of unknown shape, and what
 * follows from them is unknown too.  What is wrong is an error; what Caffe, or
 * a fork of it, could do and crema cannot is a note.
 */
#include "base/beside.h"
#include "job.h"
#include "proto/upgrade.h"
#include "solver/solver.h"
#include "verbs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct check {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    const char *path;
    int errors, notes;
    struct said { /* by this file: nothing twice */
        char *text;
        struct said *next;
    } * said;
    bool failed; /* of any file */
    bool strict;
};

/* ---- findings ----------------------------------------------------------- */

static bool said_before(struct check *c, const char *text)
{
    struct said *s;

    for (s = c->said; s; s = s->next)
        if (!strcmp(s->text, text)) return true;
    s = malloc(sizeof *s);
    if (!s) return false;
    s->text = strdup(text);
    s->next = c->said;
    if (s->text)
        c->said = s;
    else
        free(s);
    return false;
}

static void forget(struct check *c)
{
    while (c->said) {
        struct said *s = c->said;

        c->said = s->next;
        free(s->text);
        free(s);
    }
    c->errors = c->notes = 0;
}

static void find(struct check *c, bool note, const char *text)
{
    if (said_before(c, text)) return;
    *(note ? &c->notes : &c->errors) += 1;
    fflush(stdout);
    fprintf(stderr, "%s%s\n", note ? "note: " : "", text);
}

/* A crema_log_fn: warnings are notes. */
static void listen_to(void *check, enum crema_log_level level, const char *line)
{
    if (level != CREMA_INFO) find(check, level == CREMA_WARNING, line);
}

static void settle(struct check *c, enum crema_status status)
{
    if (status != CREMA_OK)
        find(c, status == CREMA_EUNSUPPORTED, crema_ctx_message(c->ctx));
}

/* ---- nets --------------------------------------------------------------- */

/* How many layers the phase has; -1 when it could not be built. */
static int check_phase(struct check *c, Crema__NetParameter *param,
                       const struct crema_source *source, bool train)
{
    const struct crema_net_options options = { .train = train,
                                               .optimistic = true };
    struct crema_world *world = NULL;
    struct crema_net *net = NULL;
    enum crema_status status;
    int layers = -1;

    status = crema_world_open(c->ctx, c->dev, 1, &world);
    if (status == CREMA_OK) {
        world->lender.opens_data = false;
        world->lender.no_values = true;
        status = crema_net_build(world, param, source, &options, &net);
    }
    settle(c, status);
    if (net) layers = net->nlayers;
    crema_net_free(net);
    crema_world_free(world);
    return layers;
}

static void check_net(struct check *c, Crema__NetParameter *param,
                      const struct crema_source *source, int layers[2])
{
    for (int phase = 0; phase < 2; phase++)
        layers[phase] = check_phase(c, param, source, phase == 0);
    if (layers[0] == 0 && layers[1] == 0) {
        char text[4096];

        snprintf(text, sizeof text, "%s: no layer at all", source->path);
        find(c, false, text);
    }
}

static void word_net(const char *name, const int layers[2], char *out,
                     size_t size)
{
    snprintf(out, size, "net%s%s%s, %d layers in TRAIN, %d in TEST",
             name && *name ? " \"" : "", name ? name : "",
             name && *name ? "\"" : "", layers[0] < 0 ? 0 : layers[0],
             layers[1] < 0 ? 0 : layers[1]);
}

static void check_net_file(struct check *c, const char *path, char *out,
                           size_t size)
{
    Crema__NetParameter *param;
    struct crema_source *source;
    enum crema_status status;
    int layers[2];

    snprintf(out, size, "net");
    status =
        crema_net_file_read(c->ctx, path, CREMA_TEXT_STRICT, &param, &source);
    settle(c, status);
    if (status != CREMA_OK) return;
    check_net(c, param, source, layers);
    word_net(param->name, layers, out, size);
    crema_source_free(source);
}

/* ---- solvers ------------------------------------------------------------ */

static void take_finding(void *check, enum crema_finding kind,
                         const struct crema_place *at, const char *text)
{
    struct check *c = check;

    (void)!crema_fail_at(c->ctx, CREMA_EINVAL, at, "%s", text);
    find(c, kind == CREMA_LACKING, crema_ctx_message(c->ctx));
}

/* A net that a solver names: here, or beside it. */
static void check_named(struct check *c, const struct crema_source *source,
                        char *const *field)
{
    struct crema_place at;
    char near[PATH_MAX], unused[256];
    const char *path = *field;

    if (!path) return;
    if (access(path, F_OK) != 0 &&
        crema_beside(source->path, path, near, sizeof near))
        path = near;
    if (access(path, F_OK) == 0) {
        check_net_file(c, path, unused, sizeof unused);
        return;
    }
    at = crema_source_place(source, field, NULL);
    (void)!crema_fail_at(c->ctx, CREMA_EIO, &at, "net %s is not there", path);
    find(c, true, crema_ctx_message(c->ctx));
}

static void check_inlined(struct check *c, const struct crema_source *source,
                          Crema__NetParameter *param)
{
    int layers[2];

    if (param) check_net(c, param, source, layers);
}

static void check_solver_file(struct check *c, const char *path, char *out,
                              size_t size)
{
    Crema__SolverParameter *p;
    struct crema_source *source;
    enum crema_status status;

    snprintf(out, size, "solver");
    status = crema_solver_read(c->ctx, path, 0, NULL, &p, &source);
    settle(c, status);
    if (status != CREMA_OK) return;
    snprintf(out, size, "solver, type %s, lr_policy %s", p->type,
             p->lr_policy ? p->lr_policy : "(none)");
    crema_solver_examine(p, source, take_finding, c);
    check_named(c, source, &p->net);
    check_named(c, source, &p->train_net);
    for (size_t i = 0; i < p->n_test_net; i++)
        check_named(c, source, &p->test_net[i]);
    check_inlined(c, source, p->net_param);
    check_inlined(c, source, p->train_net_param);
    for (size_t i = 0; i < p->n_test_net_param; i++)
        check_inlined(c, source, p->test_net_param[i]);
    crema_source_free(source);
}

/* ---- files --------------------------------------------------------------- */

static void check_file(struct check *c, const char *path)
{
    enum crema_status status;
    char what[256] = "unreadable", *text;
    size_t length;
    bool bad;

    forget(c);
    c->path = path;
    status = crema_file_read(c->ctx, path, &text, &length);
    settle(c, status);
    if (status == CREMA_OK) {
        if (crema_text_is_solver(text))
            check_solver_file(c, path, what, sizeof what);
        else
            check_net_file(c, path, what, sizeof what);
        free(text);
    }
    bad = c->errors || (c->strict && c->notes);
    c->failed |= bad;
    printf("%s: %s: ", path, what);
    if (c->errors) printf("%d error%s", c->errors, c->errors > 1 ? "s" : "");
    if (c->errors && c->notes) printf(", ");
    if (c->notes) printf("%d note%s", c->notes, c->notes > 1 ? "s" : "");
    printf("%s\n", c->errors || c->notes ? "" : "fine");
}

int verb_check(int argc, char **argv)
{
    struct check c = { 0 };
    struct flag_list plugins = { 0 };
    const struct flag table[] = {
        PLUGIN_FLAG(&plugins),
        { "strict", FLAG_BOOL, &c.strict, NULL, "notes count as errors" },
    };
    const struct flags flags = {
        "crema check",
        "FILE..",
        "Looks for mistakes in prototxt files of nets and solvers, without "
        "any data.",
        table,
        sizeof table / sizeof *table,
        1,
        -1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    c.ctx = crema_ctx_new(listen_to, &c);
    if (!c.ctx || load_plugins(c.ctx, &plugins) != CREMA_OK ||
        crema_device_open(c.ctx, "ref", 1, &c.dev) != CREMA_OK) {
        fprintf(stderr, "crema check: %s\n",
                c.ctx ? crema_ctx_message(c.ctx) : "out of memory");
        crema_ctx_free(c.ctx);
        return 1;
    }
    for (int i = 1; i < argc; i++) check_file(&c, argv[i]);
    forget(&c);
    crema_device_free(c.dev);
    crema_ctx_free(c.ctx);
    return c.failed;
}
