/* packed.h - what the files packed*.c share.  For conv/ only. */
#ifndef CREMA_DEVICE_CPU_CONV_PACKED_H
#define CREMA_DEVICE_CPU_CONV_PACKED_H

#include "device/cpu/conv/product.h"

/* Along one axis: output i is made from the inputs i stride + first + t step of
 * all taps t; it lies at place + i apart. */
struct crema_cpu_axis {
    int64_t count, taps;
    int64_t stride, first, step;
    int64_t place, apart;
};

/* A convolution from images x, [n][h][w][all channels], to images y of the same
 * kind, both in groups of channels:
 *
 *   Y[pixel][g k + o] = b[g k + o] +
 *       sum over tap, i of X[pixel's tap][g c + i] W[panel][tap][i][lane]
 *
 * with W's panels of a group one behind the other, and the groups, too. */
struct crema_cpu_packed {
    int64_t n, groups;
    int64_t c, xh, xw;          /* c: channels of a group */
    int64_t k, yh, yw;          /* likewise */
    struct crema_cpu_axis h, w; /* of Y */
    int64_t lanes;
    const float *x, *weights, *b; /* b may be NULL */
    float *y;
    bool relu;
};

/* From x to y, each N x C x H x W; without data. */
struct crema_cpu_packed crema_cpu_packed_of(const struct crema_conv *,
                                            const struct crema_shape *x,
                                            const struct crema_shape *y);
/* Bytes of scratch memory that each thread needs. */
size_t crema_cpu_packed_room(const struct crema_cpu_packed *);
/* room: for so many threads.  Of Y, what h and w name is written. */
void crema_cpu_packed_run(const struct crema_cpu_packed *, int threads,
                          void *room);

/* Weights' layout: panels of outputs, then the kernel, then inputs. */
struct crema_layout crema_cpu_panels(const struct crema_shape *w,
                                     int64_t groups, int64_t lanes);

#endif
