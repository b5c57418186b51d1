/* cuda_launches.h - what launchers as loops share. */
#ifndef TESTS_SUPPORT_CUDA_LAUNCHES_H
#define TESTS_SUPPORT_CUDA_LAUNCHES_H

#include "device/cuda/kernels/kernels.h"

#define EACH(i, n) for (int64_t i = 0; i < (n); i++)

/* v[0..n) in the order of column_sum; n is a power of two. */
static inline float tree_sum(float *v, int n)
{
    for (int half = n / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) v[i] += v[i + half];
    return v[0];
}

#endif
