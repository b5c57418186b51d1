/* dropout.h - which elements a dropout keeps, for gcc and nvcc alike.
 *
 * Element i of the N,C,H,W order has word i % 4 of the block i / 4.
 */
#ifndef CREMA_DEVICE_FORMULA_DROPOUT_H
#define CREMA_DEVICE_FORMULA_DROPOUT_H

#include "base/philox.h"

/* The random bits of four elements, from 4 * block on. */
CREMA_FORMULA struct crema_philox crema_dropout_bits(uint32_t seed,
                                                     uint32_t stream,
                                                     uint32_t step,
                                                     uint64_t block)
{
    return crema_philox((uint32_t)block, (uint32_t)(block >> 32), step, 0, seed,
                        stream);
}

/* threshold = ratio 2^32 */
CREMA_FORMULA float crema_dropout_value(uint32_t bits, uint32_t threshold,
                                        float scale, float x)
{
    return bits >= threshold ? x * scale : 0.0f;
}

#endif
