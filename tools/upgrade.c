/* upgrade.c - crema upgrade: nets, weights and solvers of any age, written in
 * today's form; and Caffe's three tools that do so, by their names. */
#include "proto/upgrade.h"
#include "base/file.h"
#include "console.h"
#include "data_tools.h"
#include "flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum kind { KIND_NET, KIND_WEIGHTS, KIND_SOLVER };

struct upgrade {
    struct console console;
    struct crema_ctx *ctx;
    const char *in, *out;
    int kind; /* -1: as the file looks */
    bool in_place;
};

/* ---- which kind ---------------------------------------------------------- */

/* Of a file that begins with these bytes: text has no control characters. */
static bool is_text(const char *head, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)head[i] < ' ' && !strchr("\t\n\v\f\r", head[i]))
            return false;
    return memchr(head, 0, n) == NULL;
}

static enum crema_status look(struct upgrade *u)
{
    char head[512], *text;
    size_t n, length;
    FILE *f;

    if (u->kind >= 0) return CREMA_OK;
    f = fopen(u->in, "rb");
    n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f) fclose(f);
    u->kind = KIND_WEIGHTS;
    if (n > 0 && !is_text(head, n)) return CREMA_OK;
    CREMA_TRY(crema_file_read(u->ctx, u->in, &text, &length));
    u->kind = crema_text_is_solver(text) ? KIND_SOLVER : KIND_NET;
    free(text);
    return CREMA_OK;
}

/* Whether OUT is the very file IN. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* ---- the summary --------------------------------------------------------- */

static bool has_comments(const char *text)
{
    char quote = '\0';

    for (; *text; text++) {
        if (quote && *text == '\\' && text[1])
            text++;
        else if (quote && (*text == quote || *text == '\n'))
            quote = '\0';
        else if (!quote && *text == '#')
            return true;
        else if (!quote && (*text == '"' || *text == '\''))
            quote = *text;
    }
    return false;
}

static void tell_age(struct upgrade *u, const struct crema_upgraded *what)
{
    static const struct {
        unsigned bit;
        const char *text;
    } rows[] = {
        { CREMA_OLD_V0, "layers { layer { } } of 2013 are layer { } now" },
        { CREMA_OLD_DATA, "scale, mean_file, crop_size and mirror are in "
                          "transform_param now" },
        { CREMA_OLD_INPUT, "the net's inputs are an Input layer now" },
        { CREMA_OLD_BATCH_NORM,
          "rates of BatchNorm's statistics are 0, as Caffe takes them" },
    };

    if ((what->age & CREMA_OLD_V1) && !(what->age & CREMA_OLD_V0))
        console_say(&u->console, CREMA_INFO,
                    "  layers { } of 2014 are layer { } now");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (what->age & rows[i].bit)
            console_say(&u->console, CREMA_INFO, "  %s", rows[i].text);
    if (what->padding)
        console_say(&u->console, CREMA_INFO,
                    "  padding layers: %d, which became pads of what follows",
                    what->padding);
    if (what->raw)
        console_say(
            &u->console, CREMA_INFO,
            "  blobs in NVIDIA's raw_data: %d, which are plain floats now "
            "(gradients beside them are left out)",
            what->raw);
    if (what->dropped)
        console_say(&u->console, CREMA_INFO,
                    "  fields left out: %zu, of a fork, whose numbers mean "
                    "something else to Caffe",
                    what->dropped);
}

/* ---- texts --------------------------------------------------------------- */

static enum crema_status upgrade_net(struct upgrade *u,
                                     struct crema_source *source,
                                     ProtobufCMessage *message)
{
    Crema__NetParameter *net = (Crema__NetParameter *)message;
    struct crema_upgraded what = { .age = crema_net_age(net) };
    size_t before = net->n_layers;

    CREMA_TRY(crema_net_upgrade(u->ctx, source, net));
    what.layers = (int)net->n_layer;
    if (what.age & CREMA_OLD_V0)
        what.padding =
            (int)(before + ((what.age & CREMA_OLD_INPUT) != 0)) - what.layers;
    console_say(&u->console, CREMA_INFO, "%s: net, %d layers%s", u->in,
                what.layers, what.age ? "" : ", of today's form already");
    tell_age(u, &what);
    return CREMA_OK;
}

static enum crema_status upgrade_solver(struct upgrade *u,
                                        struct crema_source *source,
                                        ProtobufCMessage *message)
{
    Crema__SolverParameter *solver = (Crema__SolverParameter *)message;
    bool old = crema_solver_is_old(solver);
    size_t nets = solver->n_test_net_param + (solver->net_param != NULL) +
                  (solver->train_net_param != NULL);

    CREMA_TRY(crema_solver_upgrade(u->ctx, source, solver));
    console_say(&u->console, CREMA_INFO, "%s: solver%s", u->in,
                old ? "" : ", of today's form already");
    if (old)
        console_say(&u->console, CREMA_INFO,
                    "  solver_type is type: \"%s\" now", solver->type);
    if (nets)
        console_say(&u->console, CREMA_INFO,
                    "  nets inside, brought to today's form: %zu", nets);
    return CREMA_OK;
}

