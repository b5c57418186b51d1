/* arrange.h - which element of X an element of Y is, for gcc and nvcc alike. */
#ifndef CREMA_DEVICE_FORMULA_ARRANGE_H
#define CREMA_DEVICE_FORMULA_ARRANGE_H

#include "base/formula.h"
#include "device/tensor.h"

/* Y[i0, i1, ..] = X[offset + i0 stride[0] + i1 stride[1] + ..], X being dense.
 * Dims of stride 0 repeat; the others never meet one element twice. */
struct crema_arrange {
    int ndims;
    int64_t dim[CREMA_MAX_DIMS], stride[CREMA_MAX_DIMS];
    int64_t offset;
};

/* Position in X of element i of Y's row-major order. */
CREMA_FORMULA int64_t crema_arranged(const struct crema_arrange *a, int64_t i)
{
    int64_t at = a->offset;

    for (int k = a->ndims - 1; k >= 0; k--) {
        at += i % a->dim[k] * a->stride[k];
        i /= a->dim[k];
    }
    return at;
}

#endif
