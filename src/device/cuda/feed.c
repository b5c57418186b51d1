/* feed.c - host memory to a GPU while it computes.
 *
 * Two rooms on the GPU take turns: a stream of its own copies the next batch
 * into one while the step that reads the other's copy still runs.  From there a
 * copy within the GPU, in the order of the steps, brings it to where the
 * program reads it: addresses never change, so a captured graph may read them.
 */
#include "device/cuda/device.h"

#include <stdlib.h>

enum { ROOMS = CREMA_FEED_ROOMS };

struct feed {
    void *room[ROOMS];
    cudaEvent_t copied[ROOMS], taken[ROOMS];
    unsigned next;
};

static void close_feed(struct feed *f)
{
    for (int i = 0; i < ROOMS; i++) {
        if (f->room[i]) (void)cudaFree(f->room[i]);
        if (f->copied[i]) (void)cudaEventDestroy(f->copied[i]);
        if (f->taken[i]) (void)cudaEventDestroy(f->taken[i]);
    }
    free(f);
}

static enum crema_status open_rooms(struct crema_device *dev, struct feed *f,
                                    size_t bytes)
{
    for (int i = 0; i < ROOMS; i++) {
        CREMA_TRY(dev->type->alloc(dev, bytes, &f->room[i]));
        CREMA_CUDA_TRY(dev->ctx, NULL, cudaEventCreateWithFlags, &f->copied[i],
                       cudaEventDisableTiming);
        CREMA_CUDA_TRY(dev->ctx, NULL, cudaEventCreateWithFlags, &f->taken[i],
                       cudaEventDisableTiming);
    }
    /* fresh memory is cleared on the stream that computes */
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamSynchronize,
                   crema_cuda(dev)->stream);
    return CREMA_OK;
}

enum crema_status crema_cuda_feed_open(struct crema_device *dev, size_t bytes,
                                       void **out)
{
    struct feed *f = calloc(1, sizeof *f);
    enum crema_status status;

    if (!f) return crema_no_memory(dev->ctx, "a feed");
    status = open_rooms(dev, f, bytes);
    if (status != CREMA_OK) {
        close_feed(f);
        return status;
    }
    *out = f;
    return CREMA_OK;
}

/* An event that was never recorded is over. */
enum crema_status crema_cuda_feed(struct crema_device *dev, void *feed,
                                  void *to, const void *from, size_t bytes)
{
    struct crema_cuda *c = crema_cuda(dev);
    struct crema_ctx *ctx = dev->ctx;
    struct feed *f = feed;
    unsigned i = f->next++ % ROOMS;

    CREMA_TRY(crema_cuda_enter(dev));
    /* the memory of two calls ago is the caller's again */
    CREMA_CUDA_TRY(ctx, NULL, cudaEventSynchronize, f->copied[i]);
    CREMA_CUDA_TRY(ctx, NULL, cudaStreamWaitEvent, c->copies, f->taken[i], 0);
    CREMA_CUDA_TRY(ctx, NULL, cudaMemcpyAsync, f->room[i], from, bytes,
                   cudaMemcpyHostToDevice, c->copies);
    CREMA_CUDA_TRY(ctx, NULL, cudaEventRecord, f->copied[i], c->copies);
    CREMA_CUDA_TRY(ctx, NULL, cudaStreamWaitEvent, c->stream, f->copied[i], 0);
    CREMA_CUDA_TRY(ctx, NULL, cudaMemcpyAsync, to, f->room[i], bytes,
                   cudaMemcpyDeviceToDevice, c->stream);
    CREMA_CUDA_TRY(ctx, NULL, cudaEventRecord, f->taken[i], c->stream);
    return CREMA_OK;
}

void crema_cuda_feed_close(struct crema_device *dev, void *feed)
{
    struct crema_cuda *c = crema_cuda(dev);

    (void)cudaSetDevice(c->ordinal);
    (void)cudaStreamSynchronize(c->copies);
    (void)cudaStreamSynchronize(c->stream);
    close_feed(feed);
}

/* ---- host memory that a GPU reads directly; from any thread -------------- */

void *crema_cuda_host_alloc(struct crema_device *dev, size_t bytes)
{
    void *memory = NULL;

    if (cudaSetDevice(crema_cuda(dev)->ordinal) != cudaSuccess) return NULL;
    if (cudaHostAlloc(&memory, bytes, cudaHostAllocPortable) == cudaSuccess)
        return memory;
    (void)cudaGetLastError(); /* NULL says it */
    return NULL;
}

void crema_cuda_host_free(struct crema_device *dev, void *memory)
{
    (void)cudaSetDevice(crema_cuda(dev)->ordinal);
    (void)cudaFreeHost(memory);
}
