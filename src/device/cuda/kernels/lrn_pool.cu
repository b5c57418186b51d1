/* lrn_pool.cu - maximum pooling of what an LRN makes of x: x is read, and
 * nothing of its size written. */
#include "device/cuda/kernels/launch.cuh"

/* HALF: channels to either side that count; CREMA_LRN_HALF: or fewer.  Three
 * blocks at once hide more of memory's latency than two whose threads have all
 * the registers they would like. */
template <int TYPE, int HALF>
static __global__ void __launch_bounds__(CREMA_BLOCK, 3)
lrn_pool_8(const __grid_constant__ struct crema_lrn_pool l,
           const struct crema_lrn_pool_cut cut, const void *x, void *y,
           void *ws)
{
    const int half = HALF == CREMA_LRN_HALF ? crema_lrn_pool_half(&l) : HALF;

    EACH(i, cut.items) crema_lrn_pool_8(&l, TYPE, half, &cut, x, y, ws, i);
}

template <int TYPE>
static __global__ void lrn_pool(const __grid_constant__ struct crema_lrn_pool l,
                                int64_t count, const void *x, void *y, void *ws)
{
    EACH(i, count) crema_at_lrn_pool(&l, TYPE, x, y, ws, i);
}

int crema_cuda_lrn_pool(cudaStream_t s, const struct crema_lrn_pool *l,
                        int type, const void *x, void *y, void *ws)
{
    struct crema_lrn_pool_cut cut = crema_lrn_pool_cut(&l->pool.y);
    int64_t count = crema_count4(&l->pool.y);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        constexpr int TYPE = TYPE_OF(t);

        if (!crema_lrn_pool_by_8(l))
            lrn_pool<TYPE> OVER(count, s)(*l, count, x, y, ws);
        else if (crema_lrn_pool_half(l) == 2)
            lrn_pool_8<TYPE, 2> OVER(cut.items, s)(*l, cut, x, y, ws);
        else
            lrn_pool_8<TYPE, CREMA_LRN_HALF> OVER(cut.items, s)(*l, cut, x, y,
                                                                ws);
    });
}
