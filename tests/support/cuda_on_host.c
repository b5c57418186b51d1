/* cuda_on_host.c - the CUDA device without CUDA: its stream is time itself.
 *
 * cuda_launches.c stands in for the kernels' launches, cuda_engines.c for
 * cuDNN, cuda_gemm.c for cuBLAS.
 */
#include "support/cuda_on_host.h"

#include "device/cuda/libraries.h"
#include "device/cuda/nvjpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 4096 };

cudaStream_t crema_cuda_stream(const struct crema_device *dev)
{
    (void)dev;
    return NULL;
}

enum crema_status crema_cuda_wait(struct crema_device *dev, cudaStream_t stream)
{
    (void)dev;
    (void)stream;
    return CREMA_OK;
}

enum crema_status crema_cuda_launch_failed(struct crema_device *dev,
                                           const struct crema_op *op, int error)
{
    return crema_fail(dev->ctx, CREMA_EDEVICE, "%s: error %d", op->type->name,
                      error);
}

/* ---- memory: the host's, which nobody is told ---------------------------- */

static enum crema_status alloc_memory(struct crema_device *dev, size_t bytes,
                                      void **out)
{
    size_t whole = (bytes + ALIGN) / ALIGN * ALIGN;

    *out = aligned_alloc(ALIGN, whole);
    if (!*out) return crema_no_memory(dev->ctx, "device memory");
    memset(*out, 0, whole);
    return CREMA_OK;
}

static void free_memory(struct crema_device *dev, void *memory)
{
    (void)dev;
    free(memory);
}

static enum crema_status copy(struct crema_device *dev, void *to,
                              const void *from, size_t bytes)
{
    (void)dev;
    memcpy(to, from, bytes);
    return CREMA_OK;
}

static void *host_alloc(struct crema_device *dev, size_t bytes)
{
    (void)dev;
    return malloc(bytes);
}

/* ---- batches: whoever feeds must leave them alone as long as a GPU reads ---
 */

enum { ROOMS = CREMA_FEED_ROOMS };

struct feed {
    size_t bytes;
    const void *from[ROOMS];
    void *seen[ROOMS]; /* what `from` held */
    unsigned next;
    struct crema_nvjpeg_batch *decoder; /* and what it wants, or NULL */
    uint8_t *room;
    struct crema_cut_from *table;
};

static enum crema_status feed_open(struct crema_device *dev, size_t bytes,
                                   void **out)
{
    struct feed *f = calloc(1, sizeof *f);

    if (!f) return crema_no_memory(dev->ctx, "a feed");
    f->bytes = bytes;
    for (int i = 0; i < ROOMS; i++) f->seen[i] = malloc(bytes + 1);
    *out = f;
    return CREMA_OK;
}

static enum crema_status feed(struct crema_device *dev, void *feed, void *to,
                              const void *from, size_t bytes)
{
    struct feed *f = feed;
    unsigned turn = f->next++ % ROOMS;

    if (bytes > f->bytes)
        return crema_fail(dev->ctx, CREMA_EDEVICE, "a batch of %zu bytes",
                          bytes);
    for (int i = 0; i < ROOMS; i++)
        if (f->from[i] && memcmp(f->from[i], f->seen[i], bytes) != 0)
            return crema_fail(dev->ctx, CREMA_EDEVICE,
                              "a batch was changed while it was read");
    f->from[turn] = from;
    memcpy(f->seen[turn], from, bytes);
    memcpy(to, from, bytes);
    return CREMA_OK;
}

static void feed_close(struct crema_device *dev, void *feed)
{
    struct feed *f = feed;

    for (int i = 0; i < ROOMS; i++) free(f->seen[i]);
    crema_nvjpeg_batch_close(dev, f->decoder);
    free(f->room);
    free(f->table);
    free(f);
}

/* ---- decoding: dev->state is the library ---------------------------------- */

static enum crema_status decoder(struct crema_device *dev, const char **name)
{
    struct crema_nvjpeg *library = dev->state;

