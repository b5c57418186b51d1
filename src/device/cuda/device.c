/* device.c - a GPU: its stream, its memory, its libraries' handles.
 *
 * Everything is enqueued on one stream of our own, in the order of the program;
 * only download and finish wait.  That stream does not wait for the legacy
 * stream, so nothing here may use that one.
 */
#include "device/cuda/device.h"
#include "base/memo.h"
#include "device/module.h"

#include <cublasLt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLDEST_MAJOR = 7, OLDEST_MINOR = 5 };

static const size_t MIB = (size_t)1 << 20;

/* cuBLAS wants its workspace from outside: a captured graph would make one of
 * its own each time.  32 MiB is what NVIDIA advises for Hopper. */
static const size_t CUBLAS_BYTES = (size_t)32 << 20;

/* ---- opening ----------------------------------------------------------- */

static enum crema_status look_at(struct crema_device *dev, int *capability,
                                 size_t *memory)
{
    struct cudaDeviceProp p;

    CREMA_CUDA_TRY(dev->ctx, NULL, cudaGetDeviceProperties, &p, dev->ordinal);
    if (p.major * 10 + p.minor < OLDEST_MAJOR * 10 + OLDEST_MINOR)
        return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                          "%s is too old: its compute capability is %d.%d, "
                          "%d.%d is needed",
                          p.name, p.major, p.minor, OLDEST_MAJOR, OLDEST_MINOR);
    snprintf(dev->name, sizeof dev->name, "%.127s", p.name);
    *capability = p.major * 10 + p.minor;
    *memory = p.totalGlobalMem;
    return CREMA_OK;
}

/* Neither its own code nor PTX that its driver could compile. */
static enum crema_status check_code(struct crema_device *dev,
                                    const struct crema_cuda *c)
{
    int error = crema_cuda_probe();

    if (error == cudaErrorNoKernelImageForDevice ||
        error == cudaErrorInvalidDeviceFunction ||
        error == cudaErrorUnsupportedPtxVersion) {
        (void)cudaGetLastError(); /* this failure is dealt with */
        return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                          "this build has no code for %s, compute capability "
                          "%d.%d: it was made for %s; a newer driver, or a "
                          "build with -DCMAKE_CUDA_ARCHITECTURES=%d, helps",
                          dev->name, c->capability / 10, c->capability % 10,
                          CREMA_CUDA_ARCHITECTURES, c->capability);
    }
    return error ? crema_cuda_failed(dev->ctx, NULL, (cudaError_t)error,
                                     "cudaFuncGetAttributes")
                 : CREMA_OK;
}

static enum crema_status open_cudnn(struct crema_device *dev,
                                    struct crema_cuda *c)
{
    CREMA_CUDNN_TRY(dev->ctx, NULL, cudnnCreate, &c->cudnn);
    CREMA_CUDNN_TRY(dev->ctx, NULL, cudnnSetStream, c->cudnn, c->stream);
    c->target.handle = c->cudnn;
    return CREMA_OK;
}

static enum crema_status open_cublas(struct crema_device *dev,
                                     struct crema_cuda *c)
{
    struct crema_ctx *ctx = dev->ctx;

