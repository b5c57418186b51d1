/* plot.c - crema plot: a training's log as curves. */
#include "chart.h"
#include "job.h"
#include "train_log.h"
#include "verbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 32, LINES = 256 };

enum panel { LOSS, ACCURACY, RATE, PANELS };
static const char *const panel_words[PANELS] = { "loss", "accuracy",
                                                 "learning rate" };

struct plot {
    struct job job;
    const char *out, *title, *names, *what, *tests;
    long epoch; /* iterations in one; 0: iterations are shown */
    long smooth, width, height;
    int scale; /* of the loss: 0 chosen, 1 log, 2 linear */
    int nruns;
    struct train_log run[RUNS];
    char *run_name[RUNS];
    char label[LINES][128];
    /* what a panel's curves all show: a series' name; NULL, several */
    const char *only[PANELS];
    size_t lines[PANELS];
    struct chart_line line[PANELS][LINES];
};

/* ---- which curve goes where ---------------------------------------------- */

static bool has_word(const char *name, const char *word)
{
    size_t n = strlen(word);

    for (; *name; name++)
        if (!strncasecmp(name, word, n)) return true;
    return false;
}

static enum panel panel_of(const struct log_series *s)
{
    if (!s->test && !strcmp(s->name, "lr")) return RATE;
    if (has_word(s->name, "loss") || has_word(s->name, "error")) return LOSS;
    for (size_t i = 0; i < s->n; i++)
        if (s->value[i] < 0 || s->value[i] > 1) return LOSS;
    return ACCURACY;
}

/* The mean of the last `over` values, for each. */
static void average(double *value, size_t n, long over)
{
    double sum = 0;
    double *kept = malloc(n * sizeof *kept);

    if (!kept) return;
    memcpy(kept, value, n * sizeof *kept);
    for (size_t i = 0; i < n; i++) {
        size_t from = i + 1 > (size_t)over ? i + 1 - (size_t)over : 0;

        sum = 0;
        for (size_t k = from; k <= i; k++) sum += kept[k];
        value[i] = sum / (double)(i + 1 - from);
    }
    free(kept);
}

/* Which panels show one series alone, of each run. */
static void find_only(struct plot *p)
{
    const struct log_series *first[PANELS] = { NULL };

    for (int i = 0; i < p->nruns; i++)
        for (size_t k = 0; k < p->run[i].n; k++) {
            const struct log_series *s = &p->run[i].series[k];
            enum panel panel = panel_of(s);

            if (!first[panel]) {
                first[panel] = s;
                p->only[panel] = s->name;
            } else if (first[panel]->test != s->test ||
                       strcmp(first[panel]->name, s->name)) {
                p->only[panel] = NULL;
            }
        }
}

static void add_line(struct plot *p, int run, struct log_series *s)
{
    enum panel panel = panel_of(s);
    struct chart_line *l = &p->line[panel][p->lines[panel]];
    size_t total = p->lines[LOSS] + p->lines[ACCURACY] + p->lines[RATE];
    size_t before = p->lines[panel];
    char *label = p->label[total];

    if (total == LINES) return;
    if (p->epoch)
        for (size_t i = 0; i < s->n; i++) s->iteration[i] /= (double)p->epoch;
    if (p->smooth > 1 && !s->test && panel != RATE)
        average(s->value, s->n, p->smooth);
    if (p->nruns > 1 && p->only[panel])
        snprintf(label, sizeof p->label[0], "%s", p->run_name[run]);
    else
        snprintf(label, sizeof p->label[0], "%s%s%s%s%s",
                 p->nruns > 1 ? p->run_name[run] : "", p->nruns > 1 ? ": " : "",
                 panel == RATE ? ""
                 : s->test     ? p->tests
                               : "train",
                 panel == RATE ? "" : " ", s->name);
    /* one run: a colour for each curve; several: one for each run */
    *l = (struct chart_line){ panel == RATE && p->nruns == 1 ? NULL : label,
                              s->n,
                              s->iteration,
                              s->value,
                              chart_color(p->nruns > 1 ? (size_t)run : before),
                              panel != RATE && !s->test ? 4 : 0 };
    p->lines[panel]++;
}

/* ---- drawing ------------------------------------------------------------- */

/* A loss that falls a hundredfold is seen better in logarithms. */
static bool log_scale(const struct plot *p, enum panel panel)
{
    double least = INFINITY, most = 0;

    if (panel == ACCURACY) return false;
    if (panel == LOSS && p->scale) return p->scale == 1;
    for (size_t k = 0; k < p->lines[panel]; k++)
        for (size_t i = 0; i < p->line[panel][k].n; i++) {
            double v = p->line[panel][k].y[i];

            if (!(v > 0) || isinf(v)) continue;
            if (v < least) least = v;
            if (v > most) most = v;
        }
    return most > (panel == RATE ? 5 : 50) * least;
}

/* All panels show the same iterations. */
static void find_span(const struct plot *p, double *from, double *to)
{
    bool any = false;

    *from = *to = 0;
    for (int panel = 0; panel < PANELS; panel++)
        for (size_t k = 0; k < p->lines[panel]; k++) {
            const struct chart_line *l = &p->line[panel][k];

            if (!l->n) continue;
            if (!any || l->x[0] < *from) *from = l->x[0];
            if (!any || l->x[l->n - 1] > *to) *to = l->x[l->n - 1];
            any = true;
        }
}

/* "loss", or what the panel shows alone. */
static const char *panel_name(const struct plot *p, enum panel panel)
{
    return panel != RATE && p->only[panel] ? p->only[panel]
                                           : panel_words[panel];
}

