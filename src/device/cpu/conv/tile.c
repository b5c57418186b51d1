/* tile.c - sums of products that stay in registers.
 *
 * A tile is `high` rows of up to four vectors of 16 lanes.  Each step of the
 * sum reads those vectors once and multiplies them by one number of each row.
 */
#include "device/cpu/conv/conv.h"

enum { LANES = 16, MOST_WIDE = 4, MOST_HIGH = 12, FOUR = 4 };

typedef float vector
    __attribute__((vector_size(sizeof(float) * LANES), aligned(4), may_alias));

/* Rows are reached from one pointer for four of them, which is as many
 * addresses as there are registers for. */
static inline __attribute__((always_inline)) void
tile(int wide, int high, const struct crema_cpu_tile *t)
{
    vector sum[MOST_HIGH][MOST_WIDE], b[MOST_WIDE], used;
    const int last = wide - 1;
    const int64_t apart = t->a_high, a_step = t->a_step, b_step = t->b_step;
    const int64_t b_last = t->b_last;

#pragma GCC unroll 12
    for (int h = 0; h < high; h++)
        for (int v = 0; v < wide; v++) sum[h][v] = (vector){ 0 };
    for (int64_t row = 0; row < t->rows; row++) {
        const float *pa[MOST_HIGH / FOUR], *pb = t->b + row * t->b_row;

        for (int g = 0; g < MOST_HIGH / FOUR; g++)
            pa[g] = t->a + row * t->a_row + g * FOUR * apart;
        for (int64_t i = t->count; i > 0; i--) {
            for (int v = 0; v < last; v++)
                b[v] = *(const vector *)(pb + v * LANES);
            b[last] = *(const vector *)(pb + b_last);
#pragma GCC unroll 12
            for (int h = 0; h < high; h++)
                for (int v = 0; v < wide; v++)
                    sum[h][v] += pa[h / FOUR][h % FOUR * apart] * b[v];
            for (int g = 0; g < (high + FOUR - 1) / FOUR; g++) pa[g] += a_step;
            pb += b_step;
        }
    }
    for (int l = 0; l < LANES; l++) used[l] = l >= t->skip;
#pragma GCC unroll 12
    for (int h = 0; h < high; h++) {
        float *c = t->c + h * t->c_high;

        for (int v = 0; v < last; v++) *(vector *)(c + v * LANES) += sum[h][v];
        *(vector *)(c + t->c_last) += sum[h][last] * used;
    }
}

/* As many rows as leave registers for the vectors, 1 to 4 of them. */
static const int most_high[] = { MOST_HIGH, MOST_HIGH, 8, 6 };

/* A case of tall(): tiles of all heights are compiled, each by itself. */
#define HEIGHT(n)                                                              \
    case n:                                                                    \
        if (n <= most_high[wide - 1]) tile(wide, n, t);                        \
        break

static inline __attribute__((always_inline)) void
tall(int wide, int high, const struct crema_cpu_tile *t)
{
    switch (high) {
        HEIGHT(1);
        HEIGHT(2);
        HEIGHT(3);
        HEIGHT(4);
        HEIGHT(5);
        HEIGHT(6);
        HEIGHT(7);
        HEIGHT(8);
        HEIGHT(9);
        HEIGHT(10);
        HEIGHT(11);
        HEIGHT(12);
    }
}

CREMA_CPU_CLONES
static void wide_1(int high, const struct crema_cpu_tile *t)
{
    tall(1, high, t);
}

CREMA_CPU_CLONES
static void wide_2(int high, const struct crema_cpu_tile *t)
{
    tall(2, high, t);
}

CREMA_CPU_CLONES
static void wide_3(int high, const struct crema_cpu_tile *t)
{
    tall(3, high, t);
}

CREMA_CPU_CLONES
static void wide_4(int high, const struct crema_cpu_tile *t)
{
    tall(4, high, t);
}

static void (*const add[])(int high,
                           const struct crema_cpu_tile *) = { wide_1, wide_2,
                                                              wide_3, wide_4 };

void crema_cpu_tiles(int wide, int64_t high, struct crema_cpu_tile t)
{
    int64_t most = most_high[wide - 1];

    for (int64_t tiles = (high + most - 1) / most; tiles > 0; tiles--) {
        int64_t now = high / tiles;

        add[wide - 1]((int)now, &t);
        t.a += now * t.a_high;
        t.c += now * t.c_high;
        high -= now;
    }
}
