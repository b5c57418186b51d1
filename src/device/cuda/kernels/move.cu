/* move.cu - parts of an axis, and from one layout to another. */
#include "device/cuda/kernels/launch.cuh"

int crema_cuda_zero(cudaStream_t s, void *to, size_t bytes)
{
    return bytes ? cudaMemsetAsync(to, 0, bytes, s) : cudaSuccess;
}

int crema_cuda_copy(cudaStream_t s, const void *from, void *to, size_t bytes)
{
    if (bytes == 0 || from == to) return 0;
    return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, s);
}

template <int UNIT>
static __global__ void rows(struct crema_rows r, const void *from, void *to)
{
    EACH(i, r.rows * r.n) crema_at_rows(&r, UNIT, from, to, i);
}

int crema_cuda_rows(cudaStream_t s, const struct crema_rows *r,
                    const void *from, void *to)
{
    int64_t count = r->rows * r->n;

    if (count == 0) return 0;
    switch (r->unit) {
    case 16:
        rows<16> OVER(count, s)(*r, from, to);
        break;
    case 8:
        rows<8> OVER(count, s)(*r, from, to);
        break;
    case 4:
        rows<4> OVER(count, s)(*r, from, to);
        break;
    case 2:
        rows<2> OVER(count, s)(*r, from, to);
        break;
    default:
        rows<1> OVER(count, s)(*r, from, to);
    }
    return cudaGetLastError();
}

template <int FROM, int TO>
static __global__ void convert(int64_t count, const void *x, void *y)
{
    EACH(i, (count + 7) / 8) crema_convert_8(FROM, x, TO, y, count, i);
}

int crema_cuda_convert(cudaStream_t s, int from, const void *x, int to, void *y,
                       int64_t count)
{
    if (count == 0) return 0;
    return by_types(from, to, [&](auto f, auto t) {
        convert<TYPE_OF(f), TYPE_OF(t)> OVER((count + 7) / 8, s)(count, x, y);
    });
}

/* Blocks are 32 x 8: a warp reads a row of the tile, and writes a column. */
template <int FROM, int TO>
static __global__ void turn(crema_turn t, const void *x, void *y)
{
    __shared__ float room[CREMA_TILE][CREMA_TILE + 1]; /* no bank twice */
    int across = (int)threadIdx.x;

    for (int64_t i = blockIdx.x; i < crema_tiles(&t); i += gridDim.x) {
        crema_tile tile = crema_tile_at(&t, i);

        for (int row = (int)threadIdx.y; row < CREMA_TILE;
             row += (int)blockDim.y) {
            int64_t at = crema_turn_from(&t, &tile, row, across);

            room[row][across] = at >= 0 ? crema_load(x, FROM, at) : 0.0f;
        }
        __syncthreads();
        for (int column = (int)threadIdx.y; column < CREMA_TILE;
             column += (int)blockDim.y) {
            int64_t at = crema_turn_to(&t, &tile, across, column);

            if (at >= 0) crema_store(y, TO, at, room[across][column]);
        }
        __syncthreads(); /* room is used again */
    }
}

int crema_cuda_turn(cudaStream_t s, const struct crema_turn *turned, int from,
                    const void *x, int to, void *y)
{
    const dim3 block(CREMA_TILE, CREMA_BLOCK / CREMA_TILE);
    int64_t tiles = crema_tiles(turned);

    if (tiles == 0) return 0;
    return by_types(from, to, [&](auto f, auto t) {
        turn<TYPE_OF(f), TYPE_OF(t)>
            <<<crema_blocks(tiles, 1), block, 0, s>>>(*turned, x, y);
    });
}

static __global__ void reorder(const __grid_constant__ crema_layout from,
                               const void *x,
                               const __grid_constant__ crema_layout to, void *y,
                               int64_t count)
{
    EACH(i, count) crema_at_reorder(&from, x, &to, y, i);
}

int crema_cuda_reorder(cudaStream_t s, const struct crema_layout *from,
                       const void *x, const struct crema_layout *to, void *y,
                       int64_t count)
{
    if (count == 0) return 0;
    reorder OVER(count, s)(*from, x, *to, y, count);
    return cudaGetLastError();
}
