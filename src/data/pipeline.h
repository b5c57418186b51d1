/* pipeline.h - records to batches, by worker threads and ahead of time.
 * Floor 2.
 *
 *     crema_pipeline_open(ctx, records, transform, &options, &pipeline)
 *     for each step
 *         crema_pipeline_next(ctx, pipeline, &batch)    ... use batch ...
 *     crema_pipeline_free(pipeline)
 *
 * What the batches hold and in which order depends on the records, the seed
 * and the position alone, not on threads.
 */
#ifndef CREMA_DATA_PIPELINE_H
#define CREMA_DATA_PIPELINE_H

#include "data/transform.h"
#include "device/cuts.h"

/* Where batches lie; alloc NULL: plain memory.  Called from any thread. */
struct crema_batch_memory {
    void *(*alloc)(void *user, size_t bytes); /* NULL: out of memory */
    void (*release)(void *user, void *memory);
    void *user;
};

struct crema_pipeline_options {
    int batch_size; /* records */
    int ahead;          /* batches held ready, Caffe's prefetch; 0: 4 */
    int held;           /* batches in the caller's hands; 0: 1 */
    int workers;        /* threads; 0: one */
    uint32_t seed;      /* of rand_skip */
    uint32_t rand_skip; /* begin at a random record, below this one */
    uint32_t rank;      /* of `ranks` pipelines that take batches in turn: all */
    uint32_t ranks;     /* records of an epoch between them; 0: alone */
    bool skip_bad;      /* leave records out that cannot be decoded */
    bool bytes;         /* batches of bytes where records are bytes: the device
                           does the rest */
    /* ... and decodes JPEGs, too?  Asked once, where the first record is one
     * that it might; NULL: no. */
    bool (*decodes)(void *user);
    void *decodes_user;
    struct crema_batch_memory memory;
};

struct crema_filled_batch {
    int shape[4];                   /* items, channels, height, width; a
                                       record is crema_transform_crops items */
    float *data;                    /* dense; or NULL, and: */
    uint8_t *bytes;                 /* the cuts, one behind the other, */
    int32_t *places;                /* [items][CREMA_PLACE_NUMBERS] */
    struct crema_cuts cuts; /* the same where some are encoded; else
                               cuts.encoded is NULL */
    float *labels; /* [items][labels], as many as the records have */
    const struct crema_slice *keys; /* of the items: the records' names */
};

struct crema_pipeline;

/* Borrows records and transform; copies options.  Decodes one record, for the
 * shape; starts no thread. */
enum crema_status
crema_pipeline_open(struct crema_ctx *, struct crema_records *,
                    const struct crema_transform *,
                    const struct crema_pipeline_options *,
                    struct crema_pipeline **out) CREMA_MUST_USE;
/* At any time; accepts NULL. */
void crema_pipeline_free(struct crema_pipeline *);

/* Of every batch; with batch_size 1 of the first, as others may differ. */
const int *crema_pipeline_shape(const struct crema_pipeline *);

/* Are batches of bytes, as far as is known? */
bool crema_pipeline_bytes(const struct crema_pipeline *);

/* Are JPEGs left to the device?  Never more from now on, if they are not to;
 * before threads start or a seek. */
bool crema_pipeline_encoded(const struct crema_pipeline *);
void crema_pipeline_decode_all(struct crema_pipeline *);
/* As struct crema_cuts has it. */
enum crema_status crema_pipeline_decode_cut(struct crema_ctx *,
                                            const struct crema_cuts *,
                                            int64_t i) CREMA_MUST_USE;

/* Starts the threads, so that batches are ready when they are wanted. */
enum crema_status crema_pipeline_start(struct crema_ctx *,
                                       struct crema_pipeline *) CREMA_MUST_USE;

/* The next batch, in order.  It stays the caller's until `held` further calls.
 * A failure of a record comes up where the record would have, and stays. */
enum crema_status
crema_pipeline_next(struct crema_ctx *, struct crema_pipeline *,
                    const struct crema_filled_batch **out) CREMA_MUST_USE;

/* Records gone by in the batches handed out, left-out ones included: where a
 * resumed run goes on. */
uint64_t crema_pipeline_position(const struct crema_pipeline *);
/* The next batch begins there. */
void crema_pipeline_seek(struct crema_pipeline *, uint64_t position);

struct crema_pipeline_stats {
    double waited; /* seconds that _next waited */
    uint64_t bad;  /* different records that could not be decoded */
};
struct crema_pipeline_stats crema_pipeline_stats(struct crema_pipeline *);

#endif
