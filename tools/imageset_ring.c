/* imageset_ring.c - threads take the list's items in turn and leave records in
 * the places of a ring; one reader empties them in order. */
#include "imageset_ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 256,
    MOST_THREADS = 64,
    MOST_BYTES = 256 << 20, /* of records that wait to be read */
};

struct place {
    struct imageset_job job;
    bool done;
};

struct imageset_ring {
    const struct imageset *settings;
    const struct crema_list_item *items;
    size_t count;
    pthread_t threads[MOST_THREADS];
    int started;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t room, ready;
    struct place places[PLACES]; /* of item i: i % PLACES */
    size_t given, taken;         /* items given to threads, and to the reader */
    size_t bytes;
    bool holds; /* the reader has the one before `taken` */
    bool stopping;
};

static void convert(const struct imageset_ring *ring,
                    struct imageset_hands *hands, struct imageset_job *job)
{
    job->status = CREMA_OK;
    if (!*job->item->name) return;
    job->status = CREMA_ENOMEM;
    if (!hands->ctx) return;
    job->status = imageset_convert(ring->settings, hands, job);
    if (job->status != CREMA_OK)
        job->message = strdup(crema_ctx_message(hands->ctx));
}

/* Large pictures may fill fewer places; one thread at least goes on. */
static bool must_wait(const struct imageset_ring *ring)
{
    if (ring->given >= ring->taken + PLACES - 1) return true;
    return ring->bytes > MOST_BYTES && ring->given != ring->taken;
}

static void work(struct imageset_ring *ring, struct imageset_hands *hands)
{
    while (!ring->stopping && ring->given < ring->count) {
        struct place *place;

        if (must_wait(ring)) {
            pthread_cond_wait(&ring->room, &ring->lock);
            continue;
        }
        place = &ring->places[ring->given % PLACES];
        place->job =
            (struct imageset_job){ .item = &ring->items[ring->given++] };
        pthread_mutex_unlock(&ring->lock);
        convert(ring, hands, &place->job);
        pthread_mutex_lock(&ring->lock);
        ring->bytes += place->job.record.length;
        place->done = true;
        pthread_cond_signal(&ring->ready);
    }
}

static void *worker(void *user)
{
    struct imageset_ring *ring = user;
    struct imageset_hands hands = { .ctx = crema_ctx_new(NULL, NULL) };

    pthread_mutex_lock(&ring->lock);
    work(ring, &hands);
    pthread_mutex_unlock(&ring->lock);
    crema_image_free(&hands.image);
    crema_image_free(&hands.resized);
    crema_image_free(&hands.cut);
    crema_ctx_free(hands.ctx);
    return NULL;
}

enum crema_status imageset_ring_start(struct crema_ctx *ctx,
                                      const struct imageset *settings,
                                      const struct crema_list_item *items,
                                      size_t count, size_t first,
                                      struct imageset_ring **out)
{
    struct imageset_ring *ring = calloc(1, sizeof *ring);
    int wanted = settings->threads < MOST_THREADS ? (int)settings->threads
                                                  : MOST_THREADS;

    if (!ring) return crema_no_memory(ctx, "the conversion");
    ring->settings = settings;
    ring->items = items;
    ring->count = count;
    ring->given = ring->taken = first;
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->room, NULL);
    pthread_cond_init(&ring->ready, NULL);
    while (ring->started < wanted &&
           pthread_create(&ring->threads[ring->started], NULL, worker, ring) ==
               0)
        ring->started++;
    if (ring->started == 0) {
        imageset_ring_stop(ring);
        return crema_no_memory(ctx, "a thread");
    }
    *out = ring;
    return CREMA_OK;
}

static void empty(struct imageset_ring *ring, struct place *place)
{
    if (place->done) ring->bytes -= place->job.record.length;
    free(place->job.record.data);
    free(place->job.message);
    *place = (struct place){ 0 };
}

/* With the lock held. */
static void take_back(struct imageset_ring *ring)
{
    if (!ring->holds) return;
    empty(ring, &ring->places[(ring->taken - 1) % PLACES]);
    ring->holds = false;
    pthread_cond_broadcast(&ring->room);
}

const struct imageset_job *imageset_ring_next(struct imageset_ring *ring)
{
    const struct imageset_job *job = NULL;

    pthread_mutex_lock(&ring->lock);
    take_back(ring);
    if (ring->taken < ring->count) {
        struct place *place = &ring->places[ring->taken % PLACES];

        while (!place->done) pthread_cond_wait(&ring->ready, &ring->lock);
        ring->taken++;
        ring->holds = true;
        job = &place->job;
    }
    pthread_mutex_unlock(&ring->lock);
    return job;
}

void imageset_ring_stop(struct imageset_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->stopping = true;
    pthread_cond_broadcast(&ring->room);
    pthread_mutex_unlock(&ring->lock);
    for (int i = 0; i < ring->started; i++)
        pthread_join(ring->threads[i], NULL);
    for (int i = 0; i < PLACES; i++) empty(ring, &ring->places[i]);
    pthread_cond_destroy(&ring->ready);
    pthread_cond_destroy(&ring->room);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}
