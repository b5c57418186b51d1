/* elementwise.cu - activations, sums, products, maxima, dropout, scale. */
#include "device/cuda/kernels/launch.cuh"

static __global__ void unary(struct crema_unary_params u, int64_t count,
                             const float *x, float *y)
{
    EACH(i, count) y[i] = crema_at_unary(u.formula, u.p, x[i]);
}

int crema_cuda_unary(cudaStream_t s, const struct crema_unary_params *u,
                     int64_t count, const float *x, float *y)
{
    if (count == 0) return 0;
    unary OVER(count, s)(*u, count, x, y);
    return cudaGetLastError();
}

static __global__ void unary_bwd(struct crema_unary_params u, int64_t count,
                                 const float *v, const float *dy, float *dx)
{
    EACH(i, count) dx[i] = dy[i] * crema_at_slope(u.formula, u.p, v[i]);
}

int crema_cuda_unary_bwd(cudaStream_t s, const struct crema_unary_params *u,
                         int64_t count, const float *v, const float *dy,
                         float *dx)
{
    if (count == 0) return 0;
    unary_bwd OVER(count, s)(*u, count, v, dy, dx);
    return cudaGetLastError();
}

/* ---- several tensors of one shape --------------------------------------- */

static __global__ void sum(const __grid_constant__ struct crema_many m,
                           bool relu, int64_t count, float *y)
{
    EACH(j, count) y[j] = crema_at_sum(&m, relu, j);
}

int crema_cuda_sum(cudaStream_t s, const struct crema_many *m, bool relu,
                   int64_t count, float *y)
{
    if (count == 0) return 0;
    sum OVER(count, s)(*m, relu, count, y);
    return cudaGetLastError();
}

static __global__ void product(const __grid_constant__ struct crema_many m,
                               int64_t count, float *y)
{
    EACH(j, count) y[j] = crema_at_product(&m, -1, j);
}

int crema_cuda_product(cudaStream_t s, const struct crema_many *m,
                       int64_t count, float *y)
{
    if (count == 0) return 0;
    product OVER(count, s)(*m, count, y);
    return cudaGetLastError();
}

static __global__ void product_bwd(const __grid_constant__ struct crema_many m,
                                   int64_t count, const float *y,
                                   const float *dy)
{
    EACH(j, count) crema_at_product_bwd(&m, y, dy, j);
}

int crema_cuda_product_bwd(cudaStream_t s, const struct crema_many *m,
                           int64_t count, const float *y, const float *dy)
{
    if (count == 0) return 0;
    product_bwd OVER(count, s)(*m, count, y, dy);
    return cudaGetLastError();
}

static __global__ void maximum(const __grid_constant__ struct crema_many m,
                               int64_t count, float *y)
{
    EACH(j, count) y[j] = m.x[crema_at_winner(&m, j)][j];
}

int crema_cuda_maximum(cudaStream_t s, const struct crema_many *m,
                       int64_t count, float *y)
{
    if (count == 0) return 0;
    maximum OVER(count, s)(*m, count, y);
    return cudaGetLastError();
}

static __global__ void maximum_bwd(const __grid_constant__ struct crema_many m,
                                   int64_t count, const float *dy)
{
    EACH(j, count) crema_at_maximum_bwd(&m, dy, j);
}

int crema_cuda_maximum_bwd(cudaStream_t s, const struct crema_many *m,
                           int64_t count, const float *dy)
{
    if (count == 0) return 0;
    maximum_bwd OVER(count, s)(*m, count, dy);
    return cudaGetLastError();
}

/* ---- fill, dropout, scale ----------------------------------------------- */

static __global__ void fill(float value, int64_t count, float *y)
{
    EACH(i, count) y[i] = value;
}

int crema_cuda_fill(cudaStream_t s, float value, int64_t count, float *y)
{
    if (count == 0) return 0;
    fill OVER(count, s)(value, count, y);
    return cudaGetLastError();
}

static __global__ void dropout(struct crema_dropout d, int64_t count,
                               const uint32_t *step, const float *x, float *y)
{
    EACH(block, (count + 3) / 4)
    crema_at_dropout(&d, *step, count, block, x, y);
}

static __global__ void dropout_last(struct crema_dropout d,
                                    struct crema_planes p, int64_t count,
                                    const uint32_t *step, const float *x,
                                    float *y)
{
    EACH(i, count) y[i] = crema_at_dropout_one(&d, *step, &p, i, x[i]);
}

int crema_cuda_dropout(cudaStream_t s, const struct crema_dropout *d,
                       const struct crema_planes *p, int64_t count,
                       const uint32_t *step, const float *x, float *y)
{
    if (count == 0) return 0;
    if (p)
        dropout_last OVER(count, s)(*d, *p, count, step, x, y);
    else
        dropout OVER((count + 3) / 4, s)(*d, count, step, x, y);
    return cudaGetLastError();
}

static __global__ void scale(struct crema_axis a, const float *x,
                             const float *by, const float *b, bool relu,
                             float *y)
{
    EACH(i, crema_count3(&a))
    {
        float v = crema_at_scale(&a, by, b, i, x[i]);

        y[i] = relu && !(v > 0) ? 0.0f : v;
    }
}

int crema_cuda_scale(cudaStream_t s, const struct crema_axis *a, const float *x,
                     const float *by, const float *b, bool relu, float *y)
{
    int64_t count = crema_count3(a);

    if (count == 0) return 0;
    scale OVER(count, s)(*a, x, by, b, relu, y);
    return cudaGetLastError();
}
