/* move.cu - parts of an axis, and from one layout to another. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void rows(struct crema_rows r, const float *from, float *to)
{
    EACH(i, r.rows * r.n) crema_at_rows(&r, from, to, i);
}

cudaError_t crema_cuda_rows(cudaStream_t s, const struct crema_rows *r,
                            const float *from, float *to)
{
    int64_t count = r->rows * r->n;

    if (count == 0) return cudaSuccess;
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

cudaError_t crema_cuda_reorder(cudaStream_t s, const struct crema_layout *from,
                               const void *x, const struct crema_layout *to,
                               void *y, int64_t count)
{
    if (count == 0) return cudaSuccess;
    reorder OVER(count, s)(*from, x, *to, y, count);
    return cudaGetLastError();
}
