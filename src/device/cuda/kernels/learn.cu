/* learn.cu - update rules, sums of gradients, the norm that clips them. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void update(const __grid_constant__ struct crema_update u,
                              const __grid_constant__ crema_pace pace,
                              const __grid_constant__ crema_updated m,
                              int64_t count)
{
    EACH(i, (count + 3) / 4) crema_update_4(&u, &pace, &m, count, i);
}

int crema_cuda_update(cudaStream_t s, const struct crema_update *u,
                      const struct crema_pace *pace,
                      const struct crema_updated *m, int64_t count)
{
    if (count == 0) return 0;
    update OVER((count + 3) / 4, s)(*u, *pace, *m, count);
    return cudaGetLastError();
}

static __global__ void joined(const __grid_constant__ crema_joined j)
{
    crema_at_joined(&j, blockIdx.x, threadIdx.x);
}

int crema_cuda_update_joined(cudaStream_t s, const struct crema_joined *j,
                             unsigned blocks)
{
    if (blocks == 0) return 0;
    joined<<<blocks, CREMA_BLOCK, 0, s>>>(*j);
    return cudaGetLastError();
}

static __global__ void loss_ring(const __grid_constant__ crema_ring_weights w,
                                 const __grid_constant__ crema_ringed m,
                                 const uint32_t *step, float *ring)
{
    crema_at_ring(&w, &m, step, ring);
}

int crema_cuda_loss_ring(cudaStream_t s, const struct crema_ring_weights *w,
                         const struct crema_ringed *m, const uint32_t *step,
                         float *ring)
{
    loss_ring<<<1, 1, 0, s>>>(*w, *m, step, ring);
    return cudaGetLastError();
}

static __global__ void loss_scale(crema_loss_scaling s, const float *squares,
                                  const float *held, float *state,
                                  float *factor)
{
    crema_at_loss_scale(&s, squares, held, state, factor);
}

int crema_cuda_loss_scale(cudaStream_t stream,
                          const struct crema_loss_scaling *s,
                          const float *squares, const float *held, float *state,
                          float *factor)
{
    loss_scale<<<1, 1, 0, stream>>>(*s, squares, held, state, factor);
    return cudaGetLastError();
}

static __global__ void local_rate(struct crema_local_rate l, crema_localized m,
                                  float *factor)
{
    crema_at_local_rate(&l, &m, factor);
}

int crema_cuda_local_rate(cudaStream_t s, const struct crema_local_rate *l,
                          const struct crema_localized *m, float *factor)
{
    local_rate<<<1, 1, 0, s>>>(*l, *m, factor);
    return cudaGetLastError();
}

template <int TYPE>
static __global__ void accumulate(int64_t count, const void *x, float *sum)
{
    EACH(i, (count + 3) / 4) crema_accumulate_4(TYPE, count, i, x, sum);
}

int crema_cuda_accumulate(cudaStream_t s, int type, int64_t count,
                          const void *x, float *sum)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        accumulate<TYPE_OF(t)> OVER((count + 3) / 4, s)(count, x, sum);
    });
}

/* A fixed number of blocks, so that the sum does not depend on the GPU. */
template <int TYPE>
static __global__ void squares(int64_t count, const void *x, float *parts)
{
    __shared__ float room[CREMA_BLOCK];
    float sum = crema_part_of_squares(
        x, TYPE, count, (int64_t)blockIdx.x * CREMA_BLOCK + threadIdx.y,
        (int64_t)CREMA_CLIP_PARTS * CREMA_BLOCK);

    sum = column_sum(room, sum);
    if (threadIdx.y == 0) parts[blockIdx.x] = sum;
}

int crema_cuda_squares(cudaStream_t s, int type, int64_t count, const void *x,
                       float *parts)
{
    return by_type(type, [&](auto t) {
        squares<TYPE_OF(t)>
            <<<CREMA_CLIP_PARTS, dim3(1, CREMA_BLOCK), 0, s>>>(count, x, parts);
    });
}

static __global__ void clip(struct crema_clip c, int64_t nparts,
                            const float *parts, const float *before, float *y)
{
    __shared__ float room[CREMA_BLOCK];
    float sum = 0;

    for (int64_t i = threadIdx.y; i < nparts; i += CREMA_BLOCK) sum += parts[i];
    sum = column_sum(room, sum);
    if (threadIdx.y == 0)
        *y = crema_at_clip(&c, sum + (before ? *before : 0.0f));
}

int crema_cuda_clip(cudaStream_t s, const struct crema_clip *c, int64_t nparts,
                    const float *parts, const float *before, float *y)
{
    clip<<<1, dim3(1, CREMA_BLOCK), 0, s>>>(*c, nparts, parts, before, y);
    return cudaGetLastError();
}
