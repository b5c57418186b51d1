/* philox.h - counter-based random numbers (Philox4x32-10).  Floor 0.
 *
 * J. Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011.
 * A value depends on key and counter alone, never on threads or devices: gcc
 * and nvcc compile this same text.
 */
#ifndef CREMA_BASE_PHILOX_H
#define CREMA_BASE_PHILOX_H

#include "base/formula.h"

#include <stdint.h>

struct crema_philox {
    uint32_t v[4];
};

/* counter c[0..3], key k[0..1] */
CREMA_FORMULA struct crema_philox crema_philox(uint32_t c0, uint32_t c1,
                                               uint32_t c2, uint32_t c3,
                                               uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;

        c0 = n0;
        c1 = (uint32_t)p1;
        c2 = n2;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    struct crema_philox r = { { c0, c1, c2, c3 } };

    return r;
}

/* [0, 1) with 24 bits */
CREMA_FORMULA float crema_uniform(uint32_t bits)
{
    return (float)(bits >> 8) * (1.0f / 16777216.0f);
}

/* A stable 32-bit name for a string (FNV-1a), to key a stream by. */
CREMA_FORMULA uint32_t crema_hash(const char *s)
{
    uint32_t h = 2166136261u;

    for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

#endif
