/* rows.cu - numbers moved, gathered, summed by rows; the cells of an LSTM. */
#include "device/cuda/kernels/launch.cuh"

/* A block for each of n results: dim3(1, CREMA_BLOCK), so that column_sum has
 * one column. */
#define BLOCK_EACH(n, stream)                                                  \
<<<crema_blocks(n, 1), dim3(1, CREMA_BLOCK), 0, stream>>>
#define EACH_BLOCK(i, n)                                                       \
    for (int64_t i = blockIdx.x; i < (n); i += gridDim.x)

static __global__ void arrange(const __grid_constant__ struct crema_arrange a,
                               int64_t count, const float *x, float *y)
{
    EACH(i, count) y[i] = x[crema_arranged(&a, i)];
}

int crema_cuda_arrange(cudaStream_t s, const struct crema_arrange *a,
                       int64_t count, const float *x, float *y)
{
    if (count == 0) return 0;
    arrange OVER(count, s)(*a, count, x, y);
    return cudaGetLastError();
}

static __global__ void
arrange_bwd(const __grid_constant__ struct crema_arrange a, int64_t count,
            const float *dy, float *dx)
{
    EACH(j, count) crema_at_arrange_bwd(&a, dy, dx, j);
}

int crema_cuda_arrange_bwd(cudaStream_t s, const struct crema_arrange *a,
                           const float *dy, float *dx)
{
    int64_t count = crema_arrange_count(a, false);

    if (count == 0 || crema_arrange_count(a, true) == 0) return 0;
    arrange_bwd OVER(count, s)(*a, count, dy, dx);
    return cudaGetLastError();
}

static __global__ void gather(struct crema_gathered g, const float *x,
                              const float *index, float *y)
{
    EACH(i, g.n * g.each) y[i] = crema_at_gather(&g, x, index, i);
}

int crema_cuda_gather(cudaStream_t s, const struct crema_gathered *g,
                      const float *x, const float *index, float *y)
{
    if (g->n * g->each == 0) return 0;
    gather OVER(g->n * g->each, s)(*g, x, index, y);
    return cudaGetLastError();
}

static __global__ void gather_bwd(struct crema_gathered g, const float *index,
                                  const float *dy, float *dx)
{
    EACH(j, g.rows * g.each) dx[j] = crema_at_gather_bwd(&g, index, dy, j);
}

int crema_cuda_gather_bwd(cudaStream_t s, const struct crema_gathered *g,
                          const float *index, const float *dy, float *dx)
{
    if (g->rows * g->each == 0) return 0;
    gather_bwd OVER(g->rows * g->each, s)(*g, index, dy, dx);
    return cudaGetLastError();
}

static __global__ void prelu(struct crema_sides d, int64_t count,
                             const float *x, const float *a, const float *v,
                             float *y)
{
    EACH(i, count) y[i] = crema_at_prelu(&d, x, a, v, i);
}

int crema_cuda_prelu(cudaStream_t s, const struct crema_sides *d,
                     const float *x, const float *a, const float *v, float *y)
{
    int64_t count = d->outer * d->length * d->inner;

    if (count == 0) return 0;
    prelu OVER(count, s)(*d, count, x, a, v, y);
    return cudaGetLastError();
}

static __global__ void slopes(struct crema_sides d, const float *x,
                              const float *dy, float *da)
{
    __shared__ float room[CREMA_BLOCK];

    EACH_BLOCK(c, d.length)
    {
        float sum = crema_part_of_slope(&d, x, dy, c, threadIdx.y, CREMA_BLOCK);

        sum = column_sum(room, sum);
        if (threadIdx.y == 0) da[c] = sum;
    }
}

int crema_cuda_prelu_slopes(cudaStream_t s, const struct crema_sides *d,
                            const float *x, const float *dy, float *da)
{
    if (d->length == 0) return 0;
    slopes BLOCK_EACH(d->length, s)(*d, x, dy, da);
    return cudaGetLastError();
}

static __global__ void reduce(struct crema_reduce r, int64_t count,
                              const float *x, float *y)
{
    __shared__ float room[CREMA_BLOCK];

    EACH_BLOCK(i, count)
    {
        float sum = crema_part_of_reduce(&r, x, i, threadIdx.y, CREMA_BLOCK);

        sum = column_sum(room, sum);
        if (threadIdx.y == 0) y[i] = r.coeff * sum;
    }
}

int crema_cuda_reduce(cudaStream_t s, const struct crema_reduce *r,
                      const float *x, float *y)
{
    int64_t count = r->sides.outer * r->sides.inner;

    if (count == 0) return 0;
    reduce BLOCK_EACH(count, s)(*r, count, x, y);
    return cudaGetLastError();
}