/* Room for the panels, and for legends of many curves. */
static long height_needed(const struct plot *p)
{
    size_t lines = p->lines[LOSS] + p->lines[ACCURACY] + p->lines[RATE];

    return 640 + (lines > 12 ? 10 * (long)(lines - 12) : 0);
}

static enum crema_status draw(struct plot *p)
{
    double top = p->title ? 34 : 10, shares = 0, from, to;
    struct canvas *c;
    int last = -1;

    for (int i = 0; i < PANELS; i++) {
        if (!p->lines[i]) continue;
        shares += i == RATE ? 0.5 : 1;
        last = i;
    }
    if (!p->height) p->height = height_needed(p);
    find_span(p, &from, &to);
    CREMA_TRY(canvas_open(p->job.ctx, p->out, (double)p->width,
                          (double)p->height, &c));
    if (p->title)
        canvas_text_within(c, (double)p->width / 2, 22, 15, CANVAS_MIDDLE,
                           p->title, (double)p->width - 20);
    for (int i = 0; i < PANELS; i++) {
        const struct chart chart = {
            .x_label = i != last  ? NULL
                       : p->epoch ? "epochs"
                                  : "iterations",
            .y_label = panel_name(p, i),
            .log_y = log_scale(p, i),
            .x0 = from,
            .x1 = to,
            .n = p->lines[i],
            .line = p->line[i],
        };
        double high = ((double)p->height - (p->title ? 34 : 10) - 16 - 6) *
                          (i == RATE ? 0.5 : 1) / shares +
                      (i == last ? 16 : 0);

        if (!p->lines[i]) continue;
        chart_draw(c, &chart, 4, top, (double)p->width - 8, high);
        top += high;
    }
    return canvas_close(c);
}

/* ---- the whole ----------------------------------------------------------- */

static bool wanted(const struct plot *p, enum panel panel)
{
    static const char *const words[PANELS] = { "loss", "accuracy", "lr" };

    return !p->what || has_word(p->what, words[panel]);
}

static enum crema_status work(struct plot *p, int n, char **paths)
{
    size_t points = 0;

    for (int i = 0; i < n; i++) {
        CREMA_TRY(train_log_read(p->job.ctx, paths[i], &p->run[i]));
        p->nruns = i + 1;
    }
    find_only(p);
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < p->run[i].n; k++) {
            struct log_series *s = &p->run[i].series[k];

            if (!wanted(p, panel_of(s))) continue;
            points += s->n;
            add_line(p, i, s);
        }
    if (!points)
        return crema_fail(p->job.ctx, CREMA_EINVAL, "no %s in %s%s", p->what,
                          paths[0], n > 1 ? " and the others" : "");
    CREMA_TRY(draw(p));
    printf("%s\n", p->out);
    return CREMA_OK;
}

/* What the curves are called where there are several runs: the paths' last
 * parts, or --names. */
static void name_runs(struct plot *p, int n, char **paths, char *names)
{
    for (int i = 0; i < n; i++) {
        char *slash = strrchr(paths[i], '/');

        p->run_name[i] = slash ? slash + 1 : paths[i];
    }
    if (names) split_list(names, p->run_name, n);
}

int verb_plot(int argc, char **argv)
{
    struct plot *p = calloc(1, sizeof *p);
    char *names;
    int status;

    if (!p) return 1;
    *p = (struct plot){ .smooth = 1, .width = 800, .tests = "test" };
    const struct flag table[] = {
        { "out", FLAG_TEXT, &p->out, "FILE", "the picture, .svg or .png" },
        { "o", FLAG_TEXT, &p->out, "FILE", "the same" },
        { "what", FLAG_TEXT, &p->what, "loss,accuracy,lr",
          "which panels; all that the logs have" },
        { "names", FLAG_TEXT, &p->names, "A,B",
          "what to call the runs; their files" },
        { "tests", FLAG_TEXT, &p->tests, "WORD", "what to call tests" },
        { "title", FLAG_TEXT, &p->title, "TEXT", "stands above" },
        { "epoch", FLAG_INT, &p->epoch, "N",
          "iterations in an epoch, to count in epochs" },
        { "smooth", FLAG_INT, &p->smooth, "N",
          "training curves are means of N displays" },
        { "scale", FLAG_CHOICE, &p->scale, "auto|log|linear", "of the loss" },
        { "width", FLAG_INT, &p->width, "PIXELS", "of the picture" },
        { "height", FLAG_INT, &p->height, "PIXELS",
          "of the picture; 0: as the panels need" },
    };
    const struct flags flags = {
        "crema plot",
        "LOG..",
        "Draws loss, accuracy and learning rate out of the logs of trainings, "
        "Caffe's or crema's; several in one picture.",
        table,
        sizeof table / sizeof *table,
        1,
        RUNS,
    };

    status = flags_parse(&flags, &argc, argv);
    if (status < 0 && !p->out) status = flags_wrong(&flags, "wants --out FILE");
    if (status < 0 && (p->epoch < 0 || p->smooth < 1 || p->width < 200 ||
                       p->width > 20000 || p->height < 0 || p->height > 20000))
        status = flags_wrong(&flags, "--epoch wants at least 0, --smooth 1, "
                                     "--width and --height 200 to 20000");
    if (status >= 0) {
        free(p);
        return status;
    }
    names = p->names ? strdup(p->names) : NULL;
    name_runs(p, argc - 1, argv + 1, names);
    if (job_open(&p->job, "plot"))
        status = job_close(&p->job, work(p, argc - 1, argv + 1));
    else
        status = 1;
    for (int i = 0; i < p->nruns; i++) train_log_free(&p->run[i]);
    free(names);
    free(p);
    return status;
}
