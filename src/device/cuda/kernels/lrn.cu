/* lrn.cu - response normalization across channels. */
#include "device/cuda/kernels/launch.cuh"

template <int TYPE>
static __global__ void lrn(struct crema_lrn l, struct crema_axis a,
                           const void *x, void *y)
{
    EACH(i, crema_count3(&a)) crema_at_lrn(&l, &a, TYPE, x, y, i);
}

template <int TYPE>
static __global__ void lrn_8(struct crema_lrn l, struct crema_axis a,
                             const void *x, void *y)
{
    EACH(i, crema_count3(&a) / 8) crema_lrn_8(&l, &a, TYPE, x, y, i);
}

int crema_cuda_lrn(cudaStream_t s, const struct crema_lrn *l,
                   const struct crema_axis *a, int type, const void *x, void *y)
{
    int64_t count = crema_count3(a);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (crema_lrn_by_8(l, a))
            lrn_8<TYPE_OF(t)> OVER(count / 8, s)(*l, *a, x, y);
        else
            lrn<TYPE_OF(t)> OVER(count, s)(*l, *a, x, y);
    });
}

template <int TYPE>
static __global__ void lrn_bwd(struct crema_lrn l, struct crema_axis a,
                               const void *x, const void *dy, void *dx)
{
    EACH(i, crema_count3(&a)) crema_at_lrn_bwd(&l, &a, TYPE, x, dy, dx, i);
}

template <int TYPE>
static __global__ void lrn_bwd_8(struct crema_lrn l, struct crema_axis a,
                                 const void *x, const void *dy, void *dx)
{
    EACH(i, crema_count3(&a) / 8) crema_lrn_bwd_8(&l, &a, TYPE, x, dy, dx, i);
}

int crema_cuda_lrn_bwd(cudaStream_t s, const struct crema_lrn *l,
                       const struct crema_axis *a, int type, const void *x,
                       const void *dy, void *dx)
{
    int64_t count = crema_count3(a);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (crema_lrn_by_8(l, a))
            lrn_bwd_8<TYPE_OF(t)> OVER(count / 8, s)(*l, *a, x, dy, dx);
        else
            lrn_bwd<TYPE_OF(t)> OVER(count, s)(*l, *a, x, dy, dx);
    });
}
