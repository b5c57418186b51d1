/* cuda_launches_planes.c - the launchers of kernels/planes.cu as loops. */
#include "support/cuda_launches.h"

int crema_cuda_resize(cudaStream_t s, const struct crema_resize *r,
                      int64_t count, const float *x, float *y)
{
    (void)s;
    EACH(i, count) y[i] = crema_at_resized(r, x, i);
    return 0;
}

int crema_cuda_resize_bwd(cudaStream_t s, const struct crema_resize *r,
                          int64_t count, const float *dy, float *dx)
{
    (void)s;
    EACH(i, count) dx[i] = crema_at_resized_bwd(r, dy, i);
    return 0;
}

int crema_cuda_unpool(cudaStream_t s, const struct crema_unpooled *u,
                      const float *x, const float *mask, float *y, float *ws)
{
    (void)s;
    EACH(j, u->ys) ws[j] = -1.0f;
    EACH(i, u->xs)
    {
        int64_t at = crema_unpool_place(u, mask, i);
        float me = (float)(i % u->from);

        if (at >= 0 && me > ws[at]) ws[at] = me;
    }
    EACH(j, u->ys) y[j] = crema_at_unpool(u, x, ws, j);
    return 0;
}

int crema_cuda_unpool_bwd(cudaStream_t s, const struct crema_unpooled *u,
                          const float *dy, const float *mask, const float *ws,
                          float *dx)
{
    (void)s;
    EACH(i, u->xs) dx[i] = crema_at_unpool_bwd(u, dy, mask, ws, i);
    return 0;
}
