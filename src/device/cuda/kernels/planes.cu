/* planes.cu - planes resized; what a pooling picked put back. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void resize(const __grid_constant__ struct crema_resize r,
                              int64_t count, const float *x, float *y)
{
    EACH(i, count) y[i] = crema_at_resized(&r, x, i);
}

int crema_cuda_resize(cudaStream_t s, const struct crema_resize *r,
                      int64_t count, const float *x, float *y)
{
    if (count == 0) return 0;
    resize OVER(count, s)(*r, count, x, y);
    return cudaGetLastError();
}

static __global__ void resize_bwd(const __grid_constant__ struct crema_resize r,
                                  int64_t count, const float *dy, float *dx)
{
    EACH(i, count) dx[i] = crema_at_resized_bwd(&r, dy, i);
}

int crema_cuda_resize_bwd(cudaStream_t s, const struct crema_resize *r,
                          int64_t count, const float *dy, float *dx)
{
    if (count == 0) return 0;
    resize_bwd OVER(count, s)(*r, count, dy, dx);
    return cudaGetLastError();
}

static __global__ void nowhere(int64_t count, float *ws)
{
    EACH(j, count) ws[j] = -1.0f;
}

/* The last that points to a place is the largest number, whoever comes first:
 * floats from 0 on are ordered as their bits are, and those of -1 are a negative
 * integer. */
static __global__ void settle(struct crema_unpooled u, const float *mask,
                              float *ws)
{
    EACH(i, u.xs)
    {
        int64_t at = crema_unpool_place(&u, mask, i);

        if (at >= 0)
            atomicMax((int *)ws + at, __float_as_int((float)(i % u.from)));
    }
}

static __global__ void unpool(struct crema_unpooled u, const float *x,
                              const float *ws, float *y)
{
    EACH(j, u.ys) y[j] = crema_at_unpool(&u, x, ws, j);
}

int crema_cuda_unpool(cudaStream_t s, const struct crema_unpooled *u,
                      const float *x, const float *mask, float *y, float *ws)
{
    int error;

    if (u->ys == 0) return 0;
    nowhere OVER(u->ys, s)(u->ys, ws);
    error = cudaGetLastError();
    if (!error && u->xs > 0) {
        settle OVER(u->xs, s)(*u, mask, ws);
        error = cudaGetLastError();
    }
    if (error) return error;
    unpool OVER(u->ys, s)(*u, x, ws, y);
    return cudaGetLastError();
}

static __global__ void unpool_bwd(struct crema_unpooled u, const float *dy,
                                  const float *mask, const float *ws, float *dx)
{
    EACH(i, u.xs) dx[i] = crema_at_unpool_bwd(&u, dy, mask, ws, i);
}

int crema_cuda_unpool_bwd(cudaStream_t s, const struct crema_unpooled *u,
                          const float *dy, const float *mask, const float *ws,
                          float *dx)
{
    if (u->xs == 0) return 0;
    unpool_bwd OVER(u->xs, s)(*u, dy, mask, ws, dx);
    return cudaGetLastError();
}
