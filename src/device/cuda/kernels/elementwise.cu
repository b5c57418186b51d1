/* elementwise.cu - activations, sums, products, maxima, dropout, scale. */
#include "device/cuda/kernels/launch.cuh"

template <int TYPE>
static __global__ void unary(struct crema_unary_params u, int64_t count,
                             const void *x, void *y)
{
    EACH(i, crema_packs(count, TYPE))
    crema_pack_unary(&u, TYPE, count, i, x, y);
}

int crema_cuda_unary(cudaStream_t s, const struct crema_unary_params *u,
                     int type, int64_t count, const void *x, void *y)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        unary<TYPE_OF(t)> OVER(crema_packs(count, type), s)(*u, count, x, y);
    });
}

template <int TYPE>
static __global__ void unary_bwd(struct crema_unary_params u, int64_t count,
                                 const void *v, const void *dy,
                                 const void *more, void *dx)
{
    EACH(i, crema_packs(count, TYPE))
    crema_pack_unary_bwd(&u, TYPE, count, i, v, dy, more, dx);
}

int crema_cuda_unary_bwd(cudaStream_t s, const struct crema_unary_params *u,
                         int type, int64_t count, const void *v, const void *dy,
                         const void *more, void *dx)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        unary_bwd<TYPE_OF(t)> OVER(crema_packs(count, type), s)(*u, count, v,
                                                                dy, more, dx);
    });
}

/* In blocks of positions; the sums of each part go to a row of `sums`. */
template <int TYPE>
static __global__ void unary_bwd_sums(struct crema_unary_params u,
                                      struct crema_cut8 cut, const void *v,
                                      const void *dy, const void *more,
                                      void *dx, float *sums)
{
    __shared__ float room[CREMA_CUT8_ROOM];
    int lane = (int)threadIdx.x / cut.packs,
        pack = (int)threadIdx.x % cut.packs;
    int64_t from = blockIdx.x * cut.each, to = from + cut.each;
    crema_pack sum = { { 0 } };

    if (to > cut.positions) to = cut.positions;
    if (lane >= cut.lanes) from = to;
    for (int64_t i = from + lane; i < to; i += cut.lanes) {
        crema_pack d =
            crema_unary_bwd_8(&u, TYPE, i * cut.packs + pack, v, dy, more, dx);

        for (int k = 0; k < 8; k++) sum.v[k] += d.v[k];
    }
    write_sums(cut, sum, room, sums);
}

int crema_cuda_unary_bwd_sums(cudaStream_t s,
                              const struct crema_unary_params *u, int type,
                              const struct crema_cut8 *cut, const void *v,
                              const void *dy, const void *more, void *dx,
                              float *sums)
{
    if (cut->positions == 0) return 0;
    return by_type(type, [&](auto t) {
        unary_bwd_sums<TYPE_OF(t)><<<cut->parts, CREMA_BLOCK, 0, s>>>(
            *u, *cut, v, dy, more, dx, sums);
    });
}

/* ---- several tensors of one shape --------------------------------------- */

template <int TYPE>
static __global__ void sum(const __grid_constant__ struct crema_many m,
                           bool relu, int64_t count, void *y)
{
    EACH(i, crema_packs(count, TYPE))
    crema_pack_sum(&m, relu, TYPE, count, i, y);
}

int crema_cuda_sum(cudaStream_t s, const struct crema_many *m, bool relu,
                   int type, int64_t count, void *y)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        sum<TYPE_OF(t)> OVER(crema_packs(count, type), s)(*m, relu, count, y);
    });
}

template <int TYPE>
static __global__ void product(const __grid_constant__ struct crema_many m,
                               int64_t count, void *y)
{
    EACH(j, count)
    crema_store(y, TYPE, j, crema_at_product(&m, TYPE, -1, j));
}

int crema_cuda_product(cudaStream_t s, const struct crema_many *m, int type,
                       int64_t count, void *y)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        product<TYPE_OF(t)> OVER(count, s)(*m, count, y);
    });
}

template <int TYPE>
static __global__ void product_bwd(const __grid_constant__ struct crema_many m,
                                   int64_t count, const void *y, const void *dy)
{
    EACH(j, count) crema_at_product_bwd(&m, TYPE, y, dy, j);
}

int crema_cuda_product_bwd(cudaStream_t s, const struct crema_many *m, int type,
                           int64_t count, const void *y, const void *dy)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        product_bwd<TYPE_OF(t)> OVER(count, s)(*m, count, y, dy);
    });
}

template <int TYPE>
static __global__ void maximum(const __grid_constant__ struct crema_many m,
                               int64_t count, void *y)
{
    EACH(j, count) crema_at_maximum(&m, TYPE, j, y);
}

int crema_cuda_maximum(cudaStream_t s, const struct crema_many *m, int type,
                       int64_t count, void *y)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        maximum<TYPE_OF(t)> OVER(count, s)(*m, count, y);
    });
}

template <int TYPE>
static __global__ void maximum_bwd(const __grid_constant__ struct crema_many m,
                                   int64_t count, const void *dy)
{
    EACH(j, count) crema_at_maximum_bwd(&m, TYPE, dy, j);
}

int crema_cuda_maximum_bwd(cudaStream_t s, const struct crema_many *m, int type,
                           int64_t count, const void *dy)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        maximum_bwd<TYPE_OF(t)> OVER(count, s)(*m, count, dy);
    });
}

/* ---- fill, dropout, scale ----------------------------------------------- */

template <int TYPE>
static __global__ void fill(float value, const float *times, int64_t count,
                            void *y)
{
    if (times) value *= *times;
    EACH(i, crema_packs(count, TYPE)) crema_pack_fill(value, TYPE, count, i, y);
}

int crema_cuda_fill(cudaStream_t s, float value, const float *times, int type,
                    int64_t count, void *y)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        fill<TYPE_OF(t)> OVER(crema_packs(count, type), s)(value, times, count,
                                                           y);
    });
}

template <int TYPE>
static __global__ void dropout(struct crema_dropout d, int64_t count,
                               const uint32_t *step, const void *x, void *y)
{
    EACH(i, crema_packs(count, TYPE))
    crema_pack_dropout(&d, TYPE, *step, count, i, x, y);
}

template <int TYPE>
static __global__ void
dropout_last(struct crema_dropout d, struct crema_planes p, int64_t count,
             const uint32_t *step, const void *x, void *y)
{
    EACH(i, count) crema_at_dropout(&d, TYPE, *step, &p, i, x, y);
}

int crema_cuda_dropout(cudaStream_t s, const struct crema_dropout *d,
                       const struct crema_planes *p, int type, int64_t count,
                       const uint32_t *step, const void *x, void *y)
{
    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        if (p)
            dropout_last<TYPE_OF(t)> OVER(count, s)(*d, *p, count, step, x, y);
        else
            dropout<TYPE_OF(t)> OVER(crema_packs(count, type), s)(*d, count,
                                                                  step, x, y);
    });
}

template <int TYPE>
static __global__ void scale(struct crema_scaled by, const void *x, void *y)
{
    EACH(i, crema_packs(crema_count3(&by.axis), TYPE))
    crema_pack_scale(&by, TYPE, i, x, y);
}

int crema_cuda_scale(cudaStream_t s, const struct crema_scaled *by, int type,
                     const void *x, void *y)
{
    int64_t packs = crema_packs(crema_count3(&by->axis), type);

    if (packs == 0) return 0;
    return by_type(
        type, [&](auto t) { scale<TYPE_OF(t)> OVER(packs, s)(*by, x, y); });
}
