/* npy.h - NumPy's files of numbers, as far as nets need them. */
#ifndef CREMA_TOOLS_NPY_H
#define CREMA_TOOLS_NPY_H

#include "device/tensor.h"

/* float32, float64, int32, int64 or uint8, as float32; free() *values. */
enum crema_status npy_read(struct crema_ctx *, const char *path,
                           struct crema_shape *, float **values) CREMA_MUST_USE;
/* float32, C order. */
enum crema_status npy_write(struct crema_ctx *, const char *path,
                            const struct crema_shape *,
                            const float *values) CREMA_MUST_USE;

#endif
