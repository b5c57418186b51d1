/* product.c - tiles of a matrix product, for convolutions of our own.
 *
 * A tile is a few rows of Y by the lanes of a panel of W; its sums stay in
 * registers, so W's panel is read once for all its rows, and each of X's
 * numbers once for all lanes.  AVX-512 has registers for 24 vectors of sums:
 * three or four of a row keep its two multipliers busier than two.
 */
#include "device/cpu/conv/product.h"

#include <string.h>

enum {
    VECTOR = 16,
    DEPTH = CREMA_CPU_DEPTH,
    MOST_ROWS = 12,
    MOST_VECTORS = 4,
    MOST_NUMBERS = 384, /* of a tile */
};

typedef float vector
    __attribute__((vector_size(sizeof(float) * VECTOR), aligned(4), may_alias));

int64_t crema_cpu_lanes(int64_t columns)
{
    return columns % 64 == 0   ? 64
           : columns % 48 == 0 ? 48
           : columns % 32 == 0 ? 32
                               : 0;
}

int64_t crema_cpu_tile_rows(int64_t lanes)
{
    return lanes == 64 ? 6 : lanes == 48 ? 8 : 12;
}

/* What will be read soon goes into the second cache meanwhile: from `at` on,
 * `step` numbers for each number of a sum, at most a line of the cache. */
struct ahead {
    const float *at;
    int64_t step;
};

/* X's row t begins t * row numbers after x; its numbers are `step` apart. */
static inline __attribute__((always_inline)) void
add_tile(int rows, int vectors, int64_t row, int64_t step, int64_t depth,
         const float *x, const float *w, float *y, int64_t y_step,
         struct ahead ahead)
{
    vector sum[MOST_ROWS][MOST_VECTORS], lane[MOST_VECTORS];

    for (int t = 0; t < rows; t++)
        for (int v = 0; v < vectors; v++)
            sum[t][v] = *(const vector *)(y + t * y_step + v * VECTOR);
    for (; depth > 0; depth--, x += step, w += vectors * VECTOR) {
        __builtin_prefetch(ahead.at, 0, 2);
        ahead.at += ahead.step;
        for (int v = 0; v < vectors; v++)
            lane[v] = *(const vector *)(w + v * VECTOR);
        for (int t = 0; t < rows; t++)
            for (int v = 0; v < vectors; v++) sum[t][v] += x[t * row] * lane[v];
    }
    for (int t = 0; t < rows; t++)
        for (int v = 0; v < vectors; v++)
            *(vector *)(y + t * y_step + v * VECTOR) = sum[t][v];
}

CREMA_CPU_CLONES
static void add_64(int64_t depth, const float *x, const float *w, float *y,
                   int64_t y_step, struct ahead ahead)
{
    add_tile(6, 4, DEPTH, 1, depth, x, w, y, y_step, ahead);
}

CREMA_CPU_CLONES
static void add_48(int64_t depth, const float *x, const float *w, float *y,
                   int64_t y_step, struct ahead ahead)
{
    add_tile(8, 3, DEPTH, 1, depth, x, w, y, y_step, ahead);
}

CREMA_CPU_CLONES
static void add_32(int64_t depth, const float *x, const float *w, float *y,
                   int64_t y_step, struct ahead ahead)
{
    add_tile(12, 2, DEPTH, 1, depth, x, w, y, y_step, ahead);
}

CREMA_CPU_CLONES
static void add_turned_64(int64_t depth, const float *x, const float *w,
                          float *y, int64_t y_step, struct ahead ahead)
{
    add_tile(6, 4, 1, 6, depth, x, w, y, y_step, ahead);
}

CREMA_CPU_CLONES
static void add_turned_48(int64_t depth, const float *x, const float *w,
                          float *y, int64_t y_step, struct ahead ahead)
{
    add_tile(8, 3, 1, 8, depth, x, w, y, y_step, ahead);
}

CREMA_CPU_CLONES
static void add_turned_32(int64_t depth, const float *x, const float *w,
                          float *y, int64_t y_step, struct ahead ahead)
{
    add_tile(12, 2, 1, 12, depth, x, w, y, y_step, ahead);
}

typedef void tile_fn(int64_t depth, const float *x, const float *w, float *y,
                     int64_t y_step, struct ahead);

/* A tile that Y has not all rows of is computed beside it. */
static void add_part(tile_fn *fn, int64_t lanes, int64_t rows, int64_t depth,
                     const float *x, const float *w, float *y, int64_t y_step)
{
    float room[MOST_NUMBERS] = { 0 };
    size_t bytes = sizeof *y * (size_t)lanes;

    for (int64_t t = 0; t < rows; t++)
        memcpy(room + t * lanes, y + t * y_step, bytes);
    fn(depth, x, w, room, lanes, (struct ahead){ w, 0 });
    for (int64_t t = 0; t < rows; t++)
        memcpy(y + t * y_step, room + t * lanes, bytes);
}

/* `count` numbers from `at` on, while a sum of `depth` numbers is computed. */
static struct ahead fetch(const float *at, int64_t count, int64_t depth)
{
    int64_t step = (count + depth - 1) / depth;

    return (struct ahead){ at, step < VECTOR ? step : VECTOR };
}

void crema_cpu_product(int64_t lanes, int64_t rows, int64_t depth,
                       const float *x, const float *w, float *y, int64_t y_step,
                       const float *next)
{
    tile_fn *fn = lanes == 64 ? add_64 : lanes == 48 ? add_48 : add_32;
    int64_t most = crema_cpu_tile_rows(lanes);
    int64_t share = depth * lanes / (rows / most + 1) + VECTOR;

    for (; rows >= most; rows -= most, x += most * DEPTH, y += most * y_step) {
        fn(depth, x, w, y, y_step, fetch(next, share, depth));
        next += share;
    }
    if (rows > 0) add_part(fn, lanes, rows, depth, x, w, y, y_step);
}

void crema_cpu_product_turned(int64_t lanes, int64_t rows, int64_t depth,
                              const float *x, const float *w, float *y)
{
    tile_fn *fn = lanes == 64   ? add_turned_64
                  : lanes == 48 ? add_turned_48
                                : add_turned_32;
    int64_t most = crema_cpu_tile_rows(lanes);

    for (; rows >= most; rows -= most, x += most * depth, y += most * lanes) {
        struct ahead ahead = fetch(y + most * lanes, most * lanes, depth);

        fn(depth, x, w, y, lanes, ahead);
    }
    if (rows > 0) add_part(fn, lanes, rows, depth, x, w, y, lanes);
}
