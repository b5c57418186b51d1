/* product.h - matrix products in cache, for convolutions of our own.
 *
 * A matrix that is multiplied with lies in panels, [columns / lanes][depth]
 * [lanes].  Fast on AVX-512 alone.  For the files in conv/ only.
 */
#ifndef CREMA_DEVICE_CPU_CONV_PRODUCT_H
#define CREMA_DEVICE_CPU_CONV_PRODUCT_H

#include "device/cpu/conv/conv.h"

enum {
    CREMA_CPU_DEPTH = 256, /* most numbers that one sum is of; also X's step */
};

/* Of a panel, for so many columns; 0: no panels fill it. */
int64_t crema_cpu_lanes(int64_t columns);
/* How many rows of Y are computed at once. */
int64_t crema_cpu_tile_rows(int64_t lanes);

/* y[row][lane] += sum over i < depth of x[row][i] w[i][lane], rows of y being
 * y_step numbers apart, those of x DEPTH.  X's rows up to the next multiple of
 * tile_rows are read.  next: what will be w, to be fetched meanwhile; only an
 * address, which may be beyond W. */
void crema_cpu_product(int64_t lanes, int64_t rows, int64_t depth,
                       const float *x, const float *w, float *y, int64_t y_step,
                       const float *next);
/* The same where X lies in tiles of [depth][tile_rows] and Y's rows one behind
 * the other. */
void crema_cpu_product_turned(int64_t lanes, int64_t rows, int64_t depth,
                              const float *x, const float *w, float *y);

#endif
