/* draw.c - crema draw: a net as a graph, by Graphviz.
 *
 * The graph in Graphviz's language is ours; its program `dot` makes pictures of
 * it where it is installed.
 */
#include "job.h"
#include "verbs.h"

#include "base/file.h"
#include "layers/doc.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct draw {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    const char *out;
    bool across; /* from left to right */
    char *text;  /* the graph */
    size_t length, room;
};

/* ---- text that grows ----------------------------------------------------- */

static enum crema_status add(struct draw *d, const char *fmt, ...)
    CREMA_PRINTF(2, 3) CREMA_MUST_USE;

static enum crema_status add(struct draw *d, const char *fmt, ...)
{
    enum { MOST = 4096 };
    va_list args;
    int n;

    if (d->room - d->length < MOST) {
        size_t room = d->room ? 2 * d->room : 4 * MOST;
        char *text = realloc(d->text, room);

        if (!text) return crema_no_memory(d->job.ctx, d->out);
        d->text = text;
        d->room = room;
    }
    va_start(args, fmt);
    n = vsnprintf(d->text + d->length, MOST, fmt, args);
    va_end(args);
    d->length += n < MOST ? (size_t)n : MOST - 1;
    return CREMA_OK;
}

/* A title, between quotes; at most so long that a few fit a line. */
static const char *quoted(const char *text, char out[256])
{
    size_t n = 0;

    for (; *text && n < 250; text++) {
        if (*text == '"' || *text == '\\') out[n++] = '\\';
        out[n++] = *text;
    }
    out[n] = '\0';
    return out;
}

/* Text of a table's cell. */
static const char *escaped(const char *text, char out[256])
{
    size_t n = 0;

    for (; *text && n < 245; text++) {
        const char *as = *text == '&'   ? "&amp;"
                         : *text == '<' ? "&lt;"
                         : *text == '>' ? "&gt;"
                         : *text == '"' ? "&quot;"
                                        : NULL;

        if (as)
            n += (size_t)snprintf(out + n, 256 - n, "%s", as);
        else
            out[n++] = *text;
    }
    out[n] = '\0';
    return out;
}

/* ---- nodes --------------------------------------------------------------- */

/* Light enough for black letters. */
static const char *color_of(const struct crema_layer *l)
{
    static const char *const colors[CREMA_LAYER_KINDS] = {
        [CREMA_LAYER_DATA] = "#d9d9d9",
        [CREMA_LAYER_IMAGE] = "#a6cee3",
        [CREMA_LAYER_DENSE] = "#b3cde3",
        [CREMA_LAYER_SEQUENCE] = "#decbe4",
        [CREMA_LAYER_NORM] = "#fddaec",
        [CREMA_LAYER_ACTIVATION] = "#ccebc5",
        [CREMA_LAYER_ARITHMETIC] = "#ffffcc",
        [CREMA_LAYER_SHAPE] = "#f2f2f2",
        [CREMA_LAYER_LOSS] = "#fbb4ae",
        [CREMA_LAYER_MEASURE] = "#fed9a6",
        [CREMA_LAYER_DETECTION] = "#e5d8bd",
    };

    return l->type->doc ? colors[l->type->doc->kind] : "#ffffff";
}

/* " 11x11 /4 +2, 96 in 2 groups" - kernel, stride, pad and outputs. */
static void word_window(const struct crema_layer *l, char *out, size_t size)
{
    const Crema__ConvolutionParameter *c = l->param->convolution_param;
    const Crema__PoolingParameter *p = l->param->pooling_param;
    const Crema__InnerProductParameter *i = l->param->inner_product_param;
    const char *average =
        p && p->pool == CREMA__POOLING_PARAMETER__POOL_METHOD__AVE ? " average"
                                                                   : "";
    size_t n = 0;

    out[0] = '\0';
    if (c && c->n_kernel_size) {
        n += (size_t)snprintf(out, size, " %ux%u", c->kernel_size[0],
                              c->kernel_size[c->n_kernel_size - 1]);
        if (c->n_stride && c->stride[0] != 1)
            n += (size_t)snprintf(out + n, size - n, " /%u", c->stride[0]);
        if (c->n_pad && c->pad[0])
            n += (size_t)snprintf(out + n, size - n, " +%u", c->pad[0]);
        n += (size_t)snprintf(out + n, size - n, ", %u", c->num_output);
        if (c->has_group && c->group > 1)
            snprintf(out + n, size - n, " in %u groups", c->group);
    } else if (p && p->global_pooling) {
        snprintf(out, size, "%s of all", average);
    } else if (p && p->has_kernel_size) {
        n += (size_t)snprintf(out, size, "%s %ux%u", average, p->kernel_size,
                              p->kernel_size);
        if (p->has_stride && p->stride != 1)
            n += (size_t)snprintf(out + n, size - n, " /%u", p->stride);
        if (p->has_pad && p->pad) snprintf(out + n, size - n, " +%u", p->pad);
    } else if (i) {
        snprintf(out, size, " %u", i->num_output);
    }
}

