/* pipeline.c - batches ahead of time: opening, handing out, going elsewhere. */
#include "data/pipeline_internal.h"

#include "base/clock.h"
#include "base/philox.h"

#include <stdlib.h>
#include <string.h>

uint64_t crema_pipeline__ordinal(const struct crema_pipeline *p,
                                 uint64_t position)
{
    return p->skipped_first +
           crema_share(position, (uint64_t)p->options.batch_size,
                       p->options.rank, p->options.ranks);
}

static void *take_memory(const struct crema_pipeline *p, size_t bytes)
{
    const struct crema_batch_memory *m = &p->options.memory;
    size_t rounded = (bytes + 63) / 64 * 64;

    return m->alloc ? m->alloc(m->user, rounded) : aligned_alloc(64, rounded);
}

static void give_memory(const struct crema_pipeline *p, void *memory)
{
    const struct crema_batch_memory *m = &p->options.memory;

    if (!memory) return;
    if (m->alloc)
        m->release(m->user, memory);
    else
        free(memory);
}

/* Where some may be encoded there is room for their bytes. */
static void describe_cuts(const struct crema_pipeline *p,
                          struct crema_ring_batch *b, const int shape[4])
{
    struct crema_cuts *cuts = &b->filled.cuts;

    *cuts = (struct crema_cuts){
        .n = shape[0],
        .rows = shape[2],
        .row = (int64_t)shape[1] * shape[3],
        .bytes = b->memory,
        .encoded = p->encoded ? b->encoded : NULL,
        .places = b->filled.places,
        .decode = crema_pipeline_decode_cut,
        .user = &b->filled,
    };
    cuts->stride = (size_t)(cuts->rows * cuts->row);
    if (cuts->encoded && cuts->stride < CREMA_ENCODED_BYTES)
        cuts->stride = CREMA_ENCODED_BYTES;
}

enum crema_status crema_pipeline__reserve(struct crema_ctx *ctx,
                                          const struct crema_pipeline *p,
                                          struct crema_ring_batch *b,
                                          const int shape[4], bool bytes)
{
    size_t size = bytes ? 1 : sizeof *b->filled.data;

    describe_cuts(p, b, shape);
    for (int i = 0; i < 4; i++) size *= (size_t)shape[i];
    if (bytes) size = (size_t)shape[0] * b->filled.cuts.stride;
    if (size > b->capacity) {
        give_memory(p, b->memory);
        b->capacity = 0;
        b->memory = take_memory(p, size);
        if (!b->memory) return crema_no_memory(ctx, "a batch of data");
        b->capacity = size;
    }
    b->filled.data = bytes ? NULL : b->memory;
    b->filled.bytes = bytes ? b->memory : NULL;
    b->filled.cuts.bytes = b->memory;
    return CREMA_OK;
}

static enum crema_status make_batch(struct crema_ctx *ctx,
                                    struct crema_pipeline *p,
                                    struct crema_ring_batch *b)
{
    size_t n = (size_t)p->shape[0];
    size_t labels = p->records->labels > 1 ? (size_t)p->records->labels : 1;

    b->sequence = UINT64_MAX;
    b->keys = calloc(n, sizeof *b->keys);
    b->filled.keys = b->keys;
    b->filled.labels = take_memory(p, n * labels * sizeof *b->filled.labels);
    if (!b->keys || !b->filled.labels)
        return crema_no_memory(ctx, "a batch of labels");
    b->filled.places =
        take_memory(p, n * CREMA_PLACE_NUMBERS * sizeof *b->filled.places);
    b->encoded = calloc(n, sizeof *b->encoded);
    if (!b->filled.places || !b->encoded)
        return crema_no_memory(ctx, "a batch of places");
    memcpy(b->filled.shape, p->shape, sizeof p->shape);
    return crema_pipeline__reserve(ctx, p, b, p->shape, p->bytes);
}

static enum crema_status make_batches(struct crema_ctx *ctx,
                                      struct crema_pipeline *p)
{
    p->nbatches = p->options.ahead + p->options.held;
    p->batches = calloc((size_t)p->nbatches, sizeof *p->batches);
    if (!p->batches) {
        p->nbatches = 0;
        return crema_no_memory(ctx, "batches");
    }
    for (int i = 0; i < p->nbatches; i++)
        CREMA_TRY(make_batch(ctx, p, &p->batches[i]));
    return CREMA_OK;
}

