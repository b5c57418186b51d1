/* compute_image_mean.c - the mean picture of a database.
 *
 *   mean[c,y,x] = 1/N sum over records of in[c,y,x]
 */
#include "console.h"
#include "data/mean.h"
#include "data/source.h"
#include "data_tools.h"
#include "flags.h"

#include <stdlib.h>

struct sums {
    double *values; /* [channels][height][width] */
    size_t count;   /* of them */
    int shape[3];
    uint64_t records;
};

static enum crema_status first_record(struct crema_ctx *ctx,
                                      const struct crema_sample *sample,
                                      struct sums *sums)
{
    sums->shape[0] = sample->channels;
    sums->shape[1] = sample->height;
    sums->shape[2] = sample->width;
    sums->count = (size_t)sample->channels * (size_t)sample->height *
                  (size_t)sample->width;
    sums->values = calloc(sums->count, sizeof *sums->values);
    if (!sums->values) return crema_no_memory(ctx, "the mean");
    return CREMA_OK;
}

static enum crema_status add(struct crema_ctx *ctx, const char *name,
                             const struct crema_sample *sample,
                             struct sums *sums)
{
    size_t channels = (size_t)sample->channels;
    size_t pixels = (size_t)sample->height * (size_t)sample->width;

    if (!sums->values) CREMA_TRY(first_record(ctx, sample, sums));
    if (sample->channels != sums->shape[0] ||
        sample->height != sums->shape[1] || sample->width != sums->shape[2])
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is %d x %d x %d (channels x height x width), "
                          "those before are %d x %d x %d: a mean wants one "
                          "size",
                          name, sample->channels, sample->height, sample->width,
                          sums->shape[0], sums->shape[1], sums->shape[2]);
    if (sample->planes)
        for (size_t i = 0; i < sums->count; i++)
            sums->values[i] += sample->planes[i];
    else if (sample->floats)
        for (size_t i = 0; i < sums->count; i++)
            sums->values[i] += (double)sample->floats[i];
    else
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < pixels; i++)
                sums->values[c * pixels + i] +=
                    sample->pixels[i * channels + c];
    sums->records++;
    return CREMA_OK;
}

static enum crema_status add_all(struct crema_ctx *ctx, struct console *console,
                                 struct crema_records *records,
                                 struct crema_scratch *scratch,
                                 struct sums *sums)
{
    for (uint64_t i = 0; i < records->count; i++) {
        struct crema_record record = { 0 };
        struct crema_sample sample = { 0 };
        char name[CREMA_RECORD_NAME];

        CREMA_TRY(records->type->find(ctx, records, i, &record));
        CREMA_TRY(records->type->load(ctx, records, &record, scratch, &sample));
        crema_record_name(records, &record, name);
        CREMA_TRY(add(ctx, name, &sample, sums));
        if (sums->records % 10000 == 0)
            console_say(console, CREMA_INFO, "Processed %llu files.",
                        (unsigned long long)sums->records);
        console_progress(console, "records", i + 1, records->count);
    }
    if (sums->records % 10000 != 0)
        console_say(console, CREMA_INFO, "Processed %llu files.",
                    (unsigned long long)sums->records);
    return CREMA_OK;
}

/* Caffe's closing lines: one number for each channel. */
static void print_means(struct console *console, const struct sums *sums)
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
                                    const struct sums *sums)
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

static enum crema_status compute(struct crema_ctx *ctx, struct console *console,
                                 struct crema_databases *databases,
                                 const char *path, const char *out)
{
    const struct crema_lmdb_options how = { .mode = CREMA_IMAGE_UNCHANGED };
    struct crema_scratch scratch = { 0 };
    struct sums sums = { 0 };
    struct crema_database *database;
    struct crema_records *records;
    enum crema_status status;

    CREMA_TRY(crema_database_open(ctx, databases, path, &database));
    CREMA_TRY(crema_records_lmdb(ctx, database, &how, &records));
    console_say(console, CREMA_INFO, "Starting iteration");
    status = add_all(ctx, console, records, &scratch, &sums);
    if (status == CREMA_OK && out)
        status = write_mean(ctx, console, out, &sums);
    if (status == CREMA_OK) print_means(console, &sums);
    free(sums.values);
    crema_scratch_free(&scratch);
    crema_records_free(records);
    return status;
}

int tool_compute_image_mean(int argc, char **argv)
{
    int backend = 0, status;
    const struct flag table[] = {
        { "backend", FLAG_CHOICE, &backend, "lmdb|leveldb",
          "the kind of database" },
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
    if (status >= 0) return status;
    console_open(&console, "compute_image_mean", stderr);
    ctx = crema_ctx_new(console_log, &console);
    status = 1;
    if (ctx) {
        if (crema_databases_new(ctx, &databases) == CREMA_OK &&
            compute(ctx, &console, databases, argv[1],
                    argc > 2 ? argv[2] : NULL) == CREMA_OK)
            status = 0;
        else
            console_failed(&console, ctx);
    }
    crema_databases_free(databases);
    crema_ctx_free(ctx);
    console_close(&console);
    return status;
}
