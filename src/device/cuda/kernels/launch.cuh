/* launch.cuh - what kernels share: the loop over items, and sums in a fixed
 * order, so that a run repeats bit by bit. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_LAUNCH_CUH
#define CREMA_DEVICE_CUDA_KERNELS_LAUNCH_CUH

#include "device/cuda/kernels/kernels.h"

/* i takes every item of this thread, of n in all. */
#define EACH(i, n)                                                             \
    for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x,           \
                 each_ = (int64_t)gridDim.x * blockDim.x;                      \
         i < (n); i += each_)

/* Kernel launch over n items, one thread each; n is above 0. */
#define OVER(n, stream)                                                        \
<<<crema_blocks(n, CREMA_BLOCK), CREMA_BLOCK, 0, stream>>>

/* f(t) for the type at hand, which is t.value: a constant, so that what f
 * launches is compiled for float32, bfloat16 and float16. */
template <int TYPE> struct crema_typed {
    static constexpr int value = TYPE;
};
template <class F> static int by_type(int type, F f)
{
    switch (type) {
    case CREMA_F32:
        f(crema_typed<CREMA_F32>());
        break;
    case CREMA_BF16:
        f(crema_typed<CREMA_BF16>());
        break;
    case CREMA_F16:
        f(crema_typed<CREMA_F16>());
        break;
    default:
        return cudaErrorInvalidValue;
    }
    return cudaGetLastError();
}

/* The same of two types. */
template <class F> static int by_types(int from, int to, F f)
{
    int error = cudaErrorInvalidValue;
    int outer = by_type(from, [&](auto x) {
        error = by_type(to, [&](auto y) { f(x, y); });
    });

    return outer ? outer : error;
}

/* The constant that by_type hands over. */
#define TYPE_OF(t) (decltype(t)::value)

/* Sum over threadIdx.y of each column threadIdx.x; valid where y is 0.  The
 * block is a power of two in y; room has one float a thread. */
static __device__ __forceinline__ float column_sum(float *room, float v)
{
    unsigned me = threadIdx.y * blockDim.x + threadIdx.x;

    room[me] = v;
    __syncthreads();
    for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
        if (threadIdx.y < half) room[me] += room[me + half * blockDim.x];
        __syncthreads();
    }
    v = room[threadIdx.x];
    __syncthreads(); /* room may be used again */
    return v;
}

/* A part's sums, by channel, of what its threads have summed up. */
static __device__ __forceinline__ void write_sums(const struct crema_cut8 &cut,
                                                  const crema_pack &sum,
                                                  float *room, float *sums)
{
    int me = (int)threadIdx.x, channels = 8 * cut.packs;

    crema_cut8_show(&sum, me, room);
    __syncthreads();
    for (int k = me; k < channels; k += CREMA_BLOCK)
        sums[blockIdx.x * (int64_t)channels + k] =
            crema_cut8_sum(&cut, k, room);
}

/* Over the 32 lanes of a warp; every lane has the result. */
static __device__ __forceinline__ float warp_sum(float v)
{
    for (int mask = 16; mask > 0; mask /= 2)
        v += __shfl_xor_sync(0xffffffffu, v, mask);
    return v;
}

static __device__ __forceinline__ float warp_max(float v)
{
    for (int mask = 16; mask > 0; mask /= 2)
        v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, mask));
    return v;
}

#endif
