/* worker.c - what a pipeline's threads do: take a ticket, fill its place. */
#include "data/pipeline_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where `row` is in the list of bad ones, or would be put. */
static size_t bad_place(const struct crema_pipeline *p, uint64_t row)
{
    size_t low = 0, high = p->nbad;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->bad[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_bad(const struct crema_pipeline *p, uint64_t row)
{
    size_t at = bad_place(p, row);

    return at < p->nbad && p->bad[at] == row;
}

/* False when out of memory. */
static bool note_bad(struct crema_pipeline *p, uint64_t row)
{
    size_t at = bad_place(p, row);

    if (is_bad(p, row)) return true;
    if (p->nbad == p->bad_capacity) {
        size_t capacity = 2 * p->bad_capacity + 16;
        uint64_t *more = realloc(p->bad, capacity * sizeof *more);

        if (!more) return false;
        p->bad = more;
        p->bad_capacity = capacity;
    }
    memmove(p->bad + at + 1, p->bad + at, (p->nbad - at) * sizeof *p->bad);
    p->bad[at] = row;
    p->nbad++;
    return true;
}

static enum crema_status check_shape(struct crema_ctx *ctx,
                                     const struct crema_pipeline *p,
                                     const char *name, const int shape[3])
{
    if (p->options.batch_size == 1 ||
        memcmp(shape, p->shape + 1, 3 * sizeof *shape) == 0)
        return CREMA_OK;
    return crema_fail(ctx, CREMA_EINVAL,
                      "%s gives %d x %d x %d (channels x height x width), the "
                      "first record gave %d x %d x %d: use crop_size, resize "
                      "the pictures, or batch_size 1",
                      name, shape[0], shape[1], shape[2], p->shape[1],
                      p->shape[2], p->shape[3]);
}

static void take_labels(const struct crema_pipeline *p,
                        const struct crema_sample *s, float *labels,
                        size_t slot)
{
    size_t n = p->records->labels > 1 ? (size_t)p->records->labels : 1;

    if (s->labels)
        memcpy(labels + slot * n, s->labels, n * sizeof *labels);
    else
        labels[slot] = (float)s->label;
}

/* A JPEG as it is, and which part of it will be seen. */
static void put_encoded(const struct crema_pipeline *p,
                        const struct crema_sample *s, uint64_t ordinal,
                        size_t slot, struct crema_cuts *cuts, int32_t *places)
{
    memcpy(cuts->bytes + slot * cuts->stride, s->jpeg.data, s->jpeg.length);
    crema_transform_place(p->transform, s, ordinal, places);
    cuts->encoded[slot] = (struct crema_encoded){
        .length = (uint32_t)s->jpeg.length,
        .height = s->height,
        .width = s->width,
    };
}

/* The k-th sample of a record into its place. */
static enum crema_status
put(struct crema_ctx *ctx, const struct crema_pipeline *p, const char *name,
    const struct crema_sample *sample, const struct crema_ticket *ticket, int k,
    struct crema_ring_batch *b, struct crema_scratch *scratch)
{
    const int *shape = b->filled.shape;
    size_t item = (size_t)shape[1] * (size_t)shape[2] * (size_t)shape[3];
    size_t slot = (size_t)(ticket->slot * p->crops + k);
    uint64_t ordinal =
        ticket->record.ordinal * (uint64_t)p->crops + (uint64_t)k;

    take_labels(p, sample, b->filled.labels, slot);
    b->keys[slot] = ticket->record.key;
    if (b->filled.bytes) {
        struct crema_cuts *cuts = &b->filled.cuts;
        int32_t *places = b->filled.places + CREMA_PLACE_NUMBERS * slot;

        if (sample->jpeg.data) {
            put_encoded(p, sample, ordinal, slot, cuts, places);
            return CREMA_OK;
        }
        b->encoded[slot].length = 0;
        return crema_transform_cut(ctx, p->transform, name, sample, ordinal,
                                   cuts->bytes + slot * cuts->stride, places);
    }
    return crema_transform_apply(ctx, p->transform, name, sample, ordinal,
                                 scratch, b->filled.data + slot * item);
}

/* Loads and transforms the ticket's record into its place.  *undecoded: it
 * failed in loading. */
static enum crema_status fill(struct crema_ctx *ctx,
                              const struct crema_pipeline *p,
                              const struct crema_ticket *ticket,
                              struct crema_ring_batch *b,
                              struct crema_scratch *scratch, bool *undecoded)
{
    int shape[4] = { p->shape[0] };
    struct crema_sample sample = { 0 };
    char name[CREMA_RECORD_NAME];

    crema_record_name(p->records, &ticket->record, name);
    scratch->leaves_jpeg = p->encoded && b->filled.bytes;
    *undecoded = true;
    CREMA_TRY(p->records->type->load(ctx, p->records, &ticket->record, scratch,
                                     &sample));
    *undecoded = false;
    CREMA_TRY(crema_transform_picture(
        ctx, p->transform, name, ticket->record.ordinal, scratch, &sample));
    CREMA_TRY(
        crema_transform_shape(ctx, p->transform, name, &sample, shape + 1));
    CREMA_TRY(check_shape(ctx, p, name, shape + 1));
    if (b->filled.bytes && sample.floats)
        return crema_fail(ctx, CREMA_EUNSUPPORTED, "%s holds floats", name);
    if (p->options.batch_size == 1) {
        CREMA_TRY(crema_pipeline__reserve(ctx, p, b, shape, b->filled.bytes));
        memcpy(b->filled.shape, shape, sizeof shape);
    }
    for (int k = 0; k < p->crops; k++)
        CREMA_TRY(put(ctx, p, name, &sample, ticket, k, b, scratch));
    return CREMA_OK;
}

/* All below want the lock held. */

static struct crema_ring_batch *batch_of(struct crema_pipeline *p,
                                         uint64_t sequence)
{
    return &p->batches[sequence % (uint64_t)p->nbatches];
}

/* Keeps the failure that comes first in the order of records. */
static void note_failure(struct crema_pipeline *p,
                         const struct crema_ticket *ticket,
                         const struct crema_ctx *ctx, bool may_skip)
{
    if (p->draining && ticket->position > p->back.position) return;
    p->draining = true;
    p->back = *ticket;
    p->status = ctx->status;
    p->may_skip = may_skip;
    p->floats_found = false;
    snprintf(p->message, sizeof p->message, "%s", ctx->message);
}

/* The next record that is not known to be bad; `issue` then stands on it. */
static bool find_next(struct crema_ctx *ctx, struct crema_pipeline *p)
{
    struct crema_ticket *t = &p->issue;

    for (uint64_t passed = 0; passed < p->records->count; passed++) {
        uint64_t ordinal = crema_pipeline__ordinal(p, t->position);

        t->record.ordinal = ordinal;
        if (p->records->type->find(ctx, p->records, ordinal, &t->record) !=
            CREMA_OK) {
            note_failure(p, t, ctx, false);
            return false;
        }
        if (!p->nbad || !is_bad(p, t->record.row)) return true;
        t->position++;
    }
    if (crema_fail(ctx, CREMA_EINVAL, "no record of %s can be decoded",
                   p->records->name) != CREMA_OK)
        note_failure(p, t, ctx, false);
    return false;
}

/* Gives the next ticket out. */
static bool take_ticket(struct crema_ctx *ctx, struct crema_pipeline *p,
                        struct crema_ticket *out)
{
    struct crema_ring_batch *b = batch_of(p, p->issue.batch);

    if (!find_next(ctx, p)) return false;
    *out = p->issue;
    if (out->slot == 0) {
        if (crema_pipeline__reserve(ctx, p, b, p->shape, p->bytes)) {
            note_failure(p, out, ctx, false);
            return false;
        }
        b->sequence = out->batch;
        b->begin = out->position;
        b->done = 0;
    }
    p->out++;
    p->issue.position++;
    p->issue.slot++;
    if (p->issue.slot == p->options.batch_size) {
        b->end = p->issue.position;
        p->issue.slot = 0;
        p->issue.batch++;
    }
    return true;
}

/* The batch of the first failed ticket is begun again, with floats. */
static void begin_with_floats(struct crema_pipeline *p)
{
    p->issue = (struct crema_ticket){
        .position = batch_of(p, p->back.batch)->begin,
        .batch = p->back.batch,
    };
    p->bytes = p->floats_found = false;
    for (int i = 0; i < p->nbatches; i++)
        if (p->batches[i].sequence >= p->back.batch)
            p->batches[i].sequence = UINT64_MAX;
    pthread_cond_broadcast(&p->work);
}

/* All tickets are back, and the first failed one is known. */
static void finish_draining(struct crema_pipeline *p)
{
    p->draining = false;
    if (p->floats_found) {
        begin_with_floats(p);
        return;
    }
    if (!p->may_skip) {
        p->failed = true;
        pthread_cond_broadcast(&p->ready);
        return;
    }
    p->issue = p->back;
    for (int i = 0; i < p->nbatches; i++) {
        struct crema_ring_batch *b = &p->batches[i];

        if (b->sequence == UINT64_MAX) continue;
        if (b->sequence == p->back.batch) b->done = p->back.slot;
        if (b->sequence > p->back.batch) b->sequence = UINT64_MAX;
    }
    pthread_cond_broadcast(&p->work);
}

static void ticket_failed(struct crema_pipeline *p,
                          const struct crema_ticket *ticket,
                          struct crema_ctx *ctx, bool undecoded)
{
    bool skip = undecoded && p->options.skip_bad && ctx->status != CREMA_ENOMEM;

    if (skip && !is_bad(p, ticket->record.row)) {
        crema_log(ctx, CREMA_WARNING, "left out: %s", ctx->message);
        skip = note_bad(p, ticket->record.row);
    }
    note_failure(p, ticket, ctx, skip);
    if (p->back.position == ticket->position)
        p->floats_found = !undecoded && ctx->status == CREMA_EUNSUPPORTED;
}

static void ticket_done(struct crema_pipeline *p,
                        const struct crema_ticket *ticket)
{
    struct crema_ring_batch *b = batch_of(p, ticket->batch);

    if (++b->done == p->options.batch_size) pthread_cond_signal(&p->ready);
}

static bool may_issue(const struct crema_pipeline *p)
{
    return !p->draining && !p->failed &&
           p->issue.batch < p->released + (uint64_t)p->nbatches;
}

static void work(struct crema_pipeline *p, struct crema_ctx *ctx,
                 struct crema_scratch *scratch)
{
    while (!p->stopping) {
        struct crema_ticket ticket;
        bool undecoded = false;
        enum crema_status status;

        if (!may_issue(p)) {
            pthread_cond_wait(&p->work, &p->lock);
            continue;
        }
        if (take_ticket(ctx, p, &ticket)) {
            struct crema_ring_batch *b = batch_of(p, ticket.batch);

            pthread_mutex_unlock(&p->lock);
            status = fill(ctx, p, &ticket, b, scratch, &undecoded);
            pthread_mutex_lock(&p->lock);
            p->out--;
            if (status == CREMA_OK)
                ticket_done(p, &ticket);
            else
                ticket_failed(p, &ticket, ctx, undecoded);
        }
        if (p->draining && p->out == 0) finish_draining(p);
    }
}

void *crema_pipeline__worker(void *pipeline)
{
    struct crema_pipeline *p = pipeline;
    struct crema_ctx *ctx = crema_ctx_new(p->log, p->log_user);
    struct crema_scratch scratch = { 0 };

    pthread_mutex_lock(&p->lock);
    if (ctx) {
        work(p, ctx, &scratch);
    } else if (!p->failed) {
        p->failed = true;
        p->back = (struct crema_ticket){ .batch = p->taken };
        p->status = CREMA_ENOMEM;
        snprintf(p->message, sizeof p->message, "out of memory: a thread");
        pthread_cond_broadcast(&p->ready);
    }
    pthread_mutex_unlock(&p->lock);
    crema_scratch_free(&scratch);
    crema_ctx_free(ctx);
    return NULL;
}
