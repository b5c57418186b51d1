/* compute_image_mean.c - the mean picture of a database.
 *
 *   mean[c,y,x] = 1/N sum over records of in[c,y,x]
 *
 * With --pca also the principal components of its colours, for lighting_file
 * of transform_param: 1 x C x C, a row for each, as long as its standard
 * deviation.
 */
#include "console.h"
#include "data/mean.h"
#include "data_tools.h"
#include "flags.h"
#include "record_sums.h"

#include <stdlib.h>
#include <string.h>

/* Caffe's closing lines: one number for each channel. */
static void print_means(struct console *console, const struct record_sums *sums)
{
    size_t channels = (size_t)sums->shape[0], pixels = sums->count / channels;

    console_say(console, CREMA_INFO, "Number of channels: %zu", channels);
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;

        for (size_t i = 0; i < pixels; i++) sum += sums->values[c * pixels + i];
        console_say(console, CREMA_INFO, "mean_value channel [%zu]: %.7g", c,
                    sum / (double)pixels / (double)sums->records);
    }
}

static enum crema_status write_mean(struct crema_ctx *ctx,
                                    struct console *console, const char *path,
                                    const struct record_sums *sums)
{
    float *mean = malloc(sums->count * sizeof *mean);
    enum crema_status status;

    if (!mean) return crema_no_memory(ctx, "the mean");
    for (size_t i = 0; i < sums->count; i++)
        mean[i] = (float)(sums->values[i] / (double)sums->records);
    console_say(console, CREMA_INFO, "Write to %s", path);
    status = crema_mean_write(ctx, path, mean, sums->shape);
    free(mean);
    return status;
}

static enum crema_status write_components(struct crema_ctx *ctx,
                                          struct console *console,
                                          const char *path,
                                          const struct record_sums *sums)
{
    const int n = sums->shape[0], shape[3] = { 1, n, n };
    double mean[SUMS_CHANNELS], component[SUMS_CHANNELS][SUMS_CHANNELS];
    float values[SUMS_CHANNELS * SUMS_CHANNELS];

    colour_components(sums, mean, component);
    for (int i = 0; i < n; i++) {
        char row[SUMS_CHANNELS * 32] = "";

        for (int c = 0; c < n; c++) {
            size_t used = strlen(row);

            values[i * n + c] = (float)component[i][c];
            snprintf(row + used, sizeof row - used, " %.7g", component[i][c]);
        }
        console_say(console, CREMA_INFO, "component [%d]:%s", i, row);
    }
    console_say(console, CREMA_INFO, "Write to %s", path);
    return crema_mean_write(ctx, path, values, shape);
}

struct wishes {
    const char *database, *out, *pca;
    long threads;
};

static enum crema_status compute(struct crema_ctx *ctx, struct console *console,
                                 struct crema_databases *databases,
                                 const struct wishes *w)
{
    const struct crema_lmdb_options how = { .mode = CREMA_IMAGE_UNCHANGED };
    struct record_sums sums = { 0 };
    struct crema_database *database;
    struct crema_records *records;
    enum crema_status status;

    CREMA_TRY(crema_database_open(ctx, databases, w->database, &database));
    CREMA_TRY(crema_records_lmdb(ctx, database, &how, &records));
    console_say(console, CREMA_INFO, "Starting iteration");
    status = record_sums(ctx, console, records, (int)w->threads, w->pca != NULL,
                         &sums);
    if (status == CREMA_OK && w->out)
        status = write_mean(ctx, console, w->out, &sums);
    if (status == CREMA_OK) print_means(console, &sums);
    if (status == CREMA_OK && w->pca)
        status = write_components(ctx, console, w->pca, &sums);
    free(sums.values);
    crema_records_free(records);
    return status;
}

int tool_compute_image_mean(int argc, char **argv)
{
    enum { MOST_THREADS = 1024 };
    struct wishes w = { 0 };
    int backend = 0, status;
    const struct flag table[] = {
        { "backend", FLAG_CHOICE, &backend, "lmdb|leveldb",
          "the kind of database" },
        { "pca", FLAG_TEXT, &w.pca, "FILE",
          "writes the principal components of the colours, too" },
        { "threads", FLAG_INT, &w.threads, "N", "0: one per core" },
    };
    const struct flags flags = {
        .program = "compute_image_mean",
        .words = "DB [OUT.binaryproto]",
        .summary = "Computes the mean picture of a database.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .min_words = 1,
        .max_words = 2,
    };
    struct crema_databases *databases = NULL;
    struct console console;
    struct crema_ctx *ctx;

    status = flags_parse(&flags, &argc, argv);
    if (status < 0 && backend != 0)
        status = flags_wrong(&flags, "databases are read as LMDB only");
    if (status < 0 && (w.threads < 0 || w.threads > MOST_THREADS))
        status = flags_wrong(&flags, "--threads wants 0 to %d, got %ld",
                             MOST_THREADS, w.threads);
    if (status >= 0) return status;
    w.database = argv[1];
    w.out = argc > 2 ? argv[2] : NULL;
    console_open(&console, "compute_image_mean", stderr);
    ctx = crema_ctx_new(console_log, &console);
    status = 1;
    if (ctx) {
        if (crema_databases_new(ctx, &databases) == CREMA_OK &&
            compute(ctx, &console, databases, &w) == CREMA_OK)
            status = 0;
        else
            console_failed(&console, ctx);
    }
    crema_databases_free(databases);
    crema_ctx_free(ctx);
    console_close(&console);
    return status;
}
