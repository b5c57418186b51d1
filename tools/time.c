/* time.c - crema time: a net measured, layer by layer and as a whole.
 *
 * Passes with and without a clock at each op alternate: the former say what a
 * layer takes, the latter what the net takes, and what is left between them is
 * spent outside of ops. */
#include "timing.h"

#include "base/clock.h"
#include "device/backend.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

/* ---- measuring ---------------------------------------------------------- */

static enum crema_status run_whole(struct timing *t, bool count)
{
    struct crema_net *net = t->job.net;
    double begun = crema_seconds(), between, now;

    CREMA_TRY(crema_net_forward(net));
    CREMA_TRY(crema_device_finish(t->job.dev));
    between = crema_seconds();
    if (t->backward) CREMA_TRY(crema_net_backward(net));
    CREMA_TRY(crema_device_finish(t->job.dev));
    now = crema_seconds();
    if (!count) return CREMA_OK;
    t->whole[0] += between - begun;
    t->whole[1] += now - between;
    return CREMA_OK;
}

/* now: room for a number for each op. */
static enum crema_status run_by_op(struct timing *t, double *now)
{
    struct crema_program *p = t->job.net->program;
    int n = p->end[t->backward ? CREMA_BACKWARD : CREMA_FORWARD];

    memset(now, 0, (size_t)n * sizeof *now);
    CREMA_TRY(crema_program_time(p, CREMA_FORWARD, now));
    if (t->backward) CREMA_TRY(crema_program_time(p, CREMA_BACKWARD, now));
    for (int i = 0; i < n; i++) {
        bool better = t->op[i] == 0 || now[i] < t->best[i];

        if (better) t->best[i] = now[i];
        t->op[i] += now[i];
    }
    return CREMA_OK;
}

static enum crema_status measure(struct timing *t, double *room)
{
    double waited = crema_net_waited(t->job.net);

    console_say(&t->job.console, CREMA_INFO, "Testing for %ld iterations.",
                t->iterations);
    for (long i = 0; i < t->iterations; i++) {
        CREMA_TRY(run_whole(t, true));
        CREMA_TRY(run_by_op(t, room));
        console_progress(&t->job.console, "iterations", (uint64_t)i + 1,
                         (uint64_t)t->iterations);
    }
    console_clear(&t->job.console);
    t->waited = crema_net_waited(t->job.net) - waited;
    return CREMA_OK;
}

/* ---- summing up --------------------------------------------------------- */

/* Which layer recorded the op; nlayers: none (sums, losses' seeds). */
static int find_layer(const struct crema_net *net, const struct crema_op *op)
{
    for (int i = 0; op->layer && i < net->nlayers; i++)
        if (net->layer[i].param->name &&
            !strcmp(net->layer[i].param->name, op->layer))
            return i;
    return net->nlayers;
}

/* What it reads and writes, as it lies in memory. */
static double bytes_of(const struct crema_op *op)
{
    double n = 0;

    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            n += (double)op->want[i].bytes *
                 (op->type->mutates >> i & 1 ? 2 : 1);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i]) n += (double)op->out[i]->layout.bytes;
    return n;
}

static void add_op(struct timing_part *part, const struct crema_op *op,
                   double seconds)
{
    part->ops++;
    part->seconds += seconds;
    if (op->type == &crema_op_reorder) part->reorders += seconds;
    if (op->type->flops) part->flops += op->type->flops(op);
    part->bytes += bytes_of(op);
}

static void sum_up(struct timing *t)
{
    const struct crema_program *p = t->job.net->program;

    for (int i = 0; i < p->end[CREMA_BACKWARD]; i++) {
        int stage = i >= p->end[CREMA_FORWARD];

        t->layer_of[i] = find_layer(t->job.net, p->op[i]);
        if (!p->op[i]->call || (stage && !t->backward)) continue;
        add_op(&t->part[t->layer_of[i]][stage], p->op[i], t->op[i]);
        add_op(&t->sum[stage], p->op[i], t->op[i]);
    }
}

