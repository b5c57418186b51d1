/* blocks.h - rows shuffled in blocks, so that they are read nearly in sequence:
 * for databases that memory does not hold.  Floor 2.
 *
 * In each epoch the rows, cut into blocks of `block` that follow one another,
 * come block by block in a random order, and the rows of each `window` blocks
 * in a random order among themselves.  The first cut lies at a random row, and
 * the last row is followed by the first, so blocks differ from epoch to epoch;
 * what is left of the last one comes last.  All of it depends on the seed and
 * the ordinal alone.
 */
#ifndef CREMA_DATA_BLOCKS_H
#define CREMA_DATA_BLOCKS_H

#include "data/permutation.h"

struct crema_blocks {
    uint64_t count;         /* rows; at least 1 */
    uint64_t block, window; /* at least 1 */
    uint32_t seed;
    /* All zero: not begun. */
    uint64_t shift;                  /* where the first cut lies */
    struct crema_permutation order;  /* of an epoch's whole blocks */
    struct crema_permutation within; /* of a window's rows */
};

/* The row that comes ordinal-th. */
uint64_t crema_blocks_row(struct crema_blocks *, uint64_t ordinal);

/* How many blocks an epoch has, a smaller last one included. */
uint64_t crema_blocks_each(const struct crema_blocks *);
/* How many rows the k-th of all blocks of all epochs has, in their random
 * order, and its first row; row 0 follows the last one. */
uint64_t crema_blocks_stretch(struct crema_blocks *, uint64_t k,
                              uint64_t *first);

#endif