static enum crema_status write_text(struct upgrade *u,
                                    const struct crema_sink *sink)
{
    bool solver = u->kind == KIND_SOLVER;
    struct crema_source *source;
    ProtobufCMessage *message;
    enum crema_status status;

    CREMA_TRY(crema_text_read_file(u->ctx, u->in,
                                   solver ? &crema__solver_parameter__descriptor
                                          : &crema__net_parameter__descriptor,
                                   CREMA_TEXT_STRICT, &message, &source));
    status = solver ? upgrade_solver(u, source, message)
                    : upgrade_net(u, source, message);
    if (status == CREMA_OK) {
        if (has_comments(source->text))
            console_say(
                &u->console, CREMA_INFO,
                "  its comments are lost: a message has no room for them");
        status = crema_text_print(u->ctx, message, sink);
    }
    crema_source_free(source);
    return status;
}

/* ---- weights ------------------------------------------------------------- */

static enum crema_status write_weights(struct upgrade *u,
                                       const struct crema_sink *sink)
{
    struct crema_upgraded what;

    CREMA_TRY(crema_weights_upgrade(u->ctx, u->in, sink, &what));
    console_say(&u->console, CREMA_INFO, "%s: weights, %d layers, %d blobs%s",
                u->in, what.layers, what.blobs,
                what.age || what.raw || what.dropped
                    ? ""
                    : ", of today's form already");
    tell_age(u, &what);
    return CREMA_OK;
}

/* ---- the whole ----------------------------------------------------------- */

static enum crema_status work(struct upgrade *u)
{
    struct crema_file *file;
    struct crema_sink sink;
    enum crema_status status;

    if (u->in_place) u->out = u->in;
    if (!u->in_place && same_file(u->in, u->out))
        return crema_fail(u->ctx, CREMA_EINVAL,
                          "%s is what would be read: --in_place replaces it",
                          u->out);
    CREMA_TRY(look(u));
    CREMA_TRY(crema_file_create(u->ctx, u->out, &file));
    sink = crema_sink_file(file);
    status = u->kind == KIND_WEIGHTS ? write_weights(u, &sink)
                                     : write_text(u, &sink);
    if (status != CREMA_OK) {
        crema_file_abandon(file);
        return status;
    }
    CREMA_TRY(crema_file_commit(file));
    console_say(&u->console, CREMA_INFO, "written to %s", u->out);
    return CREMA_OK;
}

static int run(struct upgrade *u, const char *name)
{
    enum crema_status status;
    int code = 1;

    console_open(&u->console, name, stderr);
    u->ctx = crema_ctx_new(console_log, &u->console);
    status = u->ctx ? work(u) : CREMA_ENOMEM;
    if (!u->ctx)
        console_say(&u->console, CREMA_ERROR, "out of memory");
    else
        code = status == CREMA_OK ? 0 : console_failed(&u->console, u->ctx);
    crema_ctx_free(u->ctx);
    console_close(&u->console);
    return code;
}

int tool_upgrade(int argc, char **argv)
{
    struct upgrade u = { .kind = -1 };
    const struct flag table[] = {
        { "kind", FLAG_CHOICE, &u.kind, "net|weights|solver",
          "what IN is, if it does not look like it" },
        { "in_place", FLAG_BOOL, &u.in_place, NULL,
          "replace IN, in one go when all is written; without OUT" },
    };
    const struct flags flags = {
        "crema upgrade",
        "IN OUT",
        "Brings a net, weights or a solver of any age or fork to the form of "
        "Caffe 1.0.",
        table,
        sizeof table / sizeof *table,
        1,
        2,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (u.in_place == (argc == 3))
        return flags_wrong(&flags, u.in_place ? "--in_place takes IN only"
                                              : "wants IN and OUT");
    u.in = argv[1];
    u.out = argc == 3 ? argv[2] : NULL;
    return run(&u, "upgrade");
}

/* One of Caffe's tools. */
static int tool(const char *name, enum kind kind, int argc, char **argv)
{
    struct upgrade u = { .kind = (int)kind };
    const struct flags flags = {
        name, "IN OUT", "As crema upgrade, for one kind of file.", NULL, 0,
        2,    2,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    u.in = argv[1];
    u.out = argv[2];
    return run(&u, name);
}

int tool_upgrade_net_proto_text(int argc, char **argv)
{
    return tool("upgrade_net_proto_text", KIND_NET, argc, argv);
}

int tool_upgrade_net_proto_binary(int argc, char **argv)
{
    return tool("upgrade_net_proto_binary", KIND_WEIGHTS, argc, argv);
}

int tool_upgrade_solver_proto_text(int argc, char **argv)
{
    return tool("upgrade_solver_proto_text", KIND_SOLVER, argc, argv);
}
