/* move.h - one thread's share of moving numbers: parts of an axis, and from one
 * layout to another. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_MOVE_H
#define CREMA_DEVICE_CUDA_KERNELS_MOVE_H

#include "device/cuda/kernels/launch.h"
#include "device/tensor.h"

#include <string.h>

/* Rows of n elements: row r is at r * from_step and goes to r * to_step. */
struct crema_rows {
    int64_t rows, n, from_step, to_step;
};

CREMA_FORMULA void crema_at_rows(const struct crema_rows *r, const float *from,
                                 float *to, int64_t i)
{
    int64_t row = i / r->n, column = i % r->n;

    to[row * r->to_step + column] = from[row * r->from_step + column];
}

/* Position of element i of the row-major order, as crema_layout_offset. */
CREMA_FORMULA int64_t crema_at_layout(const struct crema_layout *l, int64_t i)
{
    int64_t at[CREMA_MAX_DIMS] = { 0 }, offset = 0, inner = 1;

    for (int d = l->ndims - 1; d >= 0; d--) {
        at[d] = i % l->dim[d];
        i /= l->dim[d];
    }
    for (int b = l->nblocks - 1; b >= 0; b--) {
        int d = l->block_dim[b];

        offset += at[d] % l->block[b] * inner;
        at[d] /= l->block[b];
        inner *= l->block[b];
    }
    for (int d = 0; d < l->ndims; d++) offset += at[d] * l->stride[d];
    return offset;
}

CREMA_FORMULA float crema_load(const void *data, int type, int64_t at)
{
    uint32_t bits;
    float f;

    switch (type) {
    case CREMA_F32:
        return ((const float *)data)[at];
    case CREMA_I32:
        return (float)((const int32_t *)data)[at];
    case CREMA_U8:
        return (float)((const uint8_t *)data)[at];
    default:
        bits = (uint32_t)((const uint16_t *)data)[at] << 16;
        memcpy(&f, &bits, sizeof f);
        return f;
    }
}

/* Round to nearest, ties to even; NaN stays NaN. */
CREMA_FORMULA uint16_t crema_bf16(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 64u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

CREMA_FORMULA void crema_store(void *data, int type, int64_t at, float f)
{
    switch (type) {
    case CREMA_F32:
        ((float *)data)[at] = f;
        break;
    case CREMA_I32:
        ((int32_t *)data)[at] = (int32_t)f;
        break;
    case CREMA_U8:
        ((uint8_t *)data)[at] = (uint8_t)f;
        break;
    default:
        ((uint16_t *)data)[at] = crema_bf16(f);
    }
}

/* Element i of the row-major order, between float32, i32, u8 and bf16. */
CREMA_FORMULA void crema_at_reorder(const struct crema_layout *from,
                                    const void *x,
                                    const struct crema_layout *to, void *y,
                                    int64_t i)
{
    crema_store(y, to->type, crema_at_layout(to, i),
                crema_load(x, from->type, crema_at_layout(from, i)));
}

#endif