/* Might a device decode JPEGs, as far as the transform is concerned? */
static bool may_leave_jpeg(const struct crema_pipeline *p)
{
    return p->options.bytes && p->options.decodes &&
           crema_transform_plain(p->transform);
}

/* What kind of sample one record is, and the shape of what it becomes. */
struct kind {
    bool undecoded, floats, encoded;
};
static enum crema_status shape_of(struct crema_ctx *ctx,
                                  const struct crema_pipeline *p,
                                  const struct crema_record *record,
                                  struct kind *kind, int shape[3])
{
    struct crema_scratch scratch = { .leaves_jpeg = may_leave_jpeg(p) };
    struct crema_sample sample = { 0 };
    char name[CREMA_RECORD_NAME];
    enum crema_status status;

    crema_record_name(p->records, record, name);
    status = p->records->type->load(ctx, p->records, record, &scratch, &sample);
    kind->undecoded = status != CREMA_OK && status != CREMA_ENOMEM;
    if (status == CREMA_OK)
        status = crema_transform_picture(ctx, p->transform, name,
                                         record->ordinal, &scratch, &sample);
    if (status == CREMA_OK)
        status = crema_transform_shape(ctx, p->transform, name, &sample, shape);
    kind->floats = sample.floats != NULL;
    kind->encoded = sample.jpeg.data != NULL;
    crema_scratch_free(&scratch);
    return status;
}

/* Of the first record, or the first that is not left out. */
static enum crema_status find_shape(struct crema_ctx *ctx,
                                    struct crema_pipeline *p)
{
    enum crema_status status = CREMA_OK;

    p->shape[0] = p->options.batch_size * p->crops;
    for (uint64_t i = 0; i < p->records->count; i++) {
        uint64_t ordinal = crema_pipeline__ordinal(p, i);
        struct crema_record record = { .ordinal = ordinal };
        struct kind kind = { 0 };

        CREMA_TRY(p->records->type->find(ctx, p->records, ordinal, &record));
        status = shape_of(ctx, p, &record, &kind, p->shape + 1);
        p->bytes = p->options.bytes && !kind.floats &&
                   crema_transform_bytes(p->transform);
        p->encoded = kind.encoded;
        if (status == CREMA_OK || !kind.undecoded || !p->options.skip_bad)
            break;
    }
    if (status == CREMA_OK && p->encoded)
        p->encoded = p->options.decodes(p->options.decodes_user);
    return status;
}

/* Caffe's rand_skip: the same start for the same seed. */
static uint64_t first_record(const struct crema_pipeline_options *o)
{
    struct crema_philox random =
        crema_philox(0, 0, 0, crema_hash("rand_skip"), o->seed, 0);

    return o->rand_skip ? random.v[0] % o->rand_skip : 0;
}

static enum crema_status check_options(struct crema_ctx *ctx,
                                       struct crema_pipeline_options *o)
{
    if (o->batch_size < 1)
        return crema_fail(ctx, CREMA_EINVAL,
                          "batch_size must be positive, got %d", o->batch_size);
    if (o->ahead < 1) o->ahead = 4;
    if (o->held < 1) o->held = 1;
    if (o->workers < 1) o->workers = 1;
    if (o->ranks < 1) o->ranks = 1;
    return CREMA_OK;
}

enum crema_status
crema_pipeline_open(struct crema_ctx *ctx, struct crema_records *records,
                    const struct crema_transform *transform,
                    const struct crema_pipeline_options *options,
                    struct crema_pipeline **out)
{
    struct crema_pipeline *p = calloc(1, sizeof *p);
    enum crema_status status;

    if (!p) return crema_no_memory(ctx, records->name);
    p->records = records;
    p->transform = transform;
    p->crops = crema_transform_crops(transform);
    p->options = *options;
    p->log = ctx->log;
    p->log_user = ctx->log_user;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->ready, NULL);
    status = check_options(ctx, &p->options);
    p->skipped_first = first_record(&p->options);
    if (status == CREMA_OK) status = find_shape(ctx, p);
    if (status == CREMA_OK) status = make_batches(ctx, p);
    if (status != CREMA_OK) {
        crema_pipeline_free(p);
        return status;
    }
    *out = p;
    return CREMA_OK;
}

