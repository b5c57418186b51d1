/* planes.h - one thread's share of planes resized and of what a pooling picked
 * put back.  All dense float32. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_PLANES_H
#define CREMA_DEVICE_CUDA_KERNELS_PLANES_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/resize.h"

/* ---- resize: element i of all planes of Y, or of dX -----------------------
 */

CREMA_FORMULA float crema_at_resized(const struct crema_resize *r,
                                     const float *x, int64_t i)
{
    int64_t width = r->axis[1].to, to = r->axis[0].to * width;
    int64_t from = r->axis[0].size * r->axis[1].size;

    return crema_at_resize(r, x + i / to * from, i % to / width, i % width);
}

CREMA_FORMULA float crema_at_resized_bwd(const struct crema_resize *r,
                                         const float *dy, int64_t i)
{
    int64_t width = r->axis[1].size, to = r->axis[0].size * width;
    int64_t from = r->axis[0].to * r->axis[1].to;

    return crema_at_resize_bwd(r, dy + i / to * from, i % to / width,
                               i % width);
}

/* ---- unpool ---------------------------------------------------------------
 */

/* Elements of one plane of X and of Y, and of all planes of each. */
struct crema_unpooled {
    int64_t from, to;
    int64_t xs, ys;
};

/* Where X[i] goes, -1 for nowhere. */
CREMA_FORMULA int64_t crema_unpool_place(const struct crema_unpooled *u,
                                         const float *mask, int64_t i)
{
    float m = mask[i];

    return m > -1 && m < (float)u->to ? i / u->from * u->to + (int64_t)m : -1;
}

/* Y[j], of what ws says came there. */
CREMA_FORMULA float crema_at_unpool(const struct crema_unpooled *u,
                                    const float *x, const float *ws, int64_t j)
{
    return ws[j] < 0 ? 0.0f : x[j / u->to * u->from + (int64_t)ws[j]];
}

CREMA_FORMULA float crema_at_unpool_bwd(const struct crema_unpooled *u,
                                        const float *dy, const float *mask,
                                        const float *ws, int64_t i)
{
    int64_t at = crema_unpool_place(u, mask, i);

    return at >= 0 && ws[at] == (float)(i % u->from) ? dy[at] : 0.0f;
}

#endif
