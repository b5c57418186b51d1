/* f16.h - IEEE's half precision, for gcc and nvcc alike: a sign, 5 bits of
 * exponent, 10 behind the point. */
#ifndef CREMA_DEVICE_FORMULA_F16_H
#define CREMA_DEVICE_FORMULA_F16_H

#include "base/formula.h"

#include <stdint.h>
#include <string.h>

CREMA_FORMULA float crema_float_of(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

CREMA_FORMULA float crema_from_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff;
    float f = crema_float_of((rest << 13) + (112u << 23));

    if (rest < 0x400) f = (float)rest * (1.0f / 16777216.0f);
    if (rest >= 0x7c00) f = crema_float_of(rest << 13 | 0x7f800000);
    return sign ? -f : f;
}

/* To the nearest, ties to even; too large becomes infinite, not a number stays
 * that.
 *
 * A number 2^13 times as large as f's power of two is added and taken away
 * again: what is left of f is what half precision holds.  Below 2^-14 all
 * numbers are multiples of 2^-24.
 */
CREMA_FORMULA uint16_t crema_to_f16(float f)
{
    const uint32_t least = 113u << 23; /* 2^-14 */
    uint32_t bits, power, half;
    float large, rounded;

    memcpy(&bits, &f, sizeof bits);
    half = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) return (uint16_t)(half | 0x7e00);
    if (bits >= 0x477ff000) return (uint16_t)(half | 0x7c00); /* 65520 */
    power = bits & 0x7f800000;
    large = crema_float_of((power < least ? least : power) + (13u << 23));
    rounded = (crema_float_of(bits) + large) - large;
    if (bits < least)
        return (uint16_t)(half | (uint32_t)(rounded * 16777216.0f));
    memcpy(&bits, &rounded, sizeof bits);
    return (uint16_t)(half | (bits - (112u << 23)) >> 13);
}

#endif
