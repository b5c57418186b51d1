/* classes.cu - softmax, its loss, and accuracy.
 *
 * Softmax: a warp for each position where classes lie side by side, else a
 * thread, so that neighbours read what lies side by side.
 */
#include "device/cuda/kernels/launch.cuh"

template <int TYPE, int LANES>
static __global__ void softmax(crema_axis a, const void *x, float *y)
{
    int64_t lane = threadIdx.x % LANES, each = CREMA_BLOCK / LANES;

    for (int64_t i = blockIdx.x * each + threadIdx.x / LANES;
         i < a.outer * a.inner; i += gridDim.x * each) {
        float most = crema_part_of_most(&a, TYPE, x, i, lane, LANES), sum;

        if (LANES > 1) most = warp_max(most);
        sum = crema_part_of_exp(&a, TYPE, x, most, y, i, lane, LANES);
        if (LANES > 1) sum = warp_sum(sum);
        crema_part_of_division(&a, sum, y, i, lane, LANES);
    }
}

int crema_cuda_softmax(cudaStream_t s, const struct crema_axis *a, int type,
                       const void *x, float *y)
{
    int64_t positions = a->outer * a->inner;

    if (positions == 0 || a->length == 0) return 0;
    return by_type(type, [&](auto t) {
        if (a->inner < 32)
            softmax<TYPE_OF(t), 32><<<crema_blocks(positions, CREMA_BLOCK / 32),
                                      CREMA_BLOCK, 0, s>>>(*a, x, y);
        else
            softmax<TYPE_OF(t), 1> OVER(positions, s)(*a, x, y);
    });
}

template <int TYPE, int LANES>
static __global__ void softmax_bwd(crema_axis a, const float *y,
                                   const float *dy, void *dx)
{
    int64_t lane = threadIdx.x % LANES, each = CREMA_BLOCK / LANES;

    for (int64_t i = blockIdx.x * each + threadIdx.x / LANES;
         i < a.outer * a.inner; i += gridDim.x * each) {
        float dot = crema_part_of_dot(&a, y, dy, i, lane, LANES);

        if (LANES > 1) dot = warp_sum(dot);
        crema_part_of_softmax_bwd(&a, TYPE, y, dy, dot, dx, i, lane, LANES);
    }
}

int crema_cuda_softmax_bwd(cudaStream_t s, const struct crema_axis *a, int type,
                           const float *y, const float *dy, void *dx)
{
    int64_t positions = a->outer * a->inner;

    if (positions == 0 || a->length == 0) return 0;
    return by_type(type, [&](auto t) {
        if (a->inner < 32)
            softmax_bwd<TYPE_OF(t), 32>
                <<<crema_blocks(positions, CREMA_BLOCK / 32), CREMA_BLOCK, 0,
                   s>>>(*a, y, dy, dx);
        else
            softmax_bwd<TYPE_OF(t), 1> OVER(positions, s)(*a, y, dy, dx);
    });
}

/* ---- the loss: one block, for labels are few ----------------------------- */

/* dim3(1, CREMA_BLOCK), so that column_sum has one column. */
static __global__ void loss_sum(crema_labels l, float normalizer,
                                const float *prob, const float *label,
                                float *loss)
{
    __shared__ float room[CREMA_BLOCK];
    float sum = 0, valid = 0;

    for (int64_t i = threadIdx.y; i < l.axis.outer * l.axis.inner;
         i += CREMA_BLOCK) {
        int64_t at = crema_at_label(&l, label, i);

        sum += crema_at_loss(&l, prob, i, at);
        valid += at != CREMA_IGNORED;
    }
    sum = column_sum(room, sum);
    valid = column_sum(room, valid);
    if (threadIdx.y == 0)
        *loss = sum / (normalizer > 0 ? normalizer : fmaxf(valid, 1.0f));
}

int crema_cuda_loss(cudaStream_t s, const struct crema_labels *l,
                    float normalizer, const float *prob, const float *label,
                    float *loss)
{
    loss_sum<<<1, dim3(1, CREMA_BLOCK), 0, s>>>(*l, normalizer, prob, label,
                                                loss);
    return cudaGetLastError();
}

