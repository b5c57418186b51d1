/* blocks.c - rows shuffled in blocks. */
#include "data/blocks.h"

#include "base/philox.h"

uint64_t crema_blocks_each(const struct crema_blocks *b)
{
    return (b->count + b->block - 1) / b->block;
}

/* The order of blocks in that epoch. */
static void begin_epoch(struct crema_blocks *b, uint64_t epoch)
{
    uint64_t whole = b->count / b->block;
    struct crema_philox random;

    if (b->order.count && b->order.epoch == epoch) return;
    random = crema_philox((uint32_t)epoch, (uint32_t)(epoch >> 32), 0,
                          crema_hash("blocks"), b->seed, 0);
    b->shift = ((uint64_t)random.v[0] << 32 | random.v[1]) % b->count;
    crema_permutation_begin(&b->order, whole ? whole : 1, b->seed, epoch);
}

/* The block that comes `slot`-th in the epoch that was begun; a smaller last
 * one stays where it is. */
static uint64_t block_at(const struct crema_blocks *b, uint64_t slot)
{
    return slot < b->count / b->block ? crema_permutation_at(&b->order, slot)
                                      : slot;
}

uint64_t crema_blocks_row(struct crema_blocks *b, uint64_t ordinal)
{
    uint64_t epoch = ordinal / b->count, place = ordinal % b->count;
    uint64_t rows = b->block * b->window; /* of a window */
    uint64_t begin = place - place % rows;
    uint64_t have = b->count - begin < rows ? b->count - begin : rows;
    uint64_t turn = ordinal - place % rows; /* where this window begins */

    begin_epoch(b, epoch);
    if (b->within.count != have || b->within.epoch != turn)
        crema_permutation_begin(&b->within, have,
                                b->seed ^ crema_hash("window"), turn);
    place = begin + crema_permutation_at(&b->within, place - begin);
    return (b->shift + block_at(b, place / b->block) * b->block +
            place % b->block) %
           b->count;
}

uint64_t crema_blocks_stretch(struct crema_blocks *b, uint64_t k,
                              uint64_t *first)
{
    uint64_t each = crema_blocks_each(b), block;

    begin_epoch(b, k / each);
    block = block_at(b, k % each);
    *first = (b->shift + block * b->block) % b->count;
    return b->count - block * b->block < b->block ? b->count - block * b->block
                                                  : b->block;
}
