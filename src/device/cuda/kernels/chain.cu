/* chain.cu - the gradient of a maximum pooling and of what stands in front of
 * it, and what it sums to in each channel.
 *
 * In blocks of positions; x is read once and dx written once.  The sums of each
 * part, in a fixed order, go to a row of `sums`.
 */
#include "device/cuda/kernels/launch.cuh"

/* HALF: channels to either side that count; CREMA_LRN_HALF: or fewer. */
template <int TYPE, int HALF>
static __global__ void
chain_8(const __grid_constant__ crema_chain c, struct crema_cut8 cut,
        const void *dy, const void *ws, const void *x, void *dx, float *sums)
{
    __shared__ float room[CREMA_CUT8_ROOM];
    const int half = HALF == CREMA_LRN_HALF ? crema_chain_half(&c) : HALF;
    int me = (int)threadIdx.x, lane = me / cut.packs, pack = me % cut.packs;
    int64_t from = blockIdx.x * cut.each, to = from + cut.each;
    crema_pack sum = { { 0 } };

    if (to > cut.positions) to = cut.positions;
    for (int64_t first = from; first < to; first += cut.lanes) {
        int64_t position = first + lane;
        bool mine = lane < cut.lanes && position < to;
        crema_chain_turn t;

        if (mine) {
            t = crema_chain_begin(&c, TYPE, half, dy, ws, x, position, pack);
            if (HALF > 0) crema_cut8_show(&t.term, me, room);
        }
        if (HALF > 0) __syncthreads();
        if (mine) {
            crema_pack d = crema_chain_end(&c, &cut, half, &t, me, room);

            crema_store8(dx, TYPE, position * cut.packs + pack, &d);
            for (int k = 0; k < 8; k++) sum.v[k] += d.v[k];
        }
        if (HALF > 0) __syncthreads(); /* room may be used again */
    }
    if (sums) write_sums(cut, sum, room, sums);
}

template <int TYPE>
static void launch_8(cudaStream_t s, const crema_chain *c,
                     const struct crema_cut8 &cut, const void *dy,
                     const void *ws, const void *x, void *dx, float *sums)
{
    int half = crema_chain_half(c);
    auto kernel = half == 0   ? chain_8<TYPE, 0>
                  : half == 2 ? chain_8<TYPE, 2>
                              : chain_8<TYPE, CREMA_LRN_HALF>;

    kernel<<<cut.parts, CREMA_BLOCK, 0, s>>>(*c, cut, dy, ws, x, dx, sums);
}

template <int TYPE>
static __global__ void chain(const __grid_constant__ crema_chain c,
                             int64_t count, const void *dy, const void *ws,
                             const void *x, void *dx)
{
    EACH(i, count) crema_at_chain(&c, TYPE, dy, ws, x, dx, i);
}

int crema_cuda_chain(cudaStream_t s, const struct crema_chain *c, int type,
                     const void *dy, const void *ws, const void *x, void *dx)
{
    int64_t count = crema_count4(&c->pool.x);

    if (count == 0) return 0;
    return by_type(type, [&](auto t) {
        chain<TYPE_OF(t)> OVER(count, s)(*c, count, dy, ws, x, dx);
    });
}

int crema_cuda_chain_8(cudaStream_t s, const struct crema_chain *c, int type,
                       const struct crema_cut8 *cut, const void *dy,
                       const void *ws, const void *x, void *dx, float *sums)
{
    if (cut->positions == 0) return 0;
    return by_type(type, [&](auto t) {
        launch_8<TYPE_OF(t)>(s, c, *cut, dy, ws, x, dx, sums);
    });
}
