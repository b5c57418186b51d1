/* summary.c - crema summary: a net's layers, shapes, parameters, operations,
 * memory and layouts.  Nothing is computed but the short trial that says how
 * convolutions lie. */
#include "job.h"
#include "verbs.h"

#include "device/op.h"
#include "proto/upgrade.h"
#include "solver/solver.h"

#include <stdlib.h>
#include <string.h>

enum { CELL = 200, COLUMNS = 6 };

struct summary {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    const char *path; /* of the solver; or NULL */
    struct crema_solver *solver;
    struct crema_source *source; /* of the solver */
    bool prepared;
    char (*cell)[COLUMNS][CELL]; /* a row for each layer */
    int64_t parameters;
    double flops;
    int reorders;
};

/* ---- numbers ------------------------------------------------------------ */

/* 60965224 -> "60,965,224" */
static const char *grouped(int64_t n, char out[CELL])
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n);
    int used = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

/* ---- one layer ---------------------------------------------------------- */

static void word_shapes(const struct crema_layer *l, char out[CELL])
{
    char text[CREMA_SHAPE_TEXT];
    size_t used = 0;

    out[0] = '\0';
    for (int k = 0; k < l->ntops && used < CELL; k++)
        used += (size_t)snprintf(out + used, CELL - used, "%s%s", k ? ", " : "",
                                 l->top && l->top[k]
                                     ? crema_shape_text(&l->top[k]->shape, text)
                                     : "?");
}

/* Weights that others had first are counted there. */
static int64_t count_parameters(struct summary *s, const char *layer)
{
    const struct crema_weights *ws = &s->job.world->weights;
    int64_t n = 0;

    for (const struct crema_slot *a = ws->slots; a; a = a->next) {
        const struct crema_slot *first = ws->slots;

        if (strcmp(a->layer, layer) != 0) continue;
        while (first->weight != a->weight) first = first->next;
        if (first == a) n += crema_shape_count(&a->shape);
    }
    return n;
}

/* Forward only: what people compare nets by. */
static double count_flops(struct summary *s, const char *layer)
{
    const struct crema_program *p = s->job.net->program;
    double n = 0;

    for (int i = 0; i < p->end[CREMA_FORWARD]; i++)
        if (p->op[i]->type->flops && p->op[i]->layer &&
            !strcmp(p->op[i]->layer, layer))
            n += p->op[i]->type->flops(p->op[i]);
    return n;
}

static int count_reorders(const struct summary *s, const char *layer)
{
    const struct crema_program *p = s->job.net->program;
    int n = 0;

    for (int i = 0; i < p->nops; i++)
        n += p->op[i]->type == &crema_op_reorder && p->op[i]->layer &&
             !strcmp(p->op[i]->layer, layer);
    return n;
}

/* Of the first top, and how often other layouts had to be made. */
static void word_layout(struct summary *s, const struct crema_layer *l,
                        char out[CELL])
{
    const struct crema_tensor *t = l->ntops && l->top ? l->top[0] : NULL;
    int reorders = count_reorders(s, l->param->name);
    char text[CREMA_LAYOUT_TEXT];

    if (t && t->settled)
        snprintf(out, CELL, "%s", crema_layout_text(&t->layout, text));
    else
        snprintf(out, CELL, "%s", t ? "(fused)" : "");
    if (reorders)
        snprintf(out + strlen(out), CELL - strlen(out), " %d reorder%s",
                 reorders, reorders > 1 ? "s" : "");
    s->reorders += reorders;
}

static void fill_row(struct summary *s, const struct crema_layer *l,
                     char row[COLUMNS][CELL])
{
    const char *name = l->param->name ? l->param->name : "";
    int64_t parameters = count_parameters(s, name);
    double flops = count_flops(s, name);

    snprintf(row[0], CELL, "%s", name);
    snprintf(row[1], CELL, "%s", l->param->type);
    word_shapes(l, row[2]);
    if (parameters) grouped(parameters, row[3]);
    if (flops > 0) snprintf(row[4], CELL, "%.3f", flops / 1e6);
    if (s->prepared) word_layout(s, l, row[5]);
    s->parameters += parameters;
    s->flops += flops;
}

