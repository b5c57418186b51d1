/* ring.h - the total of some losses and where it is noted, for gcc and nvcc
 * alike. */
#ifndef CREMA_DEVICE_FORMULA_RING_H
#define CREMA_DEVICE_FORMULA_RING_H

#include "base/formula.h"

#include <math.h>
#include <stdint.h>

struct crema_ring_sum {
    double total;
};

CREMA_FORMULA void crema_ring_add(struct crema_ring_sum *s, float weight,
                                  float loss)
{
    s->total += (double)loss * (double)weight;
}

/* ring: 1 + n numbers */
CREMA_FORMULA void crema_ring_note(float *ring, uint32_t n, uint32_t step,
                                   const struct crema_ring_sum *s)
{
    float total = (float)s->total;

    ring[1 + step % n] = total;
    if (!isfinite(total)) ring[0] = 1.0f;
}

#endif