    if (!library) CREMA_TRY(crema_nvjpeg_open(dev, &library));
    dev->state = library;
    *name = crema_nvjpeg_name(library);
    return CREMA_OK;
}

static void close_decoder(struct crema_device *dev)
{
    crema_nvjpeg_close(dev->state);
}

static enum crema_status feed_decodes(struct crema_device *dev, void *feed,
                                      int64_t n)
{
    struct feed *f = feed;

    f->room = malloc(f->bytes + 1);
    f->table = malloc((size_t)n * sizeof *f->table);
    if (!f->room || !f->table) return crema_no_memory(dev->ctx, "a feed");
    return crema_nvjpeg_batch_open(dev, dev->state, n, &f->decoder);
}

/* What is no longer wanted is overwritten, so that nobody gets by with it. */
static enum crema_status feed_cuts(struct crema_device *dev, void *feed,
                                   void *to, const struct crema_cuts *cuts)
{
    const struct crema_cut_shape shape = { cuts->n, cuts->rows, cuts->row };
    size_t each = (size_t)(cuts->rows * cuts->row);
    struct feed *f = feed;

    if (each * (size_t)cuts->n != f->bytes)
        return crema_fail(dev->ctx, CREMA_EDEVICE, "cuts of %zu bytes", each);
    memset(f->room, 0xaa, f->bytes);
    CREMA_TRY(crema_nvjpeg_decode(dev, f->decoder, crema_cuda_stream(dev), cuts,
                                  f->room, f->table));
    for (int64_t i = 0; i < cuts->n; i++)
        if (!cuts->encoded[i].length)
            memcpy(f->room + (size_t)i * each,
                   cuts->bytes + (size_t)i * cuts->stride, each);
    return crema_cuda_cut(crema_cuda_stream(dev), &shape, f->table, to)
               ? CREMA_EDEVICE
               : CREMA_OK;
}

static const struct crema_backend *const backends[] = { &crema_cuda_libraries,
                                                        &crema_cuda_kernels,
                                                        NULL };

enum { CAPABILITY = 90 };

static const char *lacks(const struct crema_device *dev, enum crema_type type)
{
    (void)dev;
    return crema_cuda_lacks(CAPABILITY, type);
}

static const char *lacks_tf32(const struct crema_device *dev)
{
    (void)dev;
    return crema_cuda_lacks_tf32(CAPABILITY);
}

static const struct crema_device_type cuda_on_host = {
    .name = CUDA_ON_HOST,
    .backends = backends,
    .alloc = alloc_memory,
    .free = free_memory,
    .upload = copy,
    .download = copy,
    .lacks = lacks,
    .lacks_tf32 = lacks_tf32,
    .takes_bytes = true,
    .host_alloc = host_alloc,
    .host_free = free_memory,
    .feed_open = feed_open,
    .feed = feed,
    .feed_close = feed_close,
    .close = close_decoder,
    .decoder = decoder,
    .feed_decodes = feed_decodes,
    .feed_cuts = feed_cuts,
};

enum crema_status cuda_on_host_open(struct crema_ctx *ctx, const char *name,
                                    struct crema_device **out)
{
    struct crema_device *dev;

    if (strcmp(name, "ref") == 0) return crema_device_open(ctx, name, 1, out);
    dev = calloc(1, sizeof *dev);
    if (!dev) return crema_no_memory(ctx, "a device");
    dev->type = &cuda_on_host;
    dev->ctx = ctx;
    snprintf(dev->name, sizeof dev->name, "%s", name);
    *out = dev;
    return CREMA_OK;
}

/* ---- the device's own code, as it is ------------------------------------- */

#include "device/cuda/classes.c"
#include "device/cuda/elementwise.c"
#include "device/cuda/kernels.c"
#include "device/cuda/learning.c"
#include "device/cuda/jpeg_trial.c"
#include "device/cuda/norm.c"
#include "device/cuda/nvjpeg.c"
#include "device/cuda/pictures.c"
#include "device/cuda/planes.c"
#include "device/cuda/pool.c"
#include "device/cuda/ports.c"
#include "device/cuda/rows.c"
