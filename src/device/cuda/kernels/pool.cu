/* pool.cu - maximum and average pooling; one thread an element. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void pool_max(const __grid_constant__ crema_pool_shape p,
                                const float *x, float *y, float *ws)
{
    EACH(i, crema_count4(&p.y)) crema_at_pool_max(&p, x, y, ws, i);
}

int crema_cuda_pool_max(cudaStream_t s, const struct crema_pool_shape *p,
                        const float *x, float *y, float *ws)
{
    int64_t count = crema_count4(&p->y);

    if (count == 0) return 0;
    pool_max OVER(count, s)(*p, x, y, ws);
    return cudaGetLastError();
}

static __global__ void pool_ave(const __grid_constant__ crema_pool_shape p,
                                const float *x, float *y)
{
    EACH(i, crema_count4(&p.y)) y[i] = crema_at_pool_ave(&p, x, i);
}

int crema_cuda_pool_ave(cudaStream_t s, const struct crema_pool_shape *p,
                        const float *x, float *y)
{
    int64_t count = crema_count4(&p->y);

    if (count == 0) return 0;
    pool_ave OVER(count, s)(*p, x, y);
    return cudaGetLastError();
}

static __global__ void pool_max_bwd(const __grid_constant__ crema_pool_shape p,
                                    const float *dy, const float *ws, float *dx)
{
    EACH(i, crema_count4(&p.x)) dx[i] = crema_at_pool_max_bwd(&p, dy, ws, i);
}

int crema_cuda_pool_max_bwd(cudaStream_t s, const struct crema_pool_shape *p,
                            const float *dy, const float *ws, float *dx)
{
    int64_t count = crema_count4(&p->x);

    if (count == 0) return 0;
    pool_max_bwd OVER(count, s)(*p, dy, ws, dx);
    return cudaGetLastError();
}

static __global__ void pool_ave_bwd(const __grid_constant__ crema_pool_shape p,
                                    const float *dy, float *dx)
{
    EACH(i, crema_count4(&p.x)) dx[i] = crema_at_pool_ave_bwd(&p, dy, i);
}

int crema_cuda_pool_ave_bwd(cudaStream_t s, const struct crema_pool_shape *p,
                            const float *dy, float *dx)
{
    int64_t count = crema_count4(&p->x);

    if (count == 0) return 0;
    pool_ave_bwd OVER(count, s)(*p, dy, dx);
    return cudaGetLastError();
}
