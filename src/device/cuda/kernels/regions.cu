/* regions.cu - pooling over bins of regions: an element a thread, backward one
 * that gathers from all regions in their order. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void
regions(const __grid_constant__ struct crema_region_grid g, const float *x,
        const float *r, float *y, float *place)
{
    EACH(i, g.r * g.k * g.p * g.q)
    y[i] = crema_at_regions(&g, x, r, i, g.sensitive ? NULL : place + i);
}

int crema_cuda_regions(cudaStream_t s, const struct crema_region_grid *g,
                       const float *x, const float *r, float *y, float *place)
{
    int64_t count = g->r * g->k * g->p * g->q;

    if (count == 0) return 0;
    regions OVER(count, s)(*g, x, r, y, place);
    return cudaGetLastError();
}

static __global__ void
regions_bwd(const __grid_constant__ struct crema_region_grid g, const float *dy,
            const float *r, const float *place, float *dx)
{
    EACH(j, g.n * g.c * g.h * g.w)
    dx[j] = crema_at_regions_bwd(&g, dy, r, place, j);
}

int crema_cuda_regions_bwd(cudaStream_t s, const struct crema_region_grid *g,
                           const float *dy, const float *r, const float *place,
                           float *dx)
{
    int64_t count = g->n * g->c * g->h * g->w;

    if (count == 0) return 0;
    regions_bwd OVER(count, s)(*g, dy, r, place, dx);
    return cudaGetLastError();
}
