/* pictures.h - one thread's share of cutting pictures, and of turning their
 * bytes into values. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_PICTURES_H
#define CREMA_DEVICE_CUDA_KERNELS_PICTURES_H

#include "device/cuda/kernels/move.h"
#include "device/formula/picture.h"

struct crema_pictures_shape {
    struct crema_picture_sizes from;
    struct crema_planes to;
    int64_t lanes; /* numbers a pixel of y has where channels are innermost:
                      to.c, or more, which are zero */
    int type;      /* of the values */
};

/* Has a pixel 16 bytes of y?  Then a thread makes a whole one. */
CREMA_FORMULA bool crema_pictures_by_pixel(const struct crema_pictures_shape *s)
{
    return s->to.last && s->lanes == crema_pack_size(s->type);
}

/* The value at offset i of y, which has no padding. */
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

/* Pixel i of all pictures. */
CREMA_FORMULA void crema_at_pixel(const struct crema_pictures_shape *s,
                                  const uint8_t *bytes, const int32_t *places,
                                  const float *mean, void *y, int64_t i)
{
    const struct crema_planes pixels = { s->to.n, 1, s->to.h, s->to.w, true };
    struct crema_place4 at = crema_place4(&pixels, i);
    int64_t size = s->from.c * s->from.h * s->from.w;
    float v[CREMA_PACK] = { 0 };

    for (int c = 0; c < CREMA_PACK; c++)
        if (c < s->from.c)
            v[c] = crema_picture_value(&s->from, bytes + at.n * size,
                                       places + at.n * CREMA_PLACE_NUMBERS,
                                       mean, c, at.h, at.w);
    crema_store16((char *)y + 16 * i, s->type, v);
}

/* Threads. */
CREMA_FORMULA int64_t crema_pictures_items(const struct crema_pictures_shape *s)
{
    return crema_pictures_by_pixel(s) ? s->to.n * s->to.h * s->to.w
                                      : crema_count4(&s->to);
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