double timing_ms(const struct timing *t, double seconds)
{
    return 1000 * seconds / (double)t->iterations;
}

double timing_ops(const struct timing *t)
{
    return t->sum[0].seconds + t->sum[1].seconds;
}

double timing_outside(const struct timing *t)
{
    return t->whole[0] + t->whole[1] - t->waited - timing_ops(t);
}

/* Is `name` one of the parts of the list, between ", "? */
static bool listed(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; *at; at += strspn(at, ", ")) {
        size_t n = strcspn(at, ",");

        if (n == length && !strncmp(at, name, n)) return true;
        at += n;
    }
    return false;
}

const char *timing_names(const struct timing *t, int layer, int backward,
                         char out[TIMING_NAMES])
{
    const struct crema_program *p = t->job.net->program;
    int first = backward ? p->end[CREMA_FORWARD] : 0;
    size_t used = 0;

    out[0] = '\0';
    for (int i = first; i < p->end[CREMA_FORWARD + backward]; i++) {
        const struct crema_op *op = p->op[i];
        const char *name = op->call ? op->call->info : NULL;

        if (op->type == &crema_op_reorder) name = "reorder";
        if (!name || t->layer_of[i] != layer || listed(out, name)) continue;
        if (used + strlen(name) + 3 > TIMING_NAMES) break;
        used += (size_t)snprintf(out + used, TIMING_NAMES - used, "%s%s",
                                 used ? ", " : "", name);
    }
    return out;
}

/* ---- the verb ----------------------------------------------------------- */

static enum crema_status work(struct timing *t)
{
    const struct net_wishes wishes = { .backward = t->backward };
    size_t nops, nlayers;
    double *room;
    enum crema_status status;

    CREMA_TRY(job_device(&t->job, &t->device, "auto"));
    CREMA_TRY(job_net(&t->job, &t->model, &wishes));
    CREMA_TRY(run_whole(t, false));
    nops = (size_t)t->job.net->program->nops;
    nlayers = (size_t)t->job.net->nlayers;
    t->op = calloc(nops + 1, sizeof *t->op);
    t->best = calloc(nops + 1, sizeof *t->best);
    t->layer_of = calloc(nops + 1, sizeof *t->layer_of);
    t->part = calloc(nlayers + 1, sizeof *t->part);
    room = calloc(nops + 1, sizeof *room);
    status = t->op && t->best && t->layer_of && t->part && room
                 ? measure(t, room)
                 : crema_no_memory(t->job.ctx, "timings");
    free(room);
    CREMA_TRY(status);
    sum_up(t);
    timing_log(t);
    if (t->json) CREMA_TRY(timing_json(t));
    return t->json && !strcmp(t->json, "-") ? CREMA_OK : timing_table(t);
}

int verb_time(int argc, char **argv)
{
    struct timing t = { .iterations = 50 };
    const struct flag table[] = {
        MODEL_FLAGS(&t.model),
        PHASE_FLAG(&t.model),
        { "iterations", FLAG_INT, &t.iterations, "N", "how often" },
        { "json", FLAG_TEXT, &t.json, "FILE",
          "the figures as JSON, too; -: to stdout, instead" },
        DEVICE_FLAGS(&t.device),
    };
    const struct flags flags = {
        "crema time",
        "",
        "Measures a net: forward and, in phase TRAIN, backward. The log has "
        "Caffe's lines.",
        table,
        sizeof table / sizeof *table,
        0,
        0,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!t.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (t.iterations < 1)
        return flags_wrong(&flags, "--iterations wants at least 1");
    t.backward = t.model.phase == 0;
    status = device_flags_wrong(&flags, &t.device);
    if (status >= 0) return status;
    if (!job_open(&t.job, "time")) return 1;
    status = job_close(&t.job, work(&t));
    free(t.op);
    free(t.best);
    free(t.layer_of);
    free(t.part);
    return status;
}
