/* record_sums.c - sums over all records of a database, by all processors. */
#include "record_sums.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All threads of one pass. */
struct crew {
    struct console *console;
    struct crema_records *records;
    crema_log_fn *log;
    void *log_user;
    bool alone;           /* one thread */
    pthread_mutex_t lock; /* over all that follows */
    struct record_sums *total;
    uint64_t next, done;
    bool stop, floats; /* of the latter there must be one thread */
    uint64_t failed;   /* the first record that failed */
    enum crema_status status;
    char message[CREMA_MESSAGE_SIZE];
};

/* One thread's own. */
struct share {
    struct record_sums sums;
    uint64_t product[SUMS_CHANNELS][SUMS_CHANNELS]; /* of bytes */
    struct crema_scratch scratch;
};

static enum crema_status open_sums(struct crema_ctx *ctx,
                                   const struct record_sums *like,
                                   struct record_sums *out)
{
    *out = *like;
    out->records = 0;
    memset(out->product, 0, sizeof out->product);
    out->values = calloc(out->count, sizeof *out->values);
    return out->values ? CREMA_OK : crema_no_memory(ctx, "the mean");
}

static enum crema_status check(struct crema_ctx *ctx, const char *name,
                               const struct crema_sample *s,
                               const struct record_sums *sums)
{
    if (s->channels == sums->shape[0] && s->height == sums->shape[1] &&
        s->width == sums->shape[2])
        return CREMA_OK;
    return crema_fail(ctx, CREMA_EINVAL,
                      "%s is %d x %d x %d (channels x height x width), the "
                      "first is %d x %d x %d: a mean wants one size",
                      name, s->channels, s->height, s->width, sums->shape[0],
                      sums->shape[1], sums->shape[2]);
}

/* ---- one record ---------------------------------------------------------- */

static void add_values(const struct crema_sample *s, struct record_sums *sums)
{
    size_t channels = (size_t)s->channels, pixels = sums->count / channels;

    if (s->planes)
        for (size_t i = 0; i < sums->count; i++)
            sums->values[i] += s->planes[i];
    else if (s->floats)
        for (size_t i = 0; i < sums->count; i++)
            sums->values[i] += (double)s->floats[i];
    else
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < pixels; i++)
                sums->values[c * pixels + i] += s->pixels[i * channels + c];
    sums->records++;
}

static void add_products(const struct crema_sample *s, struct share *share)
{
    size_t channels = (size_t)s->channels;
    size_t pixels = share->sums.count / channels;
    size_t step = s->pixels ? channels : 1, plane = s->pixels ? 1 : pixels;
    const uint8_t *bytes = s->pixels ? s->pixels : s->planes;

    for (size_t c = 0; c < channels; c++)
        for (size_t d = c; d < channels; d++) {
            uint64_t whole = 0;
            double sum = 0;

            for (size_t i = 0; i < pixels && bytes; i++)
                whole += (uint32_t)bytes[i * step + c * plane] *
                         bytes[i * step + d * plane];
            for (size_t i = 0; i < pixels && s->floats; i++)
                sum += (double)s->floats[c * pixels + i] *
                       (double)s->floats[d * pixels + i];
            share->product[c][d] += whole;
            share->sums.product[c][d] += sum;
        }
}

static enum crema_status add(struct crema_ctx *ctx, struct crew *crew,
                             const struct crema_record *record,
                             struct share *share, bool *floats)
{
    struct crema_sample sample = { 0 };
    char name[CREMA_RECORD_NAME];

    CREMA_TRY(crew->records->type->load(ctx, crew->records, record,
                                        &share->scratch, &sample));
    crema_record_name(crew->records, record, name);
    CREMA_TRY(check(ctx, name, &sample, &share->sums));
    *floats = sample.floats != NULL;
    if (*floats && !crew->alone) return CREMA_OK;
    add_values(&sample, &share->sums);
    if (share->sums.products) add_products(&sample, share);
    return CREMA_OK;
}

/* ---- all of them --------------------------------------------------------- */

/* With the lock held; the record that comes first counts. */
static void note_failure(struct crew *crew, uint64_t record,
                         const struct crema_ctx *ctx)
{
    crew->stop = true;
    if (crew->status != CREMA_OK && crew->failed < record) return;
    crew->failed = record;
    crew->status = ctx->status;
    memcpy(crew->message, ctx->message, sizeof crew->message);
}

/* With the lock held. */
static void count(struct crew *crew)
{
    enum { OFTEN = 10000 };
    uint64_t all = crew->records->count;

    crew->done++;
    if (crew->done % OFTEN == 0 || crew->done == all)
        console_say(crew->console, CREMA_INFO, "Processed %llu files.",
                    (unsigned long long)crew->done);
    console_progress(crew->console, "records", crew->done, all);
}

