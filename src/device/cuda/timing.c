/* timing.c - how long calls take on the GPU. */
#include "device/cuda/timing.h"

enum { ROUNDS = 3, MOST_RUNS = 20 };

/* A round of short calls runs for so many microseconds. */
static const double ROUND_US = 200;

/* float32 0.0115, bfloat16 0.0115, float16 1.06 */
enum { FILLING = 0x3c };

static enum crema_status open_parts(struct cuda_timing *t,
                                    const size_t bytes[CUDA_BUFFERS])
{
    struct crema_device *dev = t->dev;
    cudaStream_t stream = crema_cuda(dev)->stream;

    CREMA_CUDA_TRY(dev->ctx, NULL, cudaEventCreate, &t->from);
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaEventCreate, &t->to);
    for (int i = 0; i < CUDA_BUFFERS; i++) {
        if (bytes[i] == 0) continue;
        if (cudaMalloc(&t->buffer[i], bytes[i]) != cudaSuccess) {
            (void)cudaGetLastError(); /* this failure is dealt with */
            t->buffer[i] = NULL;
            return CREMA_EUNSUPPORTED;
        }
        CREMA_CUDA_TRY(dev->ctx, NULL, cudaMemsetAsync, t->buffer[i], FILLING,
                       bytes[i], stream);
    }
    return CREMA_OK;
}

enum crema_status crema_cuda_timing_open(struct crema_device *dev,
                                         const size_t bytes[CUDA_BUFFERS],
                                         struct cuda_timing *t)
{
    enum crema_status status;

    *t = (struct cuda_timing){ .dev = dev };
    status = open_parts(t, bytes);
    if (status != CREMA_OK) crema_cuda_timing_close(t);
    return status;
}

/* cudaFree waits for what still uses the memory. */
void crema_cuda_timing_close(struct cuda_timing *t)
{
    for (int i = 0; i < CUDA_BUFFERS; i++)
        if (t->buffer[i]) cudaFree(t->buffer[i]);
    if (t->from) cudaEventDestroy(t->from);
    if (t->to) cudaEventDestroy(t->to);
    *t = (struct cuda_timing){ 0 };
}

static enum crema_status wait(struct crema_device *dev)
{
    CREMA_CUDA_TRY(dev->ctx, NULL, cudaStreamSynchronize,
                   crema_cuda(dev)->stream);
    return CREMA_OK;
}

/* A failed run may have left the GPU in order or not. */
static enum crema_status failed(struct crema_device *dev,
                                enum crema_status status)
{
    (void)cudaGetLastError();
    CREMA_TRY(wait(dev));
    return status == CREMA_EDEVICE ? CREMA_EUNSUPPORTED : status;
}

/* Mean of `runs` in a row. */
static enum crema_status round_of(const struct cuda_timing *t,
                                  cuda_work_fn *work, void *user, int runs,
                                  double *us)
{
    struct crema_ctx *ctx = t->dev->ctx;
    cudaStream_t stream = crema_cuda(t->dev)->stream;
    float ms = 0;

    CREMA_CUDA_TRY(ctx, NULL, cudaEventRecord, t->from, stream);
    for (int i = 0; i < runs; i++) {
        enum crema_status status = work(user);

        if (status != CREMA_OK) return failed(t->dev, status);
    }
    CREMA_CUDA_TRY(ctx, NULL, cudaEventRecord, t->to, stream);
    CREMA_CUDA_TRY(ctx, NULL, cudaEventSynchronize, t->to);
    CREMA_CUDA_TRY(ctx, NULL, cudaEventElapsedTime, &ms, t->from, t->to);
    *us = 1e3 * (double)ms / runs;
    return CREMA_OK;
}

enum crema_status crema_cuda_time(const struct cuda_timing *t,
                                  cuda_work_fn *work, void *user, double best,
                                  double *us)
{
    enum crema_status status = work(user); /* loads the kernel */
    double now = 0;
    int runs;

    if (status != CREMA_OK) return failed(t->dev, status);
    CREMA_TRY(wait(t->dev));
    CREMA_TRY(round_of(t, work, user, 1, us));
    if (best > 0 && *us > 2 * best) return CREMA_OK;
    runs = *us * MOST_RUNS > ROUND_US ? 1 + (int)(ROUND_US / *us) : MOST_RUNS;
    for (int i = 0; i < ROUNDS; i++) {
        CREMA_TRY(round_of(t, work, user, runs, &now));
        if (now < *us) *us = now;
    }
    return CREMA_OK;
}