static __global__ void loss_rate(crema_labels l, float normalizer,
                                 const float *label, const float *dloss,
                                 float *rate)
{
    __shared__ float room[CREMA_BLOCK];
    float valid = 0;

    for (int64_t i = threadIdx.y; i < l.axis.outer * l.axis.inner;
         i += CREMA_BLOCK)
        valid += crema_at_label(&l, label, i) != CREMA_IGNORED;
    valid = column_sum(room, valid);
    if (threadIdx.y == 0)
        *rate = *dloss / (normalizer > 0 ? normalizer : fmaxf(valid, 1.0f));
}

template <int TYPE>
static __global__ void loss_bwd(crema_labels l, const float *prob,
                                const float *label, const float *rate, void *dx)
{
    EACH(i, crema_count3(&l.axis))
    crema_store(dx, TYPE, i, crema_at_loss_bwd(&l, prob, label, *rate, i));
}

int crema_cuda_loss_bwd(cudaStream_t s, const struct crema_labels *l,
                        float normalizer, const float *prob, const float *label,
                        const float *dloss, float *room, int type, void *dx)
{
    int64_t count = crema_count3(&l->axis);

    if (count == 0) return 0;
    loss_rate<<<1, dim3(1, CREMA_BLOCK), 0, s>>>(*l, normalizer, label, dloss,
                                                 room);
    return by_type(type, [&](auto t) {
        loss_bwd<TYPE_OF(t)> OVER(count, s)(*l, prob, label, room, dx);
    });
}

/* ---- accuracy ------------------------------------------------------------ */

template <int TYPE>
static __global__ void find_hits(crema_labels l, int top_k, const void *x,
                                 const float *label, float *hit)
{
    const int64_t each = CREMA_BLOCK / 32;

    for (int64_t i = blockIdx.x * each + threadIdx.x / 32;
         i < l.axis.outer * l.axis.inner; i += gridDim.x * each) {
        int64_t at = crema_at_label(&l, label, i);
        int better = 0;

        if (at >= 0)
            better = crema_part_of_better(&l.axis, TYPE, x, i, at,
                                          threadIdx.x % 32, 32);
        for (int mask = 16; mask > 0; mask /= 2)
            better += __shfl_xor_sync(0xffffffffu, better, mask);
        if (threadIdx.x % 32 == 0) hit[i] = crema_at_hit(at, better, top_k);
    }
}

static __global__ void average_hits(int64_t positions, const float *hit,
                                    float *accuracy)
{
    __shared__ float room[CREMA_BLOCK];
    float hits = 0, valid = 0;

    for (int64_t i = threadIdx.y; i < positions; i += CREMA_BLOCK) {
        if (hit[i] == -1.0f) continue;
        hits += hit[i];
        valid += 1.0f;
    }
    hits = column_sum(room, hits);
    valid = column_sum(room, valid);
    if (threadIdx.y == 0) *accuracy = valid > 0 ? hits / valid : 0.0f;
}

static __global__ void hits_by_class(crema_labels l, const float *label,
                                     const float *hit, float *per_class)
{
    EACH(c, l.axis.length)
    per_class[c] = crema_at_class_accuracy(&l, label, hit, c);
}

int crema_cuda_accuracy(cudaStream_t s, const struct crema_labels *l, int top_k,
                        int type, const void *x, const float *label,
                        float *room, float *accuracy, float *per_class)
{
    int64_t positions = l->axis.outer * l->axis.inner;
    unsigned blocks = crema_blocks(positions, CREMA_BLOCK / 32);
    int error = 0;

    if (positions > 0)
        error = by_type(type, [&](auto t) {
            find_hits<TYPE_OF(t)>
                <<<blocks, CREMA_BLOCK, 0, s>>>(*l, top_k, x, label, room);
        });
    if (error) return error;
    average_hits<<<1, dim3(1, CREMA_BLOCK), 0, s>>>(positions, room, accuracy);
    if (per_class && l->axis.length > 0)
        hits_by_class OVER(l->axis.length, s)(*l, label, room, per_class);
    return cudaGetLastError();
}
