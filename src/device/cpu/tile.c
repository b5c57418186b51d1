/* tile.c - sums of products that stay in registers.
 *
 * A tile is `high` rows of up to four vectors of 16 lanes.  Each step of the
 * sum reads those vectors once and multiplies them by one number of each row.
 */
#include "device/cpu/own.h"

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

    _Pragma("GCC unroll 12") for (int h = 0; h < high; h++) for (int v = 0;
                                                                 v < wide; v++)
        sum[h][v] = (vector){ 0 };
    for (int64_t row = 0; row < t->rows; row++) {
        const float *pa[MOST_HIGH / FOUR], *pb = t->b + row * t->b_row;

        for (int g = 0; g < MOST_HIGH / FOUR; g++)
            pa[g] = t->a + row * t->a_row + g * FOUR * apart;
        for (int64_t i = t->count; i > 0; i--) {
            for (int v = 0; v < last; v++)
                b[v] = *(const vector *)(pb + v * LANES);
            b[last] = *(const vector *)(pb + b_last);
            _Pragma("GCC unroll 12") for (int h = 0; h < high;
                                          h++) for (int v = 0; v < wide; v++)
                sum[h][v] += pa[h / FOUR][h % FOUR * apart] * b[v];
            for (int g = 0; g < (high + FOUR - 1) / FOUR; g++) pa[g] += a_step;
            pb += b_step;
        }
    }
    for (int l = 0; l < LANES; l++) used[l] = l >= t->skip;
    _Pragma("GCC unroll 12") for (int h = 0; h < high; h++)
    {
        float *c = t->c + h * t->c_high;

        for (int v = 0; v < last; v++) *(vector *)(c + v * LANES) += sum[h][v];
        *(vector *)(c + t->c_last) += sum[h][last] * used;
    }
}

CREMA_CPU_CLONES
static void wide_1(int high, const struct crema_cpu_tile *t)
{
    switch (high) {
    case 12:
        tile(1, 12, t);
        break;
    case 11:
        tile(1, 11, t);
        break;
    case 10:
        tile(1, 10, t);
        break;
    case 9:
        tile(1, 9, t);
        break;
    case 8:
        tile(1, 8, t);
        break;
    case 7:
        tile(1, 7, t);
        break;
    case 6:
        tile(1, 6, t);
        break;
    case 5:
        tile(1, 5, t);
        break;
    case 4:
        tile(1, 4, t);
        break;
    case 3:
        tile(1, 3, t);
        break;
    case 2:
        tile(1, 2, t);
        break;
    default:
        tile(1, 1, t);
    }
}

CREMA_CPU_CLONES
static void wide_2(int high, const struct crema_cpu_tile *t)
{
    switch (high) {
    case 12:
        tile(2, 12, t);
        break;
    case 11:
        tile(2, 11, t);
        break;
    case 10:
        tile(2, 10, t);
        break;
    case 9:
        tile(2, 9, t);
        break;
    case 8:
        tile(2, 8, t);
        break;
    case 7:
        tile(2, 7, t);
        break;
    case 6:
        tile(2, 6, t);
        break;
    case 5:
        tile(2, 5, t);
        break;
    case 4:
        tile(2, 4, t);
        break;
    case 3:
        tile(2, 3, t);
        break;
    case 2:
        tile(2, 2, t);
        break;
    default:
        tile(2, 1, t);
    }
}

CREMA_CPU_CLONES
static void wide_3(int high, const struct crema_cpu_tile *t)
{
    switch (high) {
    case 8:
        tile(3, 8, t);
        break;
    case 7:
        tile(3, 7, t);
        break;
    case 6:
        tile(3, 6, t);
        break;
    case 5:
        tile(3, 5, t);
        break;
    case 4:
        tile(3, 4, t);
        break;
    case 3:
        tile(3, 3, t);
        break;
    case 2:
        tile(3, 2, t);
        break;
    default:
        tile(3, 1, t);
    }
}

CREMA_CPU_CLONES
static void wide_4(int high, const struct crema_cpu_tile *t)
{
    switch (high) {
    case 6:
        tile(4, 6, t);
        break;
    case 5:
        tile(4, 5, t);
        break;
    case 4:
        tile(4, 4, t);
        break;
    case 3:
        tile(4, 3, t);
        break;
    case 2:
        tile(4, 2, t);
        break;
    default:
        tile(4, 1, t);
    }
}

/* As many rows as leave registers for the vectors. */
static const struct {
    void (*add)(int high, const struct crema_cpu_tile *);
    int high;
} kinds[] = { { wide_1, 12 }, { wide_2, 12 }, { wide_3, 8 }, { wide_4, 6 } };

void crema_cpu_tiles(int wide, int64_t high, struct crema_cpu_tile t)
{
    int64_t most = kinds[wide - 1].high;

    for (int64_t tiles = (high + most - 1) / most; tiles > 0; tiles--) {
        int64_t now = high / tiles;

        kinds[wide - 1].add((int)now, &t);
        t.a += now * t.a_high;
        t.c += now * t.c_high;
        high -= now;
    }
}