/* ---- the table ---------------------------------------------------------- */

static void print_row(char row[COLUMNS][CELL], const int width[COLUMNS],
                      int columns)
{
    for (int c = 0; c < columns; c++) {
        bool last = c + 1 == columns, right = c == 3 || c == 4;

        if (right)
            printf("%*s%s", width[c], row[c], last ? "" : "  ");
        else if (last)
            printf("%s", row[c]);
        else
            printf("%-*s  ", width[c], row[c]);
    }
    printf("\n");
}

static void print_table(struct summary *s)
{
    static char head[COLUMNS][CELL] = { "layer",      "type",  "output",
                                        "parameters", "MFLOP", "layout" };
    const int columns = s->prepared ? COLUMNS : COLUMNS - 1;
    int width[COLUMNS];

    for (int c = 0; c < COLUMNS; c++) {
        width[c] = (int)strlen(head[c]);
        for (int i = 0; i < s->job.net->nlayers; i++)
            if ((int)strlen(s->cell[i][c]) > width[c])
                width[c] = (int)strlen(s->cell[i][c]);
    }
    print_row(head, width, columns);
    for (int i = 0; i < s->job.net->nlayers; i++)
        print_row(s->cell[i], width, columns);
}

static void print_bytes(const char *what, size_t bytes)
{
    printf("  %-22s%10.1f\n", what, (double)bytes / 1e6);
}

/* What test nets need beyond the weights and the heap, which they share. */
static size_t tests_add(const struct summary *s)
{
    const struct crema_program *p = s->job.net->program;
    size_t before = p->heap_bytes + p->scratch_bytes;
    size_t heap = s->job.net->world->heap.bytes;
    size_t bytes = heap > before ? heap - before : 0;
    struct crema_net *test;

    for (int i = 0; s->solver && (test = crema_solver_test_net(s->solver, i));
         i++)
        bytes += test->program->kept_bytes;
    return bytes;
}

/* Values of one step share the heap; it is largest where a large parameter's
 * gradient stands beside the blobs that backward still needs. */
static void print_memory(const struct crema_program *p, size_t tests)
{
    const struct crema_memory *m = &p->memory;

    printf("\nmemory                          MB\n");
    print_bytes("parameters", m->params);
    print_bytes("their history", m->history);
    print_bytes("blobs and gradients", m->values - m->workspaces);
    print_bytes("workspaces", m->workspaces);
    print_bytes("parameters' gradients", m->more);
    print_bytes("inputs and outputs", p->kept_bytes);
    print_bytes("scratch", p->scratch_bytes);
    print_bytes("test nets", tests);
    print_bytes("sum", m->params + m->history + p->heap_bytes + p->kept_bytes +
                           p->scratch_bytes + tests);
    printf("Without sharing, values would take %.1f MB.\n",
           (double)p->naive_bytes / 1e6);
}

/* Bytes that all reorders write. */
static double count_moved(const struct crema_program *p)
{
    double bytes = 0;

    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->type == &crema_op_reorder)
            bytes += (double)p->op[i]->out[0]->layout.bytes;
    return bytes;
}

/* "3 blocked, 2 channels last": of their ops, gradients too. */
static const char *word_arranged(const struct crema_program *p, char out[CELL])
{
    static const struct {
        char letter;
        const char *name;
    } ways[] = { { 'b', "blocked" },
                 { 'l', "channels last" },
                 { 'p', "by our matrix products" },
                 { 'w', "by Winograd's method" } };
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < 4; i++) {
        int n = 0;

        for (const char *c = p->arranged; *c; c++) n += *c == ways[i].letter;
        if (n && used < CELL)
            used += (size_t)snprintf(out + used, CELL - used, "%s%d %s",
                                     used ? ", " : "", n, ways[i].name);
    }
    return out;
}