    CREMA_CUDA_TRY(ctx, NULL, cudaMalloc, &c->cublas_workspace, CUBLAS_BYTES);
    CREMA_CUBLAS_TRY(ctx, NULL, cublasCreate, &c->cublas);
    CREMA_CUBLAS_TRY(ctx, NULL, cublasSetStream, c->cublas, c->stream);
    CREMA_CUBLAS_TRY(ctx, NULL, cublasSetWorkspace, c->cublas,
                     c->cublas_workspace, CUBLAS_BYTES);
    /* float32 means float32: no TF32, and no sums of parts in fewer bits */
    CREMA_CUBLAS_TRY(
        ctx, NULL, cublasSetMathMode, c->cublas,
        (cublasMath_t)(CUBLAS_DEFAULT_MATH |
                       CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
    CREMA_CUBLAS_TRY(ctx, NULL, cublasSetPointerMode, c->cublas,
                     CUBLAS_POINTER_MODE_HOST);
    return CREMA_OK;
}

/* Without a folder for it the memo lasts as long as the device. */
static enum crema_status open_memo(struct crema_device *dev,
                                   struct crema_cuda *c)
{
    char path[PATH_MAX];
    bool kept = crema_memo_path("plans", path, sizeof path);

    return crema_memo_open(dev->ctx, kept ? path : NULL, &c->memo);
}

static enum crema_status open_parts(struct crema_device *dev,
                                    struct crema_cuda *c)
{
    struct crema_ctx *ctx = dev->ctx;
    size_t memory = 0;

    c->ordinal = dev->ordinal;
    CREMA_CUDA_TRY(ctx, NULL, cudaSetDevice, c->ordinal);
    CREMA_TRY(look_at(dev, &c->capability, &memory));
    CREMA_TRY(check_code(dev, c));
    /* A sixteenth of the GPU, but never less or more than is of use. */
    c->workspace_limit = memory / 16;
    if (c->workspace_limit < 64 * MIB) c->workspace_limit = 64 * MIB;
    if (c->workspace_limit > 1024 * MIB) c->workspace_limit = 1024 * MIB;
    CREMA_CUDA_TRY(ctx, NULL, cudaStreamCreateWithFlags, &c->stream,
                   cudaStreamNonBlocking);
    CREMA_CUDA_TRY(ctx, NULL, cudaStreamCreateWithFlags, &c->copies,
                   cudaStreamNonBlocking);
    CREMA_TRY(crema_cuda_branches_open(dev, c));
    CREMA_TRY(open_memo(dev, c));
    CREMA_TRY(open_cudnn(dev, c));
    return open_cublas(dev, c);
}

/* What was opened, as far as it came; a failure on the way out tells nobody
 * anything new. */
static void close_parts(struct crema_cuda *c)
{
    cudaSetDevice(c->ordinal);
    if (c->stream) cudaStreamSynchronize(c->stream);
    crema_nvjpeg_close(c->nvjpeg);
    if (c->cublas) cublasDestroy(c->cublas);
    if (c->cublas_workspace) cudaFree(c->cublas_workspace);
    if (c->cudnn) cudnnDestroy(c->cudnn);
    crema_cuda_branches_close(c);
    if (c->copies) cudaStreamDestroy(c->copies);
    if (c->stream) cudaStreamDestroy(c->stream);
    crema_memo_close(c->memo);
    free(c);
}

static enum crema_status open_cuda(struct crema_device *dev)
{
    struct crema_cuda *c = calloc(1, sizeof *c);
    enum crema_status status;

    if (!c) return crema_no_memory(dev->ctx, "a GPU's state");
    status = open_parts(dev, c);
    if (status != CREMA_OK) {
        close_parts(c);
        return status;
    }
    dev->state = c;
    return CREMA_OK;
}

cudaStream_t crema_cuda_stream(const struct crema_device *dev)
{
    return crema_cuda(dev)->stream;
}

size_t crema_cuda_workspace_limit(const struct crema_device *dev)
{
    return dev->workspace ? dev->workspace : crema_cuda(dev)->workspace_limit;
}

const char *crema_cuda_where(const struct crema_device *dev,
                             char out[CUDA_WHERE])
{
    snprintf(out, CUDA_WHERE, "%s (%d), cudnn %zu, cublas %zu, %zu MiB",
             dev->name, crema_cuda(dev)->capability, cudnnGetVersion(),
             cublasLtGetVersion(), crema_cuda_workspace_limit(dev) / MIB);
    return out;
}

static void close_cuda(struct crema_device *dev)
{
    if (dev->state) close_parts(crema_cuda(dev));
    dev->state = NULL;
}

/* ---- memory ------------------------------------------------------------ */

enum crema_status crema_cuda_enter(struct crema_device *dev)
{
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaSetDevice, crema_cuda(dev)->ordinal);
    return CREMA_OK;
}

static enum crema_status no_room(struct crema_device *dev, size_t bytes)
{
    size_t left = 0, all = 0;

