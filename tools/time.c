/* time.c - crema time: a net measured, layer by layer and as a whole. */
#include "base/clock.h"
#include "job.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct timing {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    long iterations;
    const char *json;
    bool backward;
    double *op;                    /* seconds of each op, summed */
    double *layer[2];              /* forward, backward, by layer */
    double rest[2];                /* of ops that belong to no layer */
    double whole[2], both, waited; /* without a clock at each op */
};

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
    t->both += now - begun;
    return CREMA_OK;
}

static enum crema_status run_by_op(struct timing *t)
{
    CREMA_TRY(crema_program_time(t->job.net->program, CREMA_FORWARD, t->op));
    if (!t->backward) return CREMA_OK;
    return crema_program_time(t->job.net->program, CREMA_BACKWARD, t->op);
}

static enum crema_status measure(struct timing *t)
{
    double waited;

    CREMA_TRY(run_whole(t, false));
    t->op = calloc((size_t)t->job.net->program->nops + 1, sizeof *t->op);
    if (!t->op) return crema_no_memory(t->job.ctx, "timings");
    waited = crema_net_waited(t->job.net);
    console_say(&t->job.console, CREMA_INFO, "Testing for %ld iterations.",
                t->iterations);
    for (long i = 0; i < t->iterations; i++) {
        CREMA_TRY(run_whole(t, true));
        console_progress(&t->job.console, "iterations", (uint64_t)i + 1,
                         2 * (uint64_t)t->iterations);
    }
    t->waited = crema_net_waited(t->job.net) - waited;
    for (long i = 0; i < t->iterations; i++) CREMA_TRY(run_by_op(t));
    console_clear(&t->job.console);
    return CREMA_OK;
}

/* Which layer recorded the op; -1: none (sums, losses' seeds). */
static int layer_of(const struct crema_net *net, const struct crema_op *op)
{
    for (int i = 0; op->layer && i < net->nlayers; i++)
        if (net->layer[i].param->name &&
            !strcmp(net->layer[i].param->name, op->layer))
            return i;
    return -1;
}

static enum crema_status sum_up(struct timing *t)
{
    const struct crema_program *p = t->job.net->program;
    size_t n = (size_t)t->job.net->nlayers;

    for (int s = 0; s < 2; s++) {
        t->layer[s] = calloc(n + 1, sizeof *t->layer[s]);
        if (!t->layer[s]) return crema_no_memory(t->job.ctx, "timings");
    }
    for (int i = 0; i < p->end[CREMA_BACKWARD]; i++) {
        int stage = i >= p->end[CREMA_FORWARD];
        int layer = layer_of(t->job.net, p->op[i]);

        *(layer < 0 ? &t->rest[stage] : &t->layer[stage][layer]) += t->op[i];
    }
    return CREMA_OK;
}

/* ---- telling ------------------------------------------------------------ */

static double ms(const struct timing *t, double seconds)
{
    return 1000 * seconds / (double)t->iterations;
}

static void show(const struct timing *t)
{
    const struct crema_net *net = t->job.net;
    int width = 10;

    for (int i = 0; i < net->nlayers; i++) {
        int n = (int)strlen(net->layer[i].param->name);

        if (n > width) width = n;
    }
    printf("Average time per layer:\n");
    for (int i = 0; i < net->nlayers; i++) {
        const char *name = net->layer[i].param->name;

        printf("%*s\tforward: %.6g ms.\n", width, name, ms(t, t->layer[0][i]));
        if (t->backward)
            printf("%*s\tbackward: %.6g ms.\n", width, name,
                   ms(t, t->layer[1][i]));
    }
    printf("Average Forward pass: %.6g ms.\n", ms(t, t->whole[0]));
    if (t->backward) {
        printf("Average Backward pass: %.6g ms.\n", ms(t, t->whole[1]));
        printf("Average Forward-Backward: %.6g ms.\n", ms(t, t->both));
    }
    printf("Average wait for data: %.6g ms.\n", ms(t, t->waited));
    printf("Total Time: %.6g ms.\n", 1000 * t->both);
}

static void json_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', f);
        if ((unsigned char)*text < 0x20)
            fprintf(f, "\\u%04x", *text);
        else
            fputc(*text, f);
    }
    fputc('"', f);
}

static void write_layers(const struct timing *t, FILE *f)
{
    const struct crema_net *net = t->job.net;

    fprintf(f, " \"layers\": [");
    for (int i = 0; i < net->nlayers; i++) {
        fprintf(f, "%s\n  {\"name\": ", i ? "," : "");
        json_string(f, net->layer[i].param->name);
        fprintf(f, ", \"type\": ");
        json_string(f, net->layer[i].type->name);
        fprintf(f, ", \"forward_ms\": %.6g, \"backward_ms\": %.6g}",
                ms(t, t->layer[0][i]), ms(t, t->layer[1][i]));
    }
    fprintf(f, "\n ]\n");
}

static enum crema_status write_json(const struct timing *t)
{
    FILE *f = fopen(t->json, "w");

    if (f) {
        fprintf(f, "{\n \"net\": ");
        json_string(f, t->job.net->name);
        fprintf(f, ",\n \"device\": ");
        json_string(f, crema_device_kind(t->job.dev));
        fprintf(f, ",\n \"device_name\": ");
        json_string(f, crema_device_name(t->job.dev));
        fprintf(f,
                ",\n \"phase\": \"%s\",\n \"iterations\": %ld,\n"
                " \"forward_ms\": %.6g,\n \"backward_ms\": %.6g,\n"
                " \"forward_backward_ms\": %.6g,\n \"wait_ms\": %.6g,\n",
                t->job.net->options.train ? "TRAIN" : "TEST", t->iterations,
                ms(t, t->whole[0]), ms(t, t->whole[1]), ms(t, t->both),
                ms(t, t->waited));
        write_layers(t, f);
        fprintf(f, "}\n");
        if (!ferror(f) && fclose(f) == 0) return CREMA_OK;
    }
    return crema_fail(t->job.ctx, CREMA_EIO, "cannot write %s: %s", t->json,
                      strerror(errno));
}

static enum crema_status work(struct timing *t)
{
    const struct net_wishes wishes = { .backward = t->backward };

    CREMA_TRY(job_device(&t->job, &t->device, "auto"));
    CREMA_TRY(job_net(&t->job, &t->model, &wishes));
    CREMA_TRY(measure(t));
    CREMA_TRY(sum_up(t));
    show(t);
    return t->json ? write_json(t) : CREMA_OK;
}

int verb_time(int argc, char **argv)
{
    struct timing t = { .iterations = 50 };
    const struct flag table[] = {
        MODEL_FLAGS(&t.model),
        PHASE_FLAG(&t.model),
        { "iterations", FLAG_INT, &t.iterations, "N", "how often" },
        { "json", FLAG_TEXT, &t.json, "FILE", "the figures as JSON, too" },
        DEVICE_FLAGS(&t.device),
    };
    const struct flags flags = {
        "crema time",
        "",
        "Measures a net: forward and, in phase TRAIN, backward.",
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
    for (int s = 0; s < 2; s++) free(t.layer[s]);
    free(t.op);
    return status;
}
