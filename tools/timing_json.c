/* timing_json.c - what crema time has measured, for programs.
 *
 * Milliseconds are means over the iterations, best_ms the shortest; a list's
 * implementations are separated by ", ". */
#include "timing.h"

#include "device/backend.h"

#include <errno.h>
#include <string.h>

static void write_string(FILE *f, const char *text)
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

static void write_field(FILE *f, const char *name, const char *text)
{
    fprintf(f, "\"%s\": ", name);
    write_string(f, text ? text : "");
    fputs(", ", f);
}

static void write_part(const struct timing *t, FILE *f, int layer, int backward)
{
    const struct timing_part *part = &t->part[layer][backward];
    char names[TIMING_NAMES];

    fprintf(f, "\"%s\": {", backward ? "backward" : "forward");
    write_field(f, "implementations", timing_names(t, layer, backward, names));
    fprintf(f,
            "\"ms\": %.6g, \"reorders_ms\": %.6g, \"flop\": %.10g, "
            "\"bytes\": %.10g}",
            timing_ms(t, part->seconds), timing_ms(t, part->reorders),
            part->flops, part->bytes);
}

static void write_layers(const struct timing *t, FILE *f)
{
    const struct crema_net *net = t->job.net;

    fprintf(f, " \"layers\": [");
    for (int i = 0; i < net->nlayers; i++) {
        fprintf(f, "%s\n  {", i ? "," : "");
        write_field(f, "name", net->layer[i].param->name);
        write_field(f, "type", net->layer[i].type->name);
        fprintf(f, "\"forward_ms\": %.6g, \"backward_ms\": %.6g,\n   ",
                timing_ms(t, t->part[i][0].seconds),
                timing_ms(t, t->part[i][1].seconds));
        write_part(t, f, i, 0);
        fprintf(f, ",\n   ");
        write_part(t, f, i, 1);
        fprintf(f, "}");
    }
    fprintf(f, "\n ],\n");
}

static void write_ops(const struct timing *t, FILE *f)
{
    const struct crema_program *p = t->job.net->program;
    const char *comma = "";

    fprintf(f, " \"ops\": [");
    for (int i = 0; i < p->end[t->backward]; i++) {
        const struct crema_op *op = p->op[i];

        if (!op->call) continue;
        fprintf(f, "%s\n  {", comma);
        write_field(f, "op", op->type->name);
        write_field(f, "layer", op->layer);
        write_field(f, "implementation", op->call->info);
        fprintf(f, "\"backward\": %s, \"ms\": %.6g, \"best_ms\": %.6g}",
                i < p->end[CREMA_FORWARD] ? "false" : "true",
                timing_ms(t, t->op[i]), 1000 * t->best[i]);
        comma = ",";
    }
    fprintf(f, "\n ]\n");
}

static void write_whole(const struct timing *t, FILE *f)
{
    const double whole = t->whole[0] + t->whole[1];

    fprintf(f, "{\n ");
    write_field(f, "net", t->job.net->name);
    write_field(f, "device", crema_device_kind(t->job.dev));
    write_field(f, "device_name", crema_device_name(t->job.dev));
    fprintf(f, "\n \"phase\": \"%s\", \"iterations\": %ld,\n",
            t->job.net->options.train ? "TRAIN" : "TEST", t->iterations);
    fprintf(f,
            " \"forward_ms\": %.6g, \"backward_ms\": %.6g, "
            "\"forward_backward_ms\": %.6g,\n",
            timing_ms(t, t->whole[0]), timing_ms(t, t->whole[1]),
            timing_ms(t, whole));
    fprintf(f,
            " \"ops_ms\": %.6g, \"outside_ms\": %.6g, \"reorders_ms\": %.6g, "
            "\"wait_ms\": %.6g,\n",
            timing_ms(t, timing_ops(t)), timing_ms(t, timing_outside(t)),
            timing_ms(t, t->sum[0].reorders + t->sum[1].reorders),
            timing_ms(t, t->waited));
    write_layers(t, f);
    write_ops(t, f);
    fprintf(f, "}\n");
}

enum crema_status timing_json(struct timing *t)
{
    FILE *f;
    bool failed;

    if (!strcmp(t->json, "-")) {
        write_whole(t, stdout);
        return CREMA_OK;
    }
    f = fopen(t->json, "w");
    if (f) {
        write_whole(t, f);
        failed = ferror(f);
        if (fclose(f) == 0 && !failed) return CREMA_OK;
    }
    return crema_fail(t->job.ctx, CREMA_EIO, "cannot write %s: %s", t->json,
                      strerror(errno));
}
