/* move.cu - parts of an axis, and from one layout to another. */
#include "device/cuda/kernels/launch.cuh"

int crema_cuda_zero(cudaStream_t s, void *to, size_t bytes)
{
    return bytes ? cudaMemsetAsync(to, 0, bytes, s) : cudaSuccess;
}

int crema_cuda_copy(cudaStream_t s, const void *from, void *to, size_t bytes)
{
    if (bytes == 0 || from == to) return 0;
    return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, s);
}

static __global__ void rows(struct crema_rows r, const float *from, float *to)
{
    EACH(i, r.rows * r.n) crema_at_rows(&r, from, to, i);
}

int crema_cuda_rows(cudaStream_t s, const struct crema_rows *r,
                    const float *from, float *to)
{
    int64_t count = r->rows * r->n;

    if (count == 0) return 0;
    rows OVER(count, s)(*r, from, to);
    return cudaGetLastError();
}

static __global__ void reorder(const __grid_constant__ crema_layout from,
                               const void *x,
                               const __grid_constant__ crema_layout to, void *y,
                               int64_t count)
{
    EACH(i, count) crema_at_reorder(&from, x, &to, y, i);
}

int crema_cuda_reorder(cudaStream_t s, const struct crema_layout *from,
                       const void *x, const struct crema_layout *to, void *y,
                       int64_t count)
{
    if (count == 0) return 0;
    reorder OVER(count, s)(*from, x, *to, y, count);
    return cudaGetLastError();
}
