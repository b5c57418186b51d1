/* feed.c - host memory to a GPU while it computes.
 *
 * Two rooms on the GPU take turns: a stream of its own copies the next batch
 * into one while the step that reads the other's copy still runs.  From there a
 * copy within the GPU, in the order of the steps, brings it to where the
 * program reads it: addresses never change, so a captured graph may read them.
 *
 * Of pictures that are still encoded only the JPEGs go there; they are decoded
 * beside what runs, and the copy is made by a kernel that cuts them.
 */
#include "device/cuda/device.h"
#include "device/cuda/nvjpeg.h"

#include <stdlib.h>

enum { ROOMS = CREMA_FEED_ROOMS };

struct feed {
    void *room[ROOMS];
    cudaEvent_t copied[ROOMS], taken[ROOMS];
    unsigned next;
    /* of pictures that may be encoded; else all NULL */
    struct crema_nvjpeg_batch *decoder;
    struct crema_cut_from *from[ROOMS]; /* on the host, for copies */
    void *table[ROOMS];                 /* from[], on the GPU */
};

static void close_feed(struct crema_device *dev, struct feed *f)
{
    crema_nvjpeg_batch_close(dev, f->decoder);
    for (int i = 0; i < ROOMS; i++) {
        if (f->from[i]) (void)cudaFreeHost(f->from[i]);
        if (f->table[i]) (void)cudaFree(f->table[i]);
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
        close_feed(dev, f);
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
    close_feed(dev, feed);
}

/* ---- pictures that are still encoded -------------------------------------- */

enum crema_status crema_cuda_wait(struct crema_device *dev, cudaStream_t stream)
{
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamSynchronize, stream);
    return CREMA_OK;
}

enum crema_status crema_cuda_decoder(struct crema_device *dev,
                                     const char **name)
{
    struct crema_cuda *c = crema_cuda(dev);

    CREMA_TRY(crema_cuda_enter(dev));
    if (!c->nvjpeg) CREMA_TRY(crema_nvjpeg_open(dev, &c->nvjpeg));
    *name = crema_nvjpeg_name(c->nvjpeg);
    return CREMA_OK;
}

enum crema_status crema_cuda_feed_decodes(struct crema_device *dev, void *feed,
                                          int64_t n)
{
    struct crema_cuda *c = crema_cuda(dev);
    struct feed *f = feed;
    size_t bytes = (size_t)n * sizeof *f->from[0];

    for (int i = 0; i < ROOMS; i++) {
        CREMA_TRY(dev->type->alloc(dev, bytes, &f->table[i]));
        f->from[i] = crema_cuda_host_alloc(dev, bytes);
        if (!f->from[i]) return crema_no_memory(dev->ctx, "a feed");
    }
    return crema_nvjpeg_batch_open(dev, c->nvjpeg, n, &f->decoder);
}

/* What is no JPEG, run by run, to where it has its place in `room`. */
static enum crema_status copy_cuts(struct crema_device *dev,
                                   const struct crema_cuts *cuts, uint8_t *room)
{
    size_t each = (size_t)(cuts->rows * cuts->row);

    for (int64_t i = 0, end; i < cuts->n; i = end) {
        bool encoded = cuts->encoded[i].length > 0;

        for (end = i + 1; end < cuts->n; end++)
            if ((cuts->encoded[end].length > 0) != encoded) break;
        if (encoded) continue;
        CREMA_CUDA_TRY(dev->ctx, NULL, cudaMemcpy2DAsync,
                       room + (size_t)i * each, each,
                       cuts->bytes + (size_t)i * cuts->stride, cuts->stride,
                       each, (size_t)(end - i), cudaMemcpyHostToDevice,
                       crema_cuda(dev)->copies);
    }
    return CREMA_OK;
}

enum crema_status crema_cuda_feed_cuts(struct crema_device *dev, void *feed,
                                       void *to, const struct crema_cuts *cuts)
{
    const struct crema_cut_shape shape = { cuts->n, cuts->rows, cuts->row };
    struct crema_cuda *c = crema_cuda(dev);
    struct crema_ctx *ctx = dev->ctx;
    struct feed *f = feed;
    unsigned i = f->next++ % ROOMS, before = (i + ROOMS - 1) % ROOMS;
    int error;

    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(ctx, NULL, cudaEventSynchronize, f->copied[i]);
    /* there is one room for decoded pictures, which decoders write at once */
    CREMA_CUDA_TRY(ctx, NULL, cudaEventSynchronize, f->taken[before]);
    CREMA_CUDA_TRY(ctx, NULL, cudaStreamWaitEvent, c->copies, f->taken[i], 0);
    CREMA_TRY(crema_nvjpeg_decode(dev, f->decoder, c->copies, cuts, f->room[i],
                                  f->from[i]));
    CREMA_TRY(copy_cuts(dev, cuts, f->room[i]));
    CREMA_CUDA_TRY(ctx, NULL, cudaMemcpyAsync, f->table[i], f->from[i],
                   (size_t)cuts->n * sizeof *f->from[i], cudaMemcpyHostToDevice,
                   c->copies);
    CREMA_CUDA_TRY(ctx, NULL, cudaEventRecord, f->copied[i], c->copies);
    CREMA_CUDA_TRY(ctx, NULL, cudaStreamWaitEvent, c->stream, f->copied[i], 0);
    error = crema_cuda_cut(c->stream, &shape, f->table[i], to);
    if (error)
        return crema_cuda_failed(ctx, NULL, (cudaError_t)error, "kernel");
    CREMA_CUDA_TRY(ctx, NULL, cudaEventRecord, f->taken[i], c->stream);
    return CREMA_OK;
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
