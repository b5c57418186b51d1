/* pool.h - one thread's share of pooling: one output forward, one input
 * backward, which gathers from every window that holds it, in a fixed order. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_POOL_H
#define CREMA_DEVICE_CUDA_KERNELS_POOL_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/pool.h"

struct crema_pool_shape {
    struct crema_planes x, y, ws; /* ws: y's shape, its own layout */
    int64_t kernel[2], stride[2], pad[2];
};

CREMA_FORMULA struct crema_window
crema_pool_rows(const struct crema_pool_shape *s, int64_t p)
{
    return crema_pool_window(p, s->kernel[0], s->stride[0], s->pad[0], s->x.h);
}

CREMA_FORMULA struct crema_window
crema_pool_columns(const struct crema_pool_shape *s, int64_t q)
{
    return crema_pool_window(q, s->kernel[1], s->stride[1], s->pad[1], s->x.w);
}

/* Output i: y[i], and in ws the index in the H x W plane, -1 for none. */
CREMA_FORMULA void crema_at_pool_max(const struct crema_pool_shape *s,
                                     const float *x, float *y, float *ws,
                                     int64_t i)
{
    struct crema_place4 o = crema_place4(&s->y, i);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    int64_t best = -1;
    float most = 0;

    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++) {
            float v = x[crema_offset4(&s->x, o.n, o.c, a, b)];

            if (best >= 0 && !(v > most)) continue;
            best = a * s->x.w + b;
            most = v;
        }
    y[i] = most;
    ws[crema_offset4(&s->ws, o.n, o.c, o.h, o.w)] = (float)best;
}

CREMA_FORMULA float crema_at_pool_ave(const struct crema_pool_shape *s,
                                      const float *x, int64_t i)
{
    struct crema_place4 o = crema_place4(&s->y, i);
    struct crema_window h = crema_pool_rows(s, o.h);
    struct crema_window w = crema_pool_columns(s, o.w);
    float sum = 0;

    if (h.from >= h.to || w.from >= w.to) return 0.0f;
    for (int64_t a = h.from; a < h.to; a++)
        for (int64_t b = w.from; b < w.to; b++)
            sum += x[crema_offset4(&s->x, o.n, o.c, a, b)];
    return sum / (float)(h.width * w.width);
}

/* [from, to): outputs along one axis whose windows hold input i. */
struct crema_holders {
    int64_t from, to;
};

CREMA_FORMULA struct crema_holders crema_pool_holders(int64_t i, int64_t kernel,
                                                      int64_t stride,
                                                      int64_t pad,
                                                      int64_t outputs)
{
    struct crema_holders r;

    r.from = i + pad < kernel ? 0 : (i + pad - kernel) / stride + 1;
    r.to = (i + pad) / stride + 1;
    if (r.to > outputs) r.to = outputs;
    return r;
}

/* dX at offset i. */
CREMA_FORMULA float crema_at_pool_max_bwd(const struct crema_pool_shape *s,
                                          const float *dy, const float *ws,
                                          int64_t i)
{
    struct crema_place4 o = crema_place4(&s->x, i);
    struct crema_holders h =
        crema_pool_holders(o.h, s->kernel[0], s->stride[0], s->pad[0], s->y.h);
    struct crema_holders w =
        crema_pool_holders(o.w, s->kernel[1], s->stride[1], s->pad[1], s->y.w);
    float me = (float)(o.h * s->x.w + o.w), sum = 0;

    for (int64_t p = h.from; p < h.to; p++)
        for (int64_t q = w.from; q < w.to; q++)
            if (ws[crema_offset4(&s->ws, o.n, o.c, p, q)] == me)
                sum += dy[crema_offset4(&s->y, o.n, o.c, p, q)];
    return sum;
}

CREMA_FORMULA float crema_at_pool_ave_bwd(const struct crema_pool_shape *s,
                                          const float *dy, int64_t i)
{
    struct crema_place4 o = crema_place4(&s->x, i);
    struct crema_holders h =
        crema_pool_holders(o.h, s->kernel[0], s->stride[0], s->pad[0], s->y.h);
    struct crema_holders w =
        crema_pool_holders(o.w, s->kernel[1], s->stride[1], s->pad[1], s->y.w);
    float sum = 0;

    for (int64_t p = h.from; p < h.to; p++)
        for (int64_t q = w.from; q < w.to; q++) {
            struct crema_window a = crema_pool_rows(s, p);
            struct crema_window b = crema_pool_columns(s, q);

            sum += dy[crema_offset4(&s->y, o.n, o.c, p, q)] /
                   (float)(a.width * b.width);
        }
    return sum;
}

#endif
