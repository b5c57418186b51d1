/* pool.cu - maximum, average and stochastic pooling: an element a thread, or a
 * pack of neighbouring channels. */
#include "device/cuda/kernels/launch.cuh"

template <int TYPE, bool PACKS>
static __global__ void pool_max(const __grid_constant__ crema_pool_shape p,
                                int64_t items, const void *x, void *y, void *ws)
{
    EACH(i, items)
    {
        if (PACKS)
            crema_pack_pool_max(&p, TYPE, x, y, ws, i);
        else
            crema_at_pool_max(&p, TYPE, x, y, ws, i);
    }
}

int crema_cuda_pool_max(cudaStream_t s, const struct crema_pool_shape *p,
                        int type, const void *x, void *y, void *ws)
{
    int64_t count = crema_count4(&p->y), packs = crema_packs(count, type);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (crema_pool_in_packs(p, type, true))
            pool_max<TYPE_OF(t), true> OVER(packs, s)(*p, packs, x, y, ws);
        else
            pool_max<TYPE_OF(t), false> OVER(count, s)(*p, count, x, y, ws);
    });
}

template <int TYPE, bool PACKS>
static __global__ void pool_ave(const __grid_constant__ crema_pool_shape p,
                                int64_t items, const void *x, void *y)
{
    EACH(i, items)
    {
        if (PACKS)
            crema_pack_pool_ave(&p, TYPE, x, y, i);
        else
            crema_at_pool_ave(&p, TYPE, x, y, i);
    }
}

int crema_cuda_pool_ave(cudaStream_t s, const struct crema_pool_shape *p,
                        int type, const void *x, void *y)
{
    int64_t count = crema_count4(&p->y), packs = crema_packs(count, type);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (crema_pool_in_packs(p, type, false))
            pool_ave<TYPE_OF(t), true> OVER(packs, s)(*p, packs, x, y);
        else
            pool_ave<TYPE_OF(t), false> OVER(count, s)(*p, count, x, y);
    });
}

template <int TYPE>
static __global__ void pool_draw(const __grid_constant__ crema_pool_shape p,
                                 int64_t items, const uint32_t *step,
                                 const void *x, void *y, void *ws)
{
    EACH(i, items) crema_at_pool_draw(&p, TYPE, *step, x, y, ws, i);
}

int crema_cuda_pool_draw(cudaStream_t s, const struct crema_pool_shape *p,
                         int type, const void *step, const void *x, void *y,
                         void *ws)
{
    int64_t count = crema_count4(&p->y);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        pool_draw<TYPE_OF(t)> OVER(count, s)(
            *p, count, static_cast<const uint32_t *>(step), x, y, ws);
    });
}

template <int TYPE, bool PACKS>
static __global__ void pool_max_bwd(const __grid_constant__ crema_pool_shape p,
                                    int64_t items, const void *dy,
                                    const void *ws, void *dx)
{
    EACH(i, items)
    {
        if (PACKS)
            crema_pack_pool_max_bwd(&p, TYPE, dy, ws, dx, i);
        else
            crema_at_pool_max_bwd(&p, TYPE, dy, ws, dx, i);
    }
}

int crema_cuda_pool_max_bwd(cudaStream_t s, const struct crema_pool_shape *p,
                            int type, const void *dy, const void *ws, void *dx)
{
    int64_t count = crema_count4(&p->x), packs = crema_packs(count, type);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (crema_pool_in_packs(p, type, true))
            pool_max_bwd<TYPE_OF(t), true> OVER(packs, s)(*p, packs, dy, ws,
                                                          dx);
        else
            pool_max_bwd<TYPE_OF(t), false> OVER(count, s)(*p, count, dy, ws,
                                                           dx);
    });
}

template <int TYPE, bool PACKS>
static __global__ void pool_ave_bwd(const __grid_constant__ crema_pool_shape p,
                                    int64_t items, const void *dy, void *dx)
{
    EACH(i, items)
    {
        if (PACKS)
            crema_pack_pool_ave_bwd(&p, TYPE, dy, dx, i);
        else
            crema_at_pool_ave_bwd(&p, TYPE, dy, dx, i);
    }
}

int crema_cuda_pool_ave_bwd(cudaStream_t s, const struct crema_pool_shape *p,
                            int type, const void *dy, void *dx)
{
    int64_t count = crema_count4(&p->x), packs = crema_packs(count, type);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (crema_pool_in_packs(p, type, false))
            pool_ave_bwd<TYPE_OF(t), true> OVER(packs, s)(*p, packs, dy, dx);
        else
            pool_ave_bwd<TYPE_OF(t), false> OVER(count, s)(*p, count, dy, dx);
    });
}
