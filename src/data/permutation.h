/* permutation.h - the numbers 0 to count - 1 in an order that a seed and an
 * epoch decide, without a table.  Floor 2.
 */
#ifndef CREMA_DATA_PERMUTATION_H
#define CREMA_DATA_PERMUTATION_H

#include <stdint.h>

enum { CREMA_PERMUTATION_ROUNDS = 8 };

/* All zero: not begun. */
struct crema_permutation {
    uint64_t count, epoch;
    unsigned bits; /* of half a number */
    uint32_t key[CREMA_PERMUTATION_ROUNDS];
};

/* count: at least 1, at most 2^62. */
void crema_permutation_begin(struct crema_permutation *, uint64_t count,
                             uint32_t seed, uint64_t epoch);
/* What stands at `place`, which is below count. */
uint64_t crema_permutation_at(const struct crema_permutation *, uint64_t place);

/* The row that comes ordinal-th when all of `count` rows are shuffled anew in
 * each epoch; begins the permutation of its epoch where it must. */
uint64_t crema_permutation_row(struct crema_permutation *, uint64_t count,
                               uint32_t seed, uint64_t ordinal);

#endif
