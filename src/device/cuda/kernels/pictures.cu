/* pictures.cu - cuts of pictures, and their bytes to values; one thread a byte,
 * a value, or a pixel. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void pictures(const __grid_constant__ crema_pictures_shape p,
                                const uint8_t *bytes, const int32_t *places,
                                const float *mean, void *y)
{
    EACH(i, crema_count4(&p.to))
    crema_at_pictures(&p, bytes, places, mean, y, i);
}

static __global__ void pixels(const __grid_constant__ crema_pictures_shape p,
                              const uint8_t *bytes, const int32_t *places,
                              const float *mean, void *y)
{
    EACH(i, crema_pictures_items(&p))
    crema_at_pixel(&p, bytes, places, mean, y, i);
}

int crema_cuda_pictures(cudaStream_t s, const struct crema_pictures_shape *p,
                        const uint8_t *bytes, const int32_t *places,
                        const float *mean, void *y)
{
    int64_t count = crema_pictures_items(p);

    if (count == 0) return 0;
    if (crema_pictures_by_pixel(p))
        pixels OVER(count, s)(*p, bytes, places, mean, y);
    else
        pictures OVER(count, s)(*p, bytes, places, mean, y);
    return cudaGetLastError();
}

static __global__ void cut(const __grid_constant__ crema_cut_shape c,
                           const struct crema_cut_from *from, uint8_t *to)
{
    EACH(i, c.n * c.rows * c.row)
    crema_at_cut(&c, from, to, i);
}

int crema_cuda_cut(cudaStream_t s, const struct crema_cut_shape *c,
                   const struct crema_cut_from *from, uint8_t *to)
{
    int64_t count = c->n * c->rows * c->row;

    if (count == 0) return 0;
    cut OVER(count, s)(*c, from, to);
    return cudaGetLastError();
}
