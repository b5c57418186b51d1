/* pictures.cu - bytes of pictures to values; one thread a value. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void pictures(const __grid_constant__ crema_pictures_shape p,
                                const uint8_t *bytes, const int32_t *places,
                                const float *mean, void *y)
{
    EACH(i, crema_count4(&p.to))
    crema_at_pictures(&p, bytes, places, mean, y, i);
}

int crema_cuda_pictures(cudaStream_t s, const struct crema_pictures_shape *p,
                        const uint8_t *bytes, const int32_t *places,
                        const float *mean, void *y)
{
    int64_t count = crema_count4(&p->to);

    if (count == 0) return 0;
    pictures OVER(count, s)(*p, bytes, places, mean, y);
    return cudaGetLastError();
}
