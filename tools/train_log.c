/* train_log.c - figures out of log lines.
 *
 * What counts, behind whatever glog puts in front:
 *
 *     Iteration 100, loss = 1.2              (also with a rate in parentheses)
 *     Iteration 100, lr = 0.01
 *     Iteration 100, Testing net (#0)        tests that follow belong to 100
 *     Train net output #0: loss = 1.2 (* 1 = 1.2 loss)
 *     Test net output #0: accuracy = 0.7
 *     Test score #0: 0.7                     (Caffe until 2014)
 */
#include "train_log.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct crema_ctx *ctx;
    struct train_log *log;
    double iteration; /* named last */
    int net;          /* tested now */
};

static struct log_series *find(struct train_log *log, const char *name,
                               bool test)
{
    for (size_t i = 0; i < log->n; i++)
        if (log->series[i].test == test && !strcmp(log->series[i].name, name))
            return &log->series[i];
    return NULL;
}

static enum crema_status add_series(struct reader *r, const char *name,
                                    bool test, struct log_series **out)
{
    struct log_series *all =
        realloc(r->log->series, (r->log->n + 1) * sizeof *all);

    if (!all) return crema_no_memory(r->ctx, "a log's figures");
    r->log->series = all;
    *out = &all[r->log->n++];
    **out = (struct log_series){ .test = test };
    snprintf((*out)->name, sizeof(*out)->name, "%s", name);
    return CREMA_OK;
}

static enum crema_status grow(struct reader *r, struct log_series *s)
{
    size_t room = s->room ? 2 * s->room : 64;
    double *iteration = realloc(s->iteration, room * sizeof *iteration);
    double *value;

    if (!iteration) return crema_no_memory(r->ctx, "a log's figures");
    s->iteration = iteration;
    value = realloc(s->value, room * sizeof *value);
    if (!value) return crema_no_memory(r->ctx, "a log's figures");
    s->value = value;
    s->room = room;
    return CREMA_OK;
}

static enum crema_status note(struct reader *r, const char *name, bool test,
                              double value)
{
    struct log_series *s = find(r->log, name, test);

    if (!s) CREMA_TRY(add_series(r, name, test, &s));
    while (s->n && s->iteration[s->n - 1] >= r->iteration) s->n--;
    if (s->n == s->room) CREMA_TRY(grow(r, s));
    s->iteration[s->n] = r->iteration;
    s->value[s->n++] = value;
    return CREMA_OK;
}

/* "Iteration 100" and what follows. */
static enum crema_status read_iteration(struct reader *r, const char *text)
{
    const char *found;
    char *end;
    double iteration = strtod(text, &end), value;

    if (end == text) return CREMA_OK;
    found = strstr(end, "Testing net (#");
    if (found) r->net = atoi(found + strlen("Testing net (#"));
    r->iteration = iteration;
    if (sscanf(end, ", lr = %lf", &value) == 1)
        return note(r, "lr", false, value);
    found = strstr(end, "loss = ");
    if (found && sscanf(found, "loss = %lf", &value) == 1)
        return note(r, "smoothed loss", false, value);
    return CREMA_OK;
}

/* "#0: name = 0.7" of a net that is tested or trained, or "#0: 0.7". */
static enum crema_status read_output(struct reader *r, const char *text,
                                     bool test)
{
    char name[48], full[64];
    double value;
    int index;

    if (sscanf(text, " #%d: %47s = %lf", &index, name, &value) != 3) {
        if (sscanf(text, " #%d: %lf", &index, &value) != 2) return CREMA_OK;
        snprintf(name, sizeof name, "score %d", index);
    }
    snprintf(full, sizeof full, test && r->net ? "%s (net %d)" : "%s", name,
             r->net);
    return note(r, full, test, value);
}

static enum crema_status read_line(struct reader *r, const char *line)
{
    static const struct {
        const char *word;
        bool test;
    } outputs[] = { { "Train net output", false },
                    { "Test net output", true },
                    { "Test score", true } };
    const char *found = strstr(line, "Iteration ");

    if (found) return read_iteration(r, found + strlen("Iteration "));
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        found = strstr(line, outputs[i].word);
        if (found)
            return read_output(r, found + strlen(outputs[i].word),
                               outputs[i].test);
    }
    return CREMA_OK;
}

/* Of the training loss two things are told: the last one, and the average since
 * the last display, which is the quieter curve.  That is kept. */
static void choose_loss(struct train_log *log)
{
    struct log_series *smoothed = find(log, "smoothed loss", false);
    struct log_series *loss = find(log, "loss", false);

    if (!smoothed) return;
    strcpy(smoothed->name, "loss");
    if (!loss) return;
    free(loss->iteration);
    free(loss->value);
    *loss = log->series[--log->n];
}

enum crema_status train_log_read(struct crema_ctx *ctx, const char *path,
                                 struct train_log *out)
{
    struct reader r = { .ctx = ctx, .log = out };
    enum crema_status status = CREMA_OK;
    char *text, *line;
    size_t length;

    *out = (struct train_log){ 0 };
    CREMA_TRY(crema_file_read(ctx, path, &text, &length));
    for (line = text; line && *line && status == CREMA_OK;) {
        char *end = strchr(line, '\n');

        if (end) *end = '\0';
        status = read_line(&r, line);
        line = end ? end + 1 : NULL;
    }
    free(text);
    choose_loss(out);
    if (status == CREMA_OK && out->n == 0)
        status = crema_fail(ctx, CREMA_EINVAL,
                            "%s: no loss, accuracy or rate in it: is it the "
                            "log of a training?",
                            path);
    if (status != CREMA_OK) train_log_free(out);
    return status;
}

void train_log_free(struct train_log *log)
{
    for (size_t i = 0; i < log->n; i++) {
        free(log->series[i].iteration);
        free(log->series[i].value);
    }
    free(log->series);
    *log = (struct train_log){ 0 };
}
