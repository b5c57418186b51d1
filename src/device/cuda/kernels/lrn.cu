/* lrn.cu - response normalization across channels; one thread an element. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void lrn(struct crema_lrn l, struct crema_axis a,
                           const float *x, float *y)
{
    EACH(i, crema_count3(&a)) y[i] = crema_at_lrn(&l, &a, x, i);
}

int crema_cuda_lrn(cudaStream_t s, const struct crema_lrn *l,
                   const struct crema_axis *a, const float *x, float *y)
{
    int64_t count = crema_count3(a);

    if (count == 0) return 0;
    lrn OVER(count, s)(*l, *a, x, y);
    return cudaGetLastError();
}

static __global__ void lrn_bwd(struct crema_lrn l, struct crema_axis a,
                               const float *x, const float *dy, float *dx)
{
    EACH(i, crema_count3(&a)) dx[i] = crema_at_lrn_bwd(&l, &a, x, dy, i);
}

int crema_cuda_lrn_bwd(cudaStream_t s, const struct crema_lrn *l,
                       const struct crema_axis *a, const float *x,
                       const float *dy, float *dx)
{
    int64_t count = crema_count3(a);

    if (count == 0) return 0;
    lrn_bwd OVER(count, s)(*l, *a, x, dy, dx);
    return cudaGetLastError();
}
