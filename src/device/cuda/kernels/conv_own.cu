/* conv_own.cu - convolutions on tensor cores, all groups in one launch. */
#include "device/cuda/kernels/launch.cuh"

#include "device/cuda/kernels/conv_warp.cuh"

#include "device/cuda/kernels/conv_own_block.h"

/* Blocks that a multiprocessor's shared memory has room for; registers are to
 * suffice for as many.  TF32's fragments of dW, word by word, want more. */
static constexpr int own_blocks(int type, int way, int width)
{
    return width == 128 || (type == CREMA_F32 && way == OWN_WEIGHTS) ? 2 : 3;
}

template <int TYPE, int WAY, int WIDTH>
static __global__
__launch_bounds__(OWN_ROWS, own_blocks(TYPE, WAY, WIDTH)) void own_conv(
    const __grid_constant__ crema_own o,
    const __grid_constant__ crema_own_data d)
{
    extern __shared__ __align__(128) char room[];
    constexpr crema_own_kind kind = { TYPE, WAY, WIDTH };
    const struct crema_own_block b = crema_own_block(&o, kind, blockIdx.x);
    const int warp = (int)(threadIdx.x / 32);
    crema_own_warp w;

    crema_own_begin(&o, &b, kind, warp, room, &w);
    __syncthreads();
    crema_own_lead(&o, &b, kind, &d, warp, room);
    for (int32_t step = 0; step < b.steps; step++) {
        crema_own_wait();
        __syncthreads();
        crema_own_step(&o, &b, kind, &d, warp, step, room, &w);
    }
    crema_own_end(&o, &b, kind, &d, warp, &w);
}

static __global__ void own_parts(const __grid_constant__ crema_own o,
                                 int64_t items, const float *parts, void *to)
{
    EACH(i, items) crema_at_own_parts(&o, parts, to, i);
}

/* f(kernel) for the kernel that was compiled for the kind. */
template <int TYPE, int WAY, class F>
static int by_width(const crema_own_kind &kind, F f)
{
    if (kind.width == 64) return f(own_conv<TYPE, WAY, 64>);
    return kind.width == 128 ? f(own_conv<TYPE, WAY, 128>)
                             : (int)cudaErrorInvalidValue;
}

template <class F> static int by_kind(const crema_own_kind &kind, F f)
{
    int result = cudaErrorInvalidValue;
    int error = by_type(kind.type, [&](auto t) {
        if (kind.way == OWN_FORWARD)
            result = by_width<TYPE_OF(t), OWN_FORWARD>(kind, f);
        else if (kind.way == OWN_DATA)
            result = by_width<TYPE_OF(t), OWN_DATA>(kind, f);
        else if (kind.way == OWN_WEIGHTS)
            result = by_width<TYPE_OF(t), OWN_WEIGHTS>(kind, f);
    });

    return error ? error : result;
}

int crema_cuda_own_prepare(const struct crema_own_kind *kind, int *blocks)
{
    size_t room = crema_own_room(*kind);

    return by_kind(*kind, [&](auto kernel) {
        cudaError_t error = cudaFuncSetAttribute(
            kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)room);

        if (error == cudaSuccess)
            error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(
                blocks, kernel, OWN_ROWS, room);
        return (int)error;
    });
}

int crema_cuda_own_conv(cudaStream_t s, const struct crema_own *o,
                        const struct crema_own_data *d)
{
    int64_t items = crema_own_weights(o) / 4;
    int error = by_kind(o->kind, [&](auto kernel) {
        kernel<<<(unsigned)crema_own_blocks(o), OWN_ROWS,
                 crema_own_room(o->kind), s>>>(*o, *d);
        return (int)cudaGetLastError();
    });

    if (error || o->kind.way != OWN_WEIGHTS || o->splits == 1) return error;
    own_parts OVER(items, s)(*o, items, d->parts, d->to);
    return cudaGetLastError();
}