    (void)cudaGetLastError(); /* this failure is dealt with */
    (void)cudaMemGetInfo(&left, &all);
    return crema_fail(dev->ctx, CREMA_ENOMEM,
                      "out of memory on %s: %.1f MB wanted, %.1f of %.1f MB "
                      "are free",
                      dev->name, (double)bytes / 1e6, (double)left / 1e6,
                      (double)all / 1e6);
}

static enum crema_status alloc_cuda(struct crema_device *dev, size_t bytes,
                                    void **out)
{
    size_t whole = bytes ? bytes : 1;
    cudaError_t error;

    CREMA_TRY(crema_cuda_enter(dev));
    *out = NULL;
    error = cudaMalloc(out, whole);
    if (error == cudaErrorMemoryAllocation) return no_room(dev, bytes);
    if (error != cudaSuccess)
        return crema_cuda_failed(dev->ctx, NULL, error, "cudaMalloc");
    error = cudaMemsetAsync(*out, 0, whole, crema_cuda(dev)->stream);
    if (error == cudaSuccess) return CREMA_OK;
    cudaFree(*out);
    *out = NULL;
    return crema_cuda_failed(dev->ctx, NULL, error, "cudaMemsetAsync");
}

/* cudaFree waits for what still runs, and knows whose memory it is. */
static void free_cuda(struct crema_device *dev, void *memory)
{
    (void)cudaSetDevice(crema_cuda(dev)->ordinal);
    (void)cudaFree(memory);
}

/* Ordinary memory is copied away before cudaMemcpyAsync returns; memory that is
 * pinned would be read later. */
static enum crema_status upload_cuda(struct crema_device *dev, void *to,
                                     const void *from_host, size_t bytes)
{
    struct crema_cuda *c = crema_cuda(dev);
    struct cudaPointerAttributes a = { 0 };

    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaMemcpyAsync, to, from_host, bytes,
                   cudaMemcpyHostToDevice, c->stream);
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaPointerGetAttributes, &a, from_host);
    if (a.type != cudaMemoryTypeUnregistered)
        CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamSynchronize, c->stream);
    return CREMA_OK;
}

static enum crema_status download_cuda(struct crema_device *dev, void *to_host,
                                       const void *from, size_t bytes)
{
    struct crema_cuda *c = crema_cuda(dev);

    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaMemcpyAsync, to_host, from, bytes,
                   cudaMemcpyDeviceToHost, c->stream);
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamSynchronize, c->stream);
    return CREMA_OK;
}

static enum crema_status room_cuda(struct crema_device *dev, size_t *left,
                                   size_t *all)
{
    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaMemGetInfo, left, all);
    return CREMA_OK;
}

static enum crema_status finish_cuda(struct crema_device *dev)
{
    CREMA_TRY(crema_cuda_enter(dev));
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamSynchronize,
                   crema_cuda(dev)->stream);
    return CREMA_OK;
}

/* ---- precision --------------------------------------------------------- */

static const char *lacks(const struct crema_device *dev, enum crema_type type)
{
    return crema_cuda_lacks(crema_cuda(dev)->capability, type);
}

static const char *lacks_tf32(const struct crema_device *dev)
{
    return crema_cuda_lacks_tf32(crema_cuda(dev)->capability);
}

/* ---- the table --------------------------------------------------------- */

static const struct crema_backend *const backends[] = {
    &crema_cuda_libraries,
    &crema_cuda_kernels,
    NULL,
};

const struct crema_device_type crema_device_cuda = {
    .name = "cuda",
    .host = false,
    .backends = backends,
    .open = open_cuda,
    .close = close_cuda,
    .alloc = alloc_cuda,
    .free = free_cuda,
    .upload = upload_cuda,
    .download = download_cuda,
    .finish = finish_cuda,
    .lacks = lacks,
    .lacks_tf32 = lacks_tf32,
    .room = room_cuda,
    .takes_bytes = true,
    .host_alloc = crema_cuda_host_alloc,
    .host_free = crema_cuda_host_free,
    .feed_open = crema_cuda_feed_open,
    .feed = crema_cuda_feed,
    .feed_close = crema_cuda_feed_close,
    .decoder = crema_cuda_decoder,
    .feed_decodes = crema_cuda_feed_decodes,
    .feed_cuts = crema_cuda_feed_cuts,
    .record = crema_cuda_record,
    .recorded = crema_cuda_recorded,
    .play = crema_cuda_play,
    .erase = crema_cuda_erase,
};

/* CREMA_MODULE_SYMBOL */
crema_module_device_fn crema_module_device;
const struct crema_device_type *crema_module_device(void)
{
    return &crema_device_cuda;
}
