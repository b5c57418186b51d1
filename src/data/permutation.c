/* permutation.c - an order of numbers from a seed, without a table.
 *
 * A Feistel network permutes all numbers of an even number of bits, the fewest
 * that hold `count`: of its two halves one is changed by a function of the
 * other, eight times over.  A result that is not below `count` is permuted
 * again until it is; as each step can be undone, no two numbers meet.
 */
#include "data/permutation.h"

#include "base/philox.h"

/* With fewer bits some orders of a short list would never come up. */
enum { LEAST_BITS = 3 };

void crema_permutation_begin(struct crema_permutation *p, uint64_t count,
                             uint32_t seed, uint64_t epoch)
{
    p->count = count;
    p->epoch = epoch;
    p->bits = LEAST_BITS;
    while ((count - 1) >> 2 * p->bits) p->bits++;
    for (uint32_t i = 0; i < CREMA_PERMUTATION_ROUNDS; i += 4) {
        struct crema_philox random =
            crema_philox((uint32_t)epoch, (uint32_t)(epoch >> 32), i,
                         crema_hash("shuffle"), seed, 0);

        for (uint32_t k = 0; k < 4; k++) p->key[i + k] = random.v[k];
    }
}

/* Every bit of the result depends on every bit of x (multiplications and
 * shifts that can be undone). */
static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

uint64_t crema_permutation_at(const struct crema_permutation *p, uint64_t place)
{
    uint64_t mask = ((uint64_t)1 << p->bits) - 1;

    do {
        uint64_t left = place >> p->bits, right = place & mask;

        for (int i = 0; i < CREMA_PERMUTATION_ROUNDS; i++) {
            uint64_t next = left ^ (mix((uint32_t)right ^ p->key[i]) & mask);

            left = right;
            right = next;
        }
        place = left << p->bits | right;
    } while (place >= p->count);
    return place;
}

uint64_t crema_permutation_row(struct crema_permutation *p, uint64_t count,
                               uint32_t seed, uint64_t ordinal)
{
    uint64_t epoch = ordinal / count;

    if (p->count != count || p->epoch != epoch)
        crema_permutation_begin(p, count, seed, epoch);
    return crema_permutation_at(p, ordinal % count);
}
