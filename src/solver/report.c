/* report.c - the lines of the log that people's scripts read. */
#include "base/clock.h"
#include "base/number.h"
#include "solver/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

float crema_solver__smoothed(const struct crema_solver *s)
{
    double sum = 0;

    for (int i = 0; i < s->window.count; i++) sum += s->window.loss[i];
    return s->window.count ? (float)(sum / s->window.count) : 0;
}

enum crema_status crema_solver__read(struct crema_solver *s,
                                     struct crema_net *net, int output)
{
    const struct crema_blob *b = &net->blob[net->output[output]];
    size_t n = (size_t)crema_shape_count(crema_blob_shape(b));
    float *more;

    if (n > s->nvalues) {
        more = realloc(s->values, n * sizeof *more);
        if (!more) return crema_no_memory(net->ctx, b->name);
        s->values = more;
        s->nvalues = n;
    }
    return crema_net_read_blob(net, b, s->values);
}

float crema_solver__loss_weight(const struct crema_net *net, int blob)
{
    for (int i = 0; i < net->nlosses; i++)
        if (net->loss[i].tensor == net->blob[blob].last)
            return net->loss[i].weight;
    return 0;
}

void crema_solver__loss_text(const struct crema_net *net, int blob,
                             double value, char *out, size_t size)
{
    char a[CREMA_NUMBER_TEXT], b[CREMA_NUMBER_TEXT];
    float weight = crema_solver__loss_weight(net, blob);

    out[0] = '\0';
    if (weight != 0)
        snprintf(out, size, " (* %s = %s loss)", crema_number_text(weight, a),
                 crema_number_text((float)(weight * value), b));
}

/* Every element of every output. */
static enum crema_status show_outputs(struct crema_solver *s)
{
    struct crema_net *net = s->net;
    int number = 0;

    for (int i = 0; i < net->noutputs; i++) {
        const struct crema_blob *b = &net->blob[net->output[i]];
        int64_t n = crema_shape_count(crema_blob_shape(b));
        char text[CREMA_NUMBER_TEXT], loss[3 * CREMA_NUMBER_TEXT];

        CREMA_TRY(crema_solver__read(s, net, i));
        for (int64_t k = 0; k < n; k++) {
            crema_solver__loss_text(net, net->output[i], (double)s->values[k],
                                    loss, sizeof loss);
            crema_log(s->ctx, CREMA_INFO, "    Train net output #%d: %s = %s%s",
                      number++, b->name, crema_number_text(s->values[k], text),
                      loss);
        }
    }
    return CREMA_OK;
}

/* A scale that is as small as can be has not helped. */
static enum crema_status show_scale(struct crema_solver *s)
{
    float scale[2];

    if (!s->net->adapts) return CREMA_OK;
    CREMA_TRY(crema_param_read(&s->world->loss_scale, 0, 2, scale));
    crema_log(s->ctx, CREMA_INFO, "Iteration %d, loss scale = %g", s->iter,
              (double)scale[0]);
    if (scale[0] > CREMA_LEAST_SCALE) return CREMA_OK;
    return crema_fail(s->ctx, CREMA_EINVAL,
                      "iteration %d: gradients are not finite, however little "
                      "they are scaled: nothing is learned any more",
                      s->iter);
}

void crema_solver__show_step(const struct crema_solver *s, int was)
{
    const char *name = s->schedule->name;
    int step = s->pace.step, display = s->param->display;
    char text[CREMA_NUMBER_TEXT];

    if (step != was && !strcmp(name, "multistep"))
        crema_log(s->ctx, CREMA_INFO,
                  "MultiStep Status: Iteration %d, step = %d", s->iter, step);
    else if (step != was && strcmp(name, "step") != 0)
        crema_log(s->ctx, CREMA_INFO, "%s Status: Iteration %d, step = %d",
                  s->schedule->watches ? "Plateau" : "SGDR", s->iter, step);
    if (!s->schedule->watches || s->param->plateau_output || display < 1 ||
        s->iter % display || s->pace.last_event <= s->iter - display)
        return;
    crema_log(s->ctx, CREMA_INFO,
              "Plateau Status: Iteration %d, current minimum_loss = %s",
              s->iter, crema_number_text((float)s->pace.best, text));
}

void crema_solver__begin_display(struct crema_solver *s)
{
    s->shown_at = crema_seconds();
    s->shown_iter = s->iter;
    s->shown_waited = crema_net_waited(s->net);
}

/* Once, where it is too much, over a time that says something. */
static void warn_of_waiting(struct crema_solver *s, double lapse,
                            double percent)
{
    static const double most_percent = 5, least_seconds = 0.2;

    if (s->told_waiting || percent <= most_percent || lapse < least_seconds)
        return;
    s->told_waiting = true;
    crema_log(s->ctx, CREMA_WARNING,
              "The net waits for data %.0f%% of the time: records that need "
              "no decoding, smaller pictures or more processor cores would "
              "make it faster",
              percent);
}

enum crema_status crema_solver__show(struct crema_solver *s)
{
    double lapse = crema_seconds() - s->shown_at;
    double waited = crema_net_waited(s->net) - s->shown_waited;
    double done = s->iter - s->shown_iter, epoch = crema_solver__epoch(s);
    /* The first batch of all is waited for in any case. */
    double percent = lapse > 0 && done > 0 ? 100 * waited / lapse : 0;
    char text[CREMA_NUMBER_TEXT], waiting[40] = "";

    /* As Caffe writes the line, where there is nothing to say. */
    if (percent >= 1)
        snprintf(waiting, sizeof waiting, ", %.0f%% waiting for data", percent);
    crema_log(s->ctx, CREMA_INFO,
              "Iteration %d (%g iter/s, %gs/%d iters%s), loss = %s", s->iter,
              lapse > 0 ? done / lapse : 0, lapse, s->param->display, waiting,
              crema_number_text(crema_solver__smoothed(s), text));
    warn_of_waiting(s, lapse, percent);
    if (epoch >= 0)
        crema_log(s->ctx, CREMA_INFO, "Iteration %d, epoch = %g", s->iter,
                  epoch);
    crema_solver__begin_display(s);
    CREMA_TRY(show_outputs(s));
    crema_log(s->ctx, CREMA_INFO, "Iteration %d, lr = %g", s->iter,
              (double)s->rate);
    return show_scale(s);
}