static __global__ void reduce_bwd(struct crema_reduce r, int64_t count,
                                  const float *x, const float *dy, float *dx)
{
    EACH(j, count) dx[j] = crema_at_reduce_bwd(&r, x, dy, j);
}

int crema_cuda_reduce_bwd(cudaStream_t s, const struct crema_reduce *r,
                          const float *x, const float *dy, float *dx)
{
    int64_t count = r->sides.outer * r->sides.length * r->sides.inner;

    if (count == 0) return 0;
    reduce_bwd OVER(count, s)(*r, count, x, dy, dx);
    return cudaGetLastError();
}

/* Every thread has the sum. */
static __device__ float block_sum(float *room, float v)
{
    v = column_sum(room, v);
    if (threadIdx.y == 0) room[0] = v;
    __syncthreads();
    v = room[0];
    __syncthreads();
    return v;
}

static __global__ void standardize(struct crema_standardize d, const float *x,
                                   float *y, float *factor)
{
    __shared__ float room[CREMA_BLOCK];
    float n = (float)d.length;

    EACH_BLOCK(r, d.rows)
    {
        const float *row = x + r * d.length;
        float mean, square, f;

        mean = block_sum(room, crema_part_of_row(row, 0, false, d.length,
                                                 threadIdx.y, CREMA_BLOCK)) /
               n;
        square = block_sum(room, crema_part_of_row(row, mean, true, d.length,
                                                   threadIdx.y, CREMA_BLOCK));
        f = 1 / (sqrtf(square / n) + d.eps);
        for (int64_t i = threadIdx.y; i < d.length; i += CREMA_BLOCK)
            y[r * d.length + i] = (row[i] - mean) * f;
        if (threadIdx.y == 0) factor[r] = f;
    }
}

int crema_cuda_standardize(cudaStream_t s, const struct crema_standardize *d,
                           const float *x, float *y, float *factor)
{
    if (d->rows * d->length == 0) return 0;
    standardize BLOCK_EACH(d->rows, s)(*d, x, y, factor);
    return cudaGetLastError();
}

static __global__ void standardize_bwd(struct crema_standardize d,
                                       const float *y, const float *factor,
                                       const float *dy, float *dx)
{
    __shared__ float room[CREMA_BLOCK];
    float n = (float)d.length;

    EACH_BLOCK(r, d.rows)
    {
        int64_t at = r * d.length;
        float mean, dot;

        mean = block_sum(room, crema_part_of_row(dy + at, 0, false, d.length,
                                                 threadIdx.y, CREMA_BLOCK)) /
               n;
        dot = block_sum(room,
                        crema_part_of_row_dot(y + at, dy + at, d.length,
                                              threadIdx.y, CREMA_BLOCK)) /
              n;
        for (int64_t i = threadIdx.y; i < d.length; i += CREMA_BLOCK)
            dx[at + i] = (dy[at + i] - mean - y[at + i] * dot) * factor[r];
    }
}

int crema_cuda_standardize_bwd(cudaStream_t s,
                               const struct crema_standardize *d,
                               const float *y, const float *factor,
                               const float *dy, float *dx)
{
    if (d->rows * d->length == 0) return 0;
    standardize_bwd BLOCK_EACH(d->rows, s)(*d, y, factor, dy, dx);
    return cudaGetLastError();
}

static __global__ void lstm(struct crema_cells l, float *c, float *h)
{
    EACH(i, l.batch * l.cells) crema_at_lstm(&l, c, h, i);
}

int crema_cuda_lstm(cudaStream_t s, const struct crema_cells *l, float *c,
                    float *h)
{
    if (l->batch * l->cells == 0) return 0;
    lstm OVER(l->batch * l->cells, s)(*l, c, h);
    return cudaGetLastError();
}

static __global__ void lstm_bwd(struct crema_cells l, const float *dc,
                                const float *dh, float *dc_prev, float *dgates)
{
    EACH(i, l.batch * l.cells)
    crema_at_lstm_bwd(&l, dc, dh, dc_prev, dgates, i);
}

int crema_cuda_lstm_bwd(cudaStream_t s, const struct crema_cells *l,
                        const float *dc, const float *dh, float *dc_prev,
                        float *dgates)
{
    if (l->batch * l->cells == 0) return 0;
    lstm_bwd OVER(l->batch * l->cells, s)(*l, dc, dh, dc_prev, dgates);
    return cudaGetLastError();
}