static void stop(struct crema_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->nthreads; i++) pthread_join(p->threads[i], NULL);
    free(p->threads);
    p->threads = NULL;
    p->nthreads = 0;
    p->stopping = false;
}

void crema_pipeline_free(struct crema_pipeline *p)
{
    if (!p) return;
    stop(p);
    for (int i = 0; i < p->nbatches; i++) {
        give_memory(p, p->batches[i].memory);
        give_memory(p, p->batches[i].filled.places);
        give_memory(p, p->batches[i].filled.labels);
        free(p->batches[i].encoded);
        free(p->batches[i].keys);
    }
    free(p->batches);
    free(p->bad);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->ready);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

const int *crema_pipeline_shape(const struct crema_pipeline *p)
{
    return p->shape;
}

bool crema_pipeline_bytes(const struct crema_pipeline *p)
{
    return p->bytes;
}

bool crema_pipeline_encoded(const struct crema_pipeline *p)
{
    return p->encoded;
}

void crema_pipeline_decode_all(struct crema_pipeline *p)
{
    p->encoded = false;
}

enum crema_status crema_pipeline_start(struct crema_ctx *ctx,
                                       struct crema_pipeline *p)
{
    if (p->threads) return CREMA_OK;
    p->threads = calloc((size_t)p->options.workers, sizeof *p->threads);
    if (!p->threads) return crema_no_memory(ctx, "threads");
    while (p->nthreads < p->options.workers &&
           pthread_create(&p->threads[p->nthreads], NULL,
                          crema_pipeline__worker, p) == 0)
        p->nthreads++;
    if (p->nthreads > 0) return CREMA_OK;
    free(p->threads);
    p->threads = NULL;
    return crema_fail(ctx, CREMA_ENOMEM, "no thread can be started to read %s",
                      p->records->name);
}

/* Waits, with the lock held, for the batch that is next. */
static void await(struct crema_pipeline *p, const struct crema_ring_batch *b)
{
    double begun = crema_seconds();

    while (b->sequence != p->taken || b->done < p->options.batch_size) {
        if (p->failed && p->back.batch <= p->taken) break;
        pthread_cond_wait(&p->ready, &p->lock);
    }
    p->waited += crema_seconds() - begun;
}

enum crema_status crema_pipeline_next(struct crema_ctx *ctx,
                                      struct crema_pipeline *p,
                                      const struct crema_filled_batch **out)
{
    enum crema_status status = CREMA_OK;
    struct crema_ring_batch *b;

    CREMA_TRY(crema_pipeline_start(ctx, p));
    pthread_mutex_lock(&p->lock);
    if (p->taken - p->released == (uint64_t)p->options.held) {
        p->released++;
        pthread_cond_broadcast(&p->work);
    }
    b = &p->batches[p->taken % (uint64_t)p->nbatches];
    await(p, b);
    if (b->sequence == p->taken && b->done == p->options.batch_size) {
        p->taken++;
        p->position = b->end;
        *out = &b->filled;
    } else {
        status = crema_fail(ctx, p->status, "%s", p->message);
    }
    pthread_mutex_unlock(&p->lock);
    return status;
}

uint64_t crema_pipeline_position(const struct crema_pipeline *p)
{
    return p->position;
}

void crema_pipeline_seek(struct crema_pipeline *p, uint64_t position)
{
    stop(p);
    p->position = position;
    p->issue = (struct crema_ticket){ .position = position };
    p->released = p->taken = 0;
    p->draining = p->failed = false;
    for (int i = 0; i < p->nbatches; i++) p->batches[i].sequence = UINT64_MAX;
}

struct crema_pipeline_stats crema_pipeline_stats(struct crema_pipeline *p)
{
    struct crema_pipeline_stats stats;

    pthread_mutex_lock(&p->lock);
    stats = (struct crema_pipeline_stats){ p->waited, p->nbad };
    pthread_mutex_unlock(&p->lock);
    return stats;
}