static void run(struct crema_ctx *ctx, struct crew *crew, struct share *share)
{
    while (!crew->stop && crew->next < crew->records->count) {
        struct crema_record record = { 0 };
        uint64_t i = crew->next++;
        bool floats = false;
        enum crema_status status =
            crew->records->type->find(ctx, crew->records, i, &record);

        if (status == CREMA_OK) {
            pthread_mutex_unlock(&crew->lock);
            status = add(ctx, crew, &record, share, &floats);
            pthread_mutex_lock(&crew->lock);
        }
        if (status != CREMA_OK)
            note_failure(crew, i, ctx);
        else if (floats && !crew->alone)
            crew->stop = crew->floats = true;
        else
            count(crew);
    }
}

static void merge(struct crew *crew, const struct share *share)
{
    struct record_sums *total = crew->total;

    for (size_t i = 0; i < total->count; i++)
        total->values[i] += share->sums.values[i];
    for (int c = 0; c < SUMS_CHANNELS; c++)
        for (int d = c; d < SUMS_CHANNELS; d++) {
            total->product[c][d] += (double)share->product[c][d];
            total->product[c][d] += share->sums.product[c][d];
        }
    total->records += share->sums.records;
}

static void *work(void *arg)
{
    struct crew *crew = arg;
    struct crema_ctx *ctx = crema_ctx_new(crew->log, crew->log_user);
    struct share *share = calloc(1, sizeof *share);

    pthread_mutex_lock(&crew->lock);
    if (!ctx || !share) {
        crew->stop = true;
        crew->status = CREMA_ENOMEM;
        snprintf(crew->message, sizeof crew->message,
                 "out of memory: a thread");
    } else if (open_sums(ctx, crew->total, &share->sums) != CREMA_OK) {
        note_failure(crew, crew->next, ctx);
    } else {
        run(ctx, crew, share);
        merge(crew, share);
    }
    pthread_mutex_unlock(&crew->lock);
    if (share) {
        crema_scratch_free(&share->scratch);
        free(share->sums.values);
    }
    free(share);
    crema_ctx_free(ctx);
    return NULL;
}

static enum crema_status pass(struct crema_ctx *ctx, struct crew *crew,
                              int threads)
{
    pthread_t *thread = calloc((size_t)threads, sizeof *thread);
    int n = 0;

    if (!thread) return crema_no_memory(ctx, "threads");
    pthread_mutex_init(&crew->lock, NULL);
    crew->alone = threads == 1;
    while (n < threads && pthread_create(&thread[n], NULL, work, crew) == 0)
        n++;
    for (int i = 0; i < n; i++) pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&crew->lock);
    free(thread);
    if (n == 0)
        return crema_fail(ctx, CREMA_ENOMEM, "no thread can be started");
    if (crew->status == CREMA_OK) return CREMA_OK;
    return crema_fail(ctx, crew->status, "%s", crew->message);
}

/* The first record says what all are like. */
static enum crema_status find_shape(struct crema_ctx *ctx,
                                    struct crema_records *records,
                                    struct record_sums *sums)
{
    struct crema_scratch scratch = { 0 };
    struct crema_record record = { 0 };
    struct crema_sample s = { 0 };
    enum crema_status status;

    CREMA_TRY(records->type->find(ctx, records, 0, &record));
    status = records->type->load(ctx, records, &record, &scratch, &s);
    sums->shape[0] = s.channels;
    sums->shape[1] = s.height;
    sums->shape[2] = s.width;
    sums->count = (size_t)s.channels * (size_t)s.height * (size_t)s.width;
    crema_scratch_free(&scratch);
    if (status != CREMA_OK || !sums->products || s.channels <= SUMS_CHANNELS)
        return status;
    return crema_fail(ctx, CREMA_EINVAL,
                      "records have %d channels; colours are looked at where "
                      "there are %d at most",
                      s.channels, SUMS_CHANNELS);
}

enum crema_status record_sums(struct crema_ctx *ctx, struct console *console,
                              struct crema_records *records, int threads,
                              bool products, struct record_sums *out)
{
    struct crew *crew = calloc(1, sizeof *crew);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    enum crema_status status;

    if (!crew) return crema_no_memory(ctx, "the mean");
    if (threads < 1) threads = cores > 1 ? (int)cores : 1;
    *out = (struct record_sums){ .products = products };
    status = find_shape(ctx, records, out);
    if (status == CREMA_OK) status = open_sums(ctx, out, out);
    for (bool again = true; again && status == CREMA_OK; threads = 1) {
        *crew = (struct crew){ .console = console,
                               .records = records,
                               .log = ctx->log,
                               .log_user = ctx->log_user,
                               .total = out };
        status = pass(ctx, crew, threads);
        again = status == CREMA_OK && crew->floats;
        if (again) { /* from the beginning */
            memset(out->values, 0, out->count * sizeof *out->values);
            memset(out->product, 0, sizeof out->product);
            out->records = 0;
        }
    }
    free(crew);
    if (status == CREMA_OK) return CREMA_OK;
    free(out->values);
    out->values = NULL;
    return status;
}