static void print_totals(const struct summary *s)
{
    static const char *const chosen[] = { "by rule", "as measured here",
                                          "as chosen before", "as asked for" };
    const struct crema_program *p = s->job.net->program;
    char text[CELL];

    if (!s->prepared) {
        printf("\nWithout all shapes there are no sums.\n");
        return;
    }
    printf("\nparameters          %s\n", grouped(s->parameters, text));
    printf("forward             %.3f GFLOP\n", s->flops / 1e9);
    printf("reorders            %d (%.1f MB)\n", s->reorders,
           count_moved(p) / 1e6);
    if (p->arranged)
        printf("convolutions        %s, %s\n", word_arranged(p, text),
               chosen[p->chosen]);
    if (p->threads) printf("threads             %d\n", p->threads);
    print_memory(p, tests_add(s));
}

/* ---- the work ----------------------------------------------------------- */

static bool all_known(const struct crema_net *net)
{
    for (int i = 0; i < net->nblobs; i++)
        if (!net->blob[i].last) return false;
    return true;
}

/* The net as this solver trains it, with its updates; nothing is filled. */
static enum crema_status build_solver(struct summary *s)
{
    const struct crema_solver_options options = { .no_values = true };
    Crema__SolverParameter *param;

    CREMA_TRY(
        crema_solver_read(s->job.ctx, s->path, 0, NULL, &param, &s->source));
    CREMA_TRY(crema_solver_open(s->job.ctx, s->job.dev, param, s->source,
                                &options, &s->solver));
    s->job.net = crema_solver_net(s->solver);
    s->job.world = s->job.net->world;
    return CREMA_OK;
}

/* Every net that the solver has. */
static enum crema_status prepare(struct summary *s)
{
    struct crema_net *test;

    CREMA_TRY(crema_net_prepare(s->job.net));
    for (int i = 0; s->solver && (test = crema_solver_test_net(s->solver, i));
         i++)
        CREMA_TRY(crema_net_prepare(test));
    return CREMA_OK;
}

static void close_solver(struct summary *s)
{
    if (s->solver) {
        s->job.net = NULL;
        s->job.world = NULL;
        crema_solver_free(s->solver);
    }
    crema_source_free(s->source);
}

static enum crema_status work(struct summary *s)
{
    struct net_wishes wishes = { .backward = s->model.phase == 0,
                                 .no_values = true };
    struct crema_net *net;

    CREMA_TRY(job_device(&s->job, &s->device, "auto"));
    CREMA_TRY(s->path ? build_solver(s)
                      : job_net_or_blind(&s->job, &s->model, &wishes));
    net = s->job.net;
    s->prepared = all_known(net);
    if (s->prepared) CREMA_TRY(prepare(s));
    s->cell = calloc((size_t)net->nlayers + 1, sizeof *s->cell);
    if (!s->cell) return crema_no_memory(s->job.ctx, "a table");
    for (int i = 0; i < net->nlayers; i++)
        fill_row(s, &net->layer[i], s->cell[i]);
    if (*net->name) printf("%s\n\n", net->name);
    print_table(s);
    print_totals(s);
    return CREMA_OK;
}

int verb_summary(int argc, char **argv)
{
    struct summary s = { .model.phase = 1 };
    const struct flag table[] = {
        MODEL_FLAGS(&s.model),
        PHASE_FLAG(&s.model),
        INPUT_FLAG(&s.model),
        { "solver", FLAG_TEXT, &s.path, "FILE",
          "in place of --model: the net as this solver trains it" },
        DEVICE_FLAGS(&s.device),
    };
    const struct flags flags = {
        "crema summary",
        "",
        "Lists a net's layers with shapes, parameters, operations, memory "
        "and layouts.",
        table,
        sizeof table / sizeof *table,
        0,
        0,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!s.model.model == !s.path)
        return flags_wrong(&flags, "wants --model FILE or --solver FILE");
    status = device_flags_wrong(&flags, &s.device);
    if (status >= 0) return status;
    if (!job_open(&s.job, "summary")) return 1;
    status =
        work(&s) == CREMA_OK ? 0 : console_failed(&s.job.console, s.job.ctx);
    close_solver(&s);
    status |= job_close(&s.job, CREMA_OK);
    free(s.cell);
    return status;
}
