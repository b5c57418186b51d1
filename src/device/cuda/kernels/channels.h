/* channels.h - one thread's share of sums over all but one axis, and of batch
 * normalization. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CHANNELS_H
#define CREMA_DEVICE_CUDA_KERNELS_CHANNELS_H

#include "device/cuda/kernels/launch.h"

#include <math.h>

/* What is summed, per entry c of the axis.  v and w are tensors, mean and var
 * have one number for each c. */
enum crema_summed {
    CREMA_SUM_V,          /* v */
    CREMA_SUM_SQUARES,    /* (v - mean)^2 */
    CREMA_SUM_PRODUCT,    /* v w, and v */
    CREMA_SUM_NORMALIZED, /* v (w - mean), and v */
};

struct crema_summands {
    enum crema_summed what;
    struct crema_axis axis;
    const float *v, *w, *mean;
};

struct crema_two {
    float a, b;
};

/* The elements first, first + step, ... of those at c. */
CREMA_FORMULA struct crema_two crema_part_of_sum(const struct crema_summands *s,
                                                 int64_t c, int64_t first,
                                                 int64_t step)
{
    int64_t n = s->axis.outer * s->axis.inner;
    float mean = s->mean ? s->mean[c] : 0.0f;
    struct crema_two sum = { 0, 0 };

    for (int64_t k = first; k < n; k += step) {
        int64_t i = crema_offset3(&s->axis, k, c);
        float v = s->v[i];

        switch (s->what) {
        case CREMA_SUM_V:
            sum.a += v;
            break;
        case CREMA_SUM_SQUARES:
            sum.a += (v - mean) * (v - mean);
            break;
        default:
            sum.a += v * (s->w[i] - mean);
            sum.b += v;
        }
    }
    return sum;
}

/* 1 / sqrt(var + eps) */
CREMA_FORMULA float crema_rate_of(float var, float eps)
{
    return 1.0f / sqrtf(var + eps);
}

/* Y at offset i from the batch's own statistics */
CREMA_FORMULA float crema_at_batch_norm(const struct crema_axis *a, float eps,
                                        const float *mean, const float *var,
                                        int64_t i, float x)
{
    int64_t c = i / a->inner % a->length;

    return (x - mean[c]) * crema_rate_of(var[c], eps);
}

/* dX at offset i; dot[c] is the sum of dY (X - mean), sum[c] of dY */
CREMA_FORMULA float crema_at_batch_norm_bwd(const struct crema_axis *a,
                                            float eps, const float *mean,
                                            const float *var, const float *dot,
                                            const float *sum, int64_t i,
                                            float x, float dy)
{
    int64_t c = i / a->inner % a->length;
    float m = (float)(a->outer * a->inner), rate = crema_rate_of(var[c], eps);
    float y = (x - mean[c]) * rate;

    return (dy - sum[c] / m - y * (dot[c] * rate) / m) * rate;
}

/* 1 / factor, where 0 stands for no statistics yet */
CREMA_FORMULA float crema_inverse_factor(float factor)
{
    return factor == 0.0f ? 0.0f : 1.0f / factor;
}

/* Y from running sums; mean NULL: dX of dY, the same without the mean */
CREMA_FORMULA float crema_at_global_norm(const struct crema_axis *a, float eps,
                                         const float *mean, const float *var,
                                         float factor, int64_t i, float x)
{
    int64_t c = i / a->inner % a->length;
    float f = crema_inverse_factor(factor);

    return (x - (mean ? mean[c] * f : 0.0f)) * crema_rate_of(var[c] * f, eps);
}

/* Entry c of the sums that outlive a batch. */
CREMA_FORMULA void crema_at_running(float fraction, float unbias, int64_t c,
                                    const float *mean, const float *var,
                                    float *sum_mean, float *sum_var)
{
    sum_mean[c] = sum_mean[c] * fraction + mean[c];
    sum_var[c] = sum_var[c] * fraction + var[c] * unbias;
}

#endif