/* The layer before `i` that wrote the blob last, and which top of it; -1. */
static int writer(const struct crema_net *net, int i, const char *blob,
                  int *top)
{
    while (--i >= 0)
        for (int k = 0; k < net->layer[i].ntops; k++)
            if (!strcmp(net->layer[i].param->top[k], blob)) {
                *top = k;
                return i;
            }
    return -1;
}

/* In whose box the layer stands: one that works in place, in that of the layer
 * whose top it changes; others in their own. */
static int host(const struct crema_net *net, int i)
{
    const struct crema_layer *l = &net->layer[i];
    int top, from;

    if (l->nbottoms != 1 || l->ntops != 1 ||
        strcmp(l->param->bottom[0], l->param->top[0]))
        return i;
    from = writer(net, i, l->param->bottom[0], &top);
    return from >= 0 && net->layer[from].ntops == 1 ? host(net, from) : i;
}

/* A box: a row for its layer, a smaller one for each that works in place. */
static enum crema_status add_node(struct draw *d, int i)
{
    const struct crema_net *net = d->job.net;
    char name[256], window[64];

    for (int k = i; k < net->nlayers; k++) {
        const struct crema_layer *l = &net->layer[k];

        if (host(net, k) != i) continue;
        word_window(l, window, sizeof window);
        escaped(l->param->name ? l->param->name : "", name);
        if (k == i)
            CREMA_TRY(add(d,
                          "  l%d [label=<<table border=\"0\" cellborder=\"1\" "
                          "cellspacing=\"0\" cellpadding=\"5\" "
                          "color=\"#606060\"><tr><td bgcolor=\"%s\">"
                          "<b>%s</b><br/>%s%s</td></tr>",
                          i, color_of(l), name, l->type->name, window));
        else
            CREMA_TRY(add(d,
                          "<tr><td bgcolor=\"%s\">%s%s <font color=\"#505050\""
                          " point-size=\"9\">%s</font></td></tr>",
                          color_of(l), l->type->name, window, name));
    }
    return add(d, "</table>>]\n");
}

/* ---- edges --------------------------------------------------------------- */

static enum crema_status add_edges(struct draw *d, int i)
{
    const struct crema_net *net = d->job.net;
    const struct crema_layer *l = &net->layer[i];

    for (int k = 0; k < l->nbottoms; k++) {
        char text[CREMA_SHAPE_TEXT] = "";
        int top = 0, from = writer(net, i, l->param->bottom[k], &top);
        const struct crema_layer *w = &net->layer[from < 0 ? 0 : from];

        if (from < 0 || host(net, from) == host(net, i)) continue;
        if (w->top && w->top[top]) crema_shape_text(&w->top[top]->shape, text);
        CREMA_TRY(add(d, "  l%d -> l%d [label=\" %s\"]\n", host(net, from),
                      host(net, i), text));
    }
    return CREMA_OK;
}

static enum crema_status write_graph(struct draw *d)
{
    const struct crema_net *net = d->job.net;
    char name[256];

    CREMA_TRY(add(d,
                  "digraph \"%s\" {\n"
                  "  label=\"%s\" labelloc=t fontname=\"DejaVu Sans\" "
                  "fontsize=16 rankdir=%s ranksep=0.3 nodesep=0.3\n"
                  "  node [shape=plain fontname=\"DejaVu Sans\" "
                  "fontsize=11]\n"
                  "  edge [fontname=\"DejaVu Sans\" fontsize=9 "
                  "fontcolor=\"#505050\" color=\"#707070\" arrowsize=0.6]\n",
                  quoted(net->name ? net->name : "net", name), name,
                  d->across ? "LR" : "TB"));
    for (int i = 0; i < net->nlayers; i++)
        if (host(net, i) == i) CREMA_TRY(add_node(d, i));
    for (int i = 0; i < net->nlayers; i++) CREMA_TRY(add_edges(d, i));
    return add(d, "}\n");
}

/* ---- from the graph to a picture ----------------------------------------- */

