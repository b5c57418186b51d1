/* timing_table.c - what crema time has measured, for people: Caffe's lines in
 * the log, and a table on stdout. */
#include "timing.h"

#include <stdlib.h>
#include <string.h>

/* Name, forward, backward, share, GFLOP/s twice, GB/s twice; the implementation
 * comes behind them. */
enum { COLUMNS = 8, CELL = 32 };

typedef char row[COLUMNS][CELL];

static const char *name_of(const struct timing *t, int layer)
{
    const struct crema_net *net = t->job.net;

    return layer < net->nlayers ? net->layer[layer].param->name : "(no layer)";
}

/* ---- the log ------------------------------------------------------------ */

void timing_log(struct timing *t)
{
    struct console *console = &t->job.console;
    const int n = t->job.net->nlayers;
    int width = 10;

    for (int i = 0; i < n; i++)
        if ((int)strlen(name_of(t, i)) > width)
            width = (int)strlen(name_of(t, i));
    console_say(console, CREMA_INFO, "Average time per layer: ");
    for (int i = 0; i < n; i++)
        for (int s = 0; s < 1 + t->backward; s++)
            console_say(console, CREMA_INFO, "%*s\t%s: %.6g ms.", width,
                        name_of(t, i), s ? "backward" : "forward",
                        timing_ms(t, t->part[i][s].seconds));
    console_say(console, CREMA_INFO, "Average Forward pass: %.6g ms.",
                timing_ms(t, t->whole[0]));
    if (t->backward) {
        console_say(console, CREMA_INFO, "Average Backward pass: %.6g ms.",
                    timing_ms(t, t->whole[1]));
        console_say(console, CREMA_INFO, "Average Forward-Backward: %.6g ms.",
                    timing_ms(t, t->whole[0] + t->whole[1]));
    }
    console_say(console, CREMA_INFO, "Total Time: %.6g ms.",
                1000 * (t->whole[0] + t->whole[1]));
}

/* ---- the table ---------------------------------------------------------- */

/* Billions a second; nothing where there is nothing to count. */
static void fill_rate(const struct timing *t, double count, double seconds,
                      char cell[CELL])
{
    if (count > 0 && seconds > 0)
        snprintf(cell, CELL, "%.1f",
                 count * (double)t->iterations / seconds / 1e9);
}

static double share(const struct timing *t, double seconds)
{
    return 100 * seconds / (t->whole[0] + t->whole[1]);
}

static void fill(const struct timing *t, const struct timing_part part[2],
                 row cells)
{
    for (int s = 0; s < 2; s++) {
        if (part[s].ops)
            snprintf(cells[1 + s], CELL, "%.3f", timing_ms(t, part[s].seconds));
        fill_rate(t, part[s].flops, part[s].seconds, cells[4 + s]);
        fill_rate(t, part[s].bytes, part[s].seconds, cells[6 + s]);
    }
    if (part[0].ops + part[1].ops)
        snprintf(cells[3], CELL, "%.1f",
                 share(t, part[0].seconds + part[1].seconds));
}

static void print_row(const struct timing *t, const char *name, row cells,
                      const int width[COLUMNS], const char *last)
{
    printf("%-*s", width[0], name);
    for (int c = 1; c < COLUMNS; c++) {
        bool second = c == 2 || c == 5 || c == 7;

        if (second && !t->backward) continue;
        printf("  %*s", width[c], cells[c]);
    }
    printf(*last ? "  %s\n" : "\n", last);
}

/* "forward; backward", or what both have in common; "-": nothing to run. */
static const char *word_names(const struct timing *t, int layer,
                              char out[2 * TIMING_NAMES])
{
    char back[TIMING_NAMES];

    if (!t->part[layer][0].ops && !t->part[layer][1].ops) return "-";
    timing_names(t, layer, 0, out);
    if (!*out) strcpy(out, "-");
    if (!t->backward || !t->part[layer][1].ops) return out;
    timing_names(t, layer, 1, back);
    if (strcmp(out, back) != 0)
        snprintf(out + strlen(out), TIMING_NAMES, "; %s", back);
    return out;
}

static void print_sum(const struct timing *t, const char *what, double seconds)
{
    printf("%-16s %10.3f ms %6.1f %%\n", what, timing_ms(t, seconds),
           share(t, seconds));
}

static void print_sums(const struct timing *t)
{
    printf("\n");
    if (t->backward) {
        print_sum(t, "forward", t->whole[0]);
        print_sum(t, "backward", t->whole[1]);
    }
    print_sum(t, "whole", t->whole[0] + t->whole[1]);
    print_sum(t, "outside of ops", timing_outside(t));
    print_sum(t, "reorders", t->sum[0].reorders + t->sum[1].reorders);
    print_sum(t, "wait for data", t->waited);
}

enum crema_status timing_table(struct timing *t)
{
    static row head = { "layer",       "fwd ms",      "bwd ms",   "%",
                        "fwd GFLOP/s", "bwd GFLOP/s", "fwd GB/s", "bwd GB/s" };
    const int n = t->job.net->nlayers;
    int width[COLUMNS];
    /* a row for each layer, ops of none, and the sum */
    row *rows = calloc((size_t)n + 2, sizeof *rows);
    char names[2 * TIMING_NAMES];

    if (!rows) return crema_no_memory(t->job.ctx, "a table");
    for (int i = 0; i <= n; i++) fill(t, t->part[i], rows[i]);
    fill(t, t->sum, rows[n + 1]);
    for (int c = 0; c < COLUMNS; c++) {
        width[c] = (int)strlen(head[c]);
        for (int i = 0; i < n + 2; i++) {
            const char *cell = c       ? rows[i][c]
                               : i > n ? "all ops"
                                       : name_of(t, i);

            if ((int)strlen(cell) > width[c]) width[c] = (int)strlen(cell);
        }
    }
    print_row(t, head[0], head, width, "implementation");
    for (int i = 0; i <= n; i++)
        if (i < n || t->part[i][0].ops || t->part[i][1].ops)
            print_row(t, name_of(t, i), rows[i], width,
                      word_names(t, i, names));
    print_row(t, "all ops", rows[n + 1], width, "");
    print_sums(t);
    free(rows);
    return CREMA_OK;
}
