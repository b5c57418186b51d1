/* own_shapes.h - convolutions by their sizes, for tests of own kernels. */
#ifndef TESTS_SUPPORT_OWN_SHAPES_H
#define TESTS_SUPPORT_OWN_SHAPES_H

#include "device/cuda/conv_own.h"

/* n, c, h, w of x; outputs; kernel, stride, pad, dilation by axis; groups */
struct own_shape {
    int64_t n, c, h, w, k, r[2], s[2], p[2], d[2], g;
};

enum { OWN_TYPES = 3 };
static const enum crema_type own_types[OWN_TYPES] = { CREMA_BF16, CREMA_F16,
                                                      CREMA_F32 };

static inline int64_t own_size(const struct own_shape *s, int i)
{
    int64_t x = i ? s->w : s->h;

    return (x + 2 * s->p[i] - s->d[i] * (s->r[i] - 1) - 1) / s->s[i] + 1;
}

static inline struct conv_case own_case(const struct own_shape *s,
                                        enum conv_way way, enum crema_type type)
{
    const struct crema_shape x = CREMA_SHAPE(s->n, s->c, s->h, s->w);
    const struct crema_shape w =
        CREMA_SHAPE(s->k, s->c / s->g, s->r[0], s->r[1]);
    const struct crema_shape y =
        CREMA_SHAPE(s->n, s->k, own_size(s, 0), own_size(s, 1));

    return (struct conv_case){
        .way = way,
        .conv = { 2,
                  { s->r[0], s->r[1] },
                  { s->s[0], s->s[1] },
                  { s->p[0], s->p[1] },
                  { s->d[0], s->d[1] },
                  s->g },
        .x = crema_layout_channels_last(&x, type),
        .w = crema_layout_channels_last(&w, type),
        .y = crema_layout_channels_last(&y, type),
        .bias = way == CONV_FORWARD,
        .relu = way == CONV_FORWARD && s->g == 2,
        .tf32 = type == CREMA_F32,
    };
}

#endif
