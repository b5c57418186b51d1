/* pipeline_internal.h - a pipeline's inside; private to pipeline.c and
 * worker.c.
 *
 * Records get positions 0, 1, 2 ... in the order they are wanted; workers take
 * a ticket for the next one and write straight into its place in a batch.  The
 * batches form a ring:
 *
 *     released <= taken <= issue.batch < released + nbatches
 *
 * [released, taken) are in the caller's hands.  A record that fails sets
 * `draining`: nobody takes a ticket until all that are out have come back.  If
 * the record may be left out, issuing then goes back to its place and passes
 * over it, and what was written behind it is written again; else the pipeline
 * has failed at that batch.  Both are thus the same whatever the threads did.
 * A record of floats among bytes has its batch begun again, with floats, and all
 * that follow.
 */
#ifndef CREMA_DATA_PIPELINE_INTERNAL_H
#define CREMA_DATA_PIPELINE_INTERNAL_H

#include "data/pipeline.h"

#include <pthread.h>

struct crema_ring_batch {
    struct crema_filled_batch filled;
    struct crema_slice *keys;
    struct crema_encoded *encoded; /* behind filled.cuts */
    void *memory;      /* behind filled.data or filled.bytes */
    size_t capacity;   /* its bytes */
    uint64_t sequence; /* which batch it is just now; UINT64_MAX: none */
    int done;          /* items written */
    uint64_t begin;    /* position of its first record */
    uint64_t end;      /* position behind its last record, once issued */
};

/* Where a record goes. */
struct crema_ticket {
    uint64_t position, batch;
    int slot;
    struct crema_record record;
};

struct crema_pipeline {
    struct crema_records *records;
    const struct crema_transform *transform;
    struct crema_pipeline_options options;
    int shape[4];
    int crops; /* samples of each record; shape[0] counts samples */
    bool encoded; /* JPEGs are left to the device; not while threads run */
    uint64_t skipped_first; /* by rand_skip */
    crema_log_fn *log;
    void *log_user;

    pthread_t *threads;
    int nthreads; /* running */

    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t work;  /* a ticket may be had, or it is time to go */
    pthread_cond_t ready; /* a batch is full, or the pipeline failed */
    struct crema_ring_batch *batches;
    int nbatches;
    uint64_t released, taken;
    struct crema_ticket issue; /* the next one */
    int out;                   /* tickets */
    bool bytes;                /* of batches that are begun from now on */
    bool draining, stopping;
    struct crema_ticket back; /* first failed one, while draining */
    enum crema_status status; /* of that one; stays when failed */
    bool may_skip;            /* that one */
    bool floats_found;        /* ... is no failure: it has floats, not bytes */
    bool failed;
    char message[CREMA_MESSAGE_SIZE];
    uint64_t *bad; /* rows that cannot be decoded, ascending */
    size_t nbad, bad_capacity;
    uint64_t position; /* behind the last batch handed out */
    double waited;
};

void *crema_pipeline__worker(void *pipeline);

/* Room for one batch of `shape` in b->filled, as bytes or floats. */
enum crema_status crema_pipeline__reserve(struct crema_ctx *,
                                          const struct crema_pipeline *,
                                          struct crema_ring_batch *,
                                          const int shape[4],
                                          bool bytes) CREMA_MUST_USE;
uint64_t crema_pipeline__ordinal(const struct crema_pipeline *,
                                 uint64_t position);

#endif