/* In a process of its own, which ends here. */
static void become_dot(const char *kind, int in, int out)
{
    char format[16];
    char *argv[] = { (char[]){ "dot" }, format, NULL };

    snprintf(format, sizeof format, "-T%s", kind);
    if (dup2(in, 0) == 0 && dup2(out, 1) == 1) execvp("dot", argv);
    _exit(127);
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

static enum crema_status copy_all(int fd, struct crema_file *file)
{
    char piece[65536];
    ssize_t n;

    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        CREMA_TRY(crema_file_write(file, piece, (size_t)n));
    }
    return CREMA_OK;
}

/* dot reads all of the graph before it writes, so one goes behind the other. */
static enum crema_status run_dot(struct draw *d, const char *kind,
                                 struct crema_file *file)
{
    enum crema_status status = CREMA_OK;
    int to[2], from[2], ended = 0;
    pid_t child;

    signal(SIGPIPE, SIG_IGN); /* where there is no dot, nobody reads */
    if (pipe(to) != 0)
        return crema_fail(d->job.ctx, CREMA_EIO, "cannot run dot: %s",
                          strerror(errno));
    if (pipe(from) != 0 || (child = fork()) < 0) {
        close(to[0]);
        close(to[1]);
        return crema_fail(d->job.ctx, CREMA_EIO, "cannot run dot: %s",
                          strerror(errno));
    }
    if (child == 0) {
        close(to[1]);
        close(from[0]);
        become_dot(kind, to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    (void)write_all(to[1], d->text, d->length); /* dot says what it lacks */
    close(to[1]);
    status = copy_all(from[0], file);
    close(from[0]);
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
    }
    if (status != CREMA_OK) return status;
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 127)
        return crema_fail(d->job.ctx, CREMA_EUNSUPPORTED,
                          "pictures of nets want Graphviz's program dot: "
                          "install graphviz, or write the graph itself with "
                          "--out NET.dot");
    if (ended != 0)
        return crema_fail(d->job.ctx, CREMA_EIO, "dot failed, status %d",
                          WIFEXITED(ended) ? WEXITSTATUS(ended) : -1);
    return CREMA_OK;
}

static enum crema_status write_out(struct draw *d)
{
    const char *kind = strrchr(d->out, '.');
    struct crema_file *file;
    enum crema_status status;

    kind = kind ? kind + 1 : "";
    if (strcmp(kind, "dot") && strcmp(kind, "svg") && strcmp(kind, "png") &&
        strcmp(kind, "pdf"))
        return crema_fail(d->job.ctx, CREMA_EINVAL,
                          "cannot draw to %s: its name must end in .svg, .png, "
                          ".pdf or .dot",
                          d->out);
    CREMA_TRY(crema_file_create(d->job.ctx, d->out, &file));
    status = strcmp(kind, "dot") ? run_dot(d, kind, file)
                                 : crema_file_write(file, d->text, d->length);
    if (status == CREMA_OK) return crema_file_commit(file);
    crema_file_abandon(file);
    return status;
}

/* ---- the whole ----------------------------------------------------------- */

static enum crema_status work(struct draw *d)
{
    struct net_wishes wishes = { .no_values = true };

    CREMA_TRY(job_device(&d->job, &d->device, "ref"));
    CREMA_TRY(job_net_or_blind(&d->job, &d->model, &wishes));
    CREMA_TRY(write_graph(d));
    CREMA_TRY(write_out(d));
    printf("%s\n", d->out);
    return CREMA_OK;
}

int verb_draw(int argc, char **argv)
{
    struct draw d = { 0 };
    const struct flag table[] = {
        { "model", FLAG_TEXT, &d.model.model, "FILE",
          "the net's prototxt; or without a flag" },
        { "out", FLAG_TEXT, &d.out, "FILE",
          "the picture: .svg, .png, .pdf; or "
          ".dot" },
        { "o", FLAG_TEXT, &d.out, "FILE", "the same" },
        { "across", FLAG_BOOL, &d.across, NULL, "from left to right" },
        PHASE_FLAG(&d.model),
        INPUT_FLAG(&d.model),
        { "level", FLAG_INT, &d.model.level, "N", "of the net, for its rules" },
        { "stage", FLAG_TEXT, &d.model.stage, "A,B",
          "of the net, for its rules" },
    };
    const struct flags flags = {
        "crema draw",
        "[NET]",
        "Draws a net as a graph: a box for each layer and what works in place "
        "on it, blobs' shapes on the way.",
        table,
        sizeof table / sizeof *table,
        0,
        1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (argc > 1 && !d.model.model) d.model.model = argv[1];
    if (!d.model.model) return flags_wrong(&flags, "wants a net");
    if (!d.out) return flags_wrong(&flags, "wants --out FILE");
    if (!job_open(&d.job, "draw")) return 1;
    status = job_close(&d.job, work(&d));
    free(d.text);
    return status;
}
