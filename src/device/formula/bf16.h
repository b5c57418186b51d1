/* bf16.h - bfloat16, the upper half of a float32's bits, for gcc and nvcc
 * alike. */
#ifndef CREMA_DEVICE_FORMULA_BF16_H
#define CREMA_DEVICE_FORMULA_BF16_H

#include "base/formula.h"

#include <stdint.h>
#include <string.h>

CREMA_FORMULA float crema_from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

/* To the nearest, ties to even; not a number stays that. */
CREMA_FORMULA uint16_t crema_to_bf16(float f)
{
    uint32_t bits, nearest, nan;

    memcpy(&bits, &f, sizeof bits);
    nearest = bits + 0x7fff + (bits >> 16 & 1);
    nan = bits | 0x400000;
    return (uint16_t)(((bits & 0x7fffffff) > 0x7f800000 ? nan : nearest) >> 16);
}

#endif
