/* picture.h - one number of a net's input, made of a picture's bytes, for gcc
 * and nvcc alike.  The same arithmetic as data/rows.c, bit by bit. */
#ifndef CREMA_DEVICE_FORMULA_PICTURE_H
#define CREMA_DEVICE_FORMULA_PICTURE_H

#include "base/formula.h"

#include <stdint.h>

/* The numbers of struct crema_place, by picture. */
enum {
    CREMA_PLACE_TOP,      /* where the cut lies in the whole picture, */
    CREMA_PLACE_LEFT,     /* and so in a mean picture */
    CREMA_PLACE_MIRROR,   /* not 0: left and right are exchanged */
    CREMA_PLACE_BY_PIXEL, /* not 0: [h][w][c], else [c][h][w] */
    CREMA_PLACE_NUMBERS
};

/* Sizes of the cut; of the mean: 0 x 0 for one number a channel. */
struct crema_picture_sizes {
    int64_t c, h, w, mean_c, mean_h, mean_w;
    float scale;
};

/* (byte - mean) scale at c, y, x of the result.  bytes: the cut, unmirrored;
 * mean may be NULL. */
CREMA_FORMULA float crema_picture_value(const struct crema_picture_sizes *s,
                                        const uint8_t *bytes,
                                        const int32_t *place, const float *mean,
                                        int64_t c, int64_t y, int64_t x)
{
    int64_t from = place[CREMA_PLACE_MIRROR] ? s->w - 1 - x : x;
    int64_t at = place[CREMA_PLACE_BY_PIXEL] ? (y * s->w + from) * s->c + c
                                             : (c * s->h + y) * s->w + from;
    float m = 0.0f;

    if (mean && s->mean_h)
        m = mean[(c * s->mean_h + place[CREMA_PLACE_TOP] + y) * s->mean_w +
                 place[CREMA_PLACE_LEFT] + from];
    else if (mean)
        m = mean[s->mean_c > 1 ? c : 0];
    return ((float)bytes[at] - m) * s->scale;
}

#endif
