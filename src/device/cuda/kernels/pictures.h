/* pictures.h - one thread's share of cutting pictures, and of turning their
 * bytes into values. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_PICTURES_H
#define CREMA_DEVICE_CUDA_KERNELS_PICTURES_H

#include "device/cuda/kernels/move.h"
#include "device/formula/picture.h"

struct crema_pictures_shape {
    struct crema_picture_sizes from;
    struct crema_planes to;
    int type; /* of the values */
};

/* The value at offset i of y. */
CREMA_FORMULA void crema_at_pictures(const struct crema_pictures_shape *s,
                                     const uint8_t *bytes,
                                     const int32_t *places, const float *mean,
                                     void *y, int64_t i)
{
    struct crema_place4 at = crema_place4(&s->to, i);
    int64_t size = s->from.c * s->from.h * s->from.w;

    crema_store(y, s->type, i,
                crema_picture_value(&s->from, bytes + at.n * size,
                                    places + at.n * CREMA_PLACE_NUMBERS, mean,
                                    at.c, at.h, at.w));
}

/* Where a cut begins in its picture, whose rows are `pitch` bytes apart. */
struct crema_cut_from {
    const uint8_t *at;
    int64_t pitch;
};

/* n cuts of rows x row bytes. */
struct crema_cut_shape {
    int64_t n, rows, row;
};

/* Byte i of the cuts, which lie one behind the other in `to`. */
CREMA_FORMULA void crema_at_cut(const struct crema_cut_shape *s,
                                const struct crema_cut_from *from, uint8_t *to,
                                int64_t i)
{
    int64_t line = i / s->row;
    const struct crema_cut_from *cut = &from[line / s->rows];

    to[i] = cut->at[line % s->rows * cut->pitch + i % s->row];
}

#endif
