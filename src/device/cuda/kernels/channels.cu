/* channels.cu - sums over all but one axis, and batch normalization.
 *
 * Threads along x have neighbouring entries of the axis; those along y share
 * the elements of one.
 */
#include "device/cuda/kernels/launch.cuh"

/* blockIdx.y: the part, whose sums go to row blockIdx.y of a and b. */
template <int TYPE>
static __global__ void sums(const __grid_constant__ crema_summands s,
                            struct crema_sum_cut cut, float factor, float *a,
                            float *b)
{
    __shared__ float room[CREMA_BLOCK];
    int64_t step = (int64_t)gridDim.x * blockDim.x;
    int64_t row = blockIdx.y * s.axis.length;

    for (int64_t first = (int64_t)blockIdx.x * blockDim.x;
         first < s.axis.length; first += step) {
        int64_t c = first + threadIdx.x;
        crema_two sum = { 0, 0 };

        if (c < s.axis.length)
            sum = crema_part_of_sum(&s, &cut, TYPE, blockIdx.y, c, threadIdx.y,
                                    blockDim.y);
        sum.a = column_sum(room, sum.a);
        sum.b = column_sum(room, sum.b);
        if (c >= s.axis.length || threadIdx.y != 0) continue;
        if (a) a[row + c] = sum.a * factor;
        if (b) b[row + c] = sum.b * factor;
    }
}

/* Rows of sums become one, those of b behind those of a. */
static __global__ void add_parts(int64_t length, int64_t parts, float factor,
                                 const float *rows, float *a, float *b)
{
    __shared__ float room[CREMA_BLOCK];
    const float *from = rows + blockIdx.y * parts * length;
    float *to = blockIdx.y == 0 ? a : b;
    int64_t step = (int64_t)gridDim.x * blockDim.x;

    if (!to) return;
    for (int64_t first = (int64_t)blockIdx.x * blockDim.x; first < length;
         first += step) {
        int64_t c = first + threadIdx.x;
        float sum = 0;

        if (c < length)
            sum = crema_part_of_parts(from, length, parts, c, threadIdx.y,
                                      blockDim.y);
        sum = column_sum(room, sum);
        if (c < length && threadIdx.y == 0) to[c] = sum * factor;
    }
}

int crema_cuda_add_parts(cudaStream_t stream, int64_t length, int64_t parts,
                         float factor, const float *rows, float *a, float *b)
{
    dim3 block(CREMA_PART_COLUMNS, CREMA_BLOCK / CREMA_PART_COLUMNS);
    dim3 grid(crema_blocks(length, CREMA_PART_COLUMNS), b ? 2 : 1);

    if (length == 0) return 0;
    add_parts<<<grid, block, 0, stream>>>(length, parts, factor, rows, a, b);
    return cudaGetLastError();
}

int crema_cuda_sums(cudaStream_t stream, const struct crema_summands *s,
                    float factor, float *room, float *a, float *b)
{
    struct crema_sum_cut cut = crema_sum_cut(&s->axis);
    int64_t length = s->axis.length;
    dim3 block(cut.columns, CREMA_BLOCK / cut.columns);
    dim3 grid(crema_blocks(length, cut.columns), cut.parts);
    int error;

    if (length == 0) return 0;
    if (cut.parts == 1)
        return by_type(s->type, [&](auto t) {
            sums<TYPE_OF(t)><<<grid, block, 0, stream>>>(*s, cut, factor, a, b);
        });
    error = by_type(s->type, [&](auto t) {
        sums<TYPE_OF(t)><<<grid, block, 0, stream>>>(
            *s, cut, 1.0f, room, b ? room + cut.parts * length : NULL);
    });
    return error ? error
                 : crema_cuda_add_parts(stream, length, cut.parts, factor, room,
                                        a, b);
}

template <int TYPE>
static __global__ void normalize(const __grid_constant__ crema_normed n,
                                 const void *x, const void *z, void *y)
{
    EACH(i, crema_packs(crema_count3(&n.axis), TYPE))
    crema_pack_norm(&n, TYPE, i, x, z, y);
}

int crema_cuda_normalize(cudaStream_t s, const struct crema_normed *n,
                         const void *x, const void *z, void *y)
{
    int64_t packs = crema_packs(crema_count3(&n->axis), n->type);

    if (packs == 0) return 0;
    return by_type(n->type, [&](auto t) {
        normalize<TYPE_OF(t)> OVER(packs, s)(*n, x, z, y);
    });
}

template <int TYPE>
static __global__ void normalize_bwd(const __grid_constant__ crema_normed n,
                                     const float *dot, const float *sum,
                                     const void *x, const void *dy, void *dx)
{
    EACH(i, crema_packs(crema_count3(&n.axis), TYPE))
    crema_pack_norm_bwd(&n, TYPE, dot, sum, i, x, dy, dx);
}

int crema_cuda_normalize_bwd(cudaStream_t s, const struct crema_normed *n,
                             const float *dot, const float *sum, const void *x,
                             const void *dy, void *dx)
{
    int64_t packs = crema_packs(crema_count3(&n->axis), n->type);

    if (packs == 0) return 0;
    return by_type(n->type, [&](auto t) {
        normalize_bwd<TYPE_OF(t)> OVER(packs, s)(*n, dot, sum, x, dy, dx);
    });
}

static __global__ void affine(const __grid_constant__ crema_normed n,
                              const float *added, float *a, float *shift)
{
    EACH(c, n.axis.length) crema_at_affine(&n, c, added, a, shift);
}

int crema_cuda_affine(cudaStream_t s, const struct crema_normed *n,
                      const float *added, float *a, float *shift)
{
    if (n->axis.length == 0) return 0;
    affine OVER(n->axis.length, s)(*n, added, a, shift);
    return cudaGetLastError();
}

static __global__ void running(float fraction, float of_mean, float of_var,
                               int64_t channels, const float *mean,
                               const float *var, float *sum_mean,
                               float *sum_var, float *factor)
{
    EACH(c, channels)
    crema_at_running(fraction, of_mean, of_var, c, mean, var, sum_mean,
                     sum_var);
    if (factor && blockIdx.x == 0 && threadIdx.x == 0)
        *factor = *factor * fraction + 1.0f;
}

int crema_cuda_running(cudaStream_t s, float fraction, float of_mean,
                       float of_var, int64_t channels, const float *mean,
                       const float *var, float *sum_mean, float *sum_var,
                       float *factor)
{
    running<<<crema_blocks(channels + 1, CREMA_BLOCK), CREMA_BLOCK, 0, s>>>(
        fraction, of_mean, of_var, channels, mean, var, sum_mean, sum_var,
        factor);
    return cudaGetLastError();
}
