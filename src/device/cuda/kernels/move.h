/* move.h - one thread's share of moving numbers: parts of an axis, and from one
 * layout to another. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_MOVE_H
#define CREMA_DEVICE_CUDA_KERNELS_MOVE_H

#include "device/cuda/kernels/values.h"

/* Rows of n units: row r is at r * from_step and goes to r * to_step. */
struct crema_rows {
    int64_t rows, n, from_step, to_step; /* in units */
    int unit;                            /* bytes: 1, 2, 4, 8 or 16 */
};

/* The same rows in the largest units that fit all of them; both ends begin at
 * multiples of `offset` bytes. */
CREMA_FORMULA struct crema_rows crema_rows_widest(struct crema_rows r,
                                                  uint64_t offset)
{
    while (r.unit < 16 && r.n % 2 == 0 && r.from_step % 2 == 0 &&
           r.to_step % 2 == 0 && offset % (2 * (uint64_t)r.unit) == 0) {
        r.n /= 2;
        r.from_step /= 2;
        r.to_step /= 2;
        r.unit *= 2;
    }
    return r;
}

/* `unit` is r->unit, a constant where this is compiled for the GPU. */
CREMA_FORMULA void crema_at_rows(const struct crema_rows *r, int unit,
                                 const void *from, void *to, int64_t i)
{
    int64_t row = i / r->n, column = i % r->n;
    const char *x = (const char *)from + (row * r->from_step + column) * unit;
    char *y = (char *)to + (row * r->to_step + column) * unit;

    switch (unit) {
    case 16:
        memcpy(__builtin_assume_aligned(y, 16), __builtin_assume_aligned(x, 16),
               16);
        break;
    case 8:
        memcpy(__builtin_assume_aligned(y, 8), __builtin_assume_aligned(x, 8),
               8);
        break;
    case 4:
        memcpy(__builtin_assume_aligned(y, 4), __builtin_assume_aligned(x, 4),
               4);
        break;
    case 2:
        memcpy(__builtin_assume_aligned(y, 2), __builtin_assume_aligned(x, 2),
               2);
        break;
    default:
        *y = *x;
    }
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

/* Element i of the row-major order, from any type to any. */
CREMA_FORMULA void crema_at_reorder(const struct crema_layout *from,
                                    const void *x,
                                    const struct crema_layout *to, void *y,
                                    int64_t i)
{
    crema_store(y, (int)to->type, crema_at_layout(to, i),
                crema_load(x, (int)from->type, crema_at_layout(from, i)));
}

/* ---- one type to another, in the same order: 8 numbers ------------------- */

CREMA_FORMULA void crema_convert_8(int from, const void *x, int to, void *y,
                                   int64_t count, int64_t at)
{
    if (8 * at + 8 <= count) {
        struct crema_pack p = crema_load8(x, from, at);

        crema_store8(y, to, at, &p);
    } else {
        for (int64_t i = 8 * at; i < count; i++)
            crema_store(y, to, i, crema_load(x, from, i));
    }
}

/* ---- rows and columns changed about -------------------------------------- */

/* Each image of x has rows x columns numbers, of y columns x rows: so channels
 * get innermost, or outermost again.  Tiles of 32 x 32 go through memory that
 * the threads of a block share, so that both sides lie side by side. */
struct crema_turn {
    int64_t images, rows, columns;
    int64_t padded; /* rows that y has, those beyond x's zero */
};

enum { CREMA_TILE = 32 };

CREMA_FORMULA int64_t crema_tiles(const struct crema_turn *t)
{
    return t->images * ((t->padded + CREMA_TILE - 1) / CREMA_TILE) *
           ((t->columns + CREMA_TILE - 1) / CREMA_TILE);
}

struct crema_tile {
    int64_t image, row, column; /* the first */
};

CREMA_FORMULA struct crema_tile crema_tile_at(const struct crema_turn *t,
                                              int64_t i)
{
    int64_t across = (t->columns + CREMA_TILE - 1) / CREMA_TILE;
    int64_t down = (t->padded + CREMA_TILE - 1) / CREMA_TILE;
    struct crema_tile tile;

    tile.column = i % across * CREMA_TILE;
    tile.row = i / across % down * CREMA_TILE;
    tile.image = i / across / down;
    return tile;
}

/* Offset in x of the tile's row and column, -1 where there is none. */
CREMA_FORMULA int64_t crema_turn_from(const struct crema_turn *t,
                                      const struct crema_tile *tile, int row,
                                      int column)
{
    int64_t r = tile->row + row, c = tile->column + column;

    if (r >= t->rows || c >= t->columns) return -1;
    return (tile->image * t->rows + r) * t->columns + c;
}

/* The same in y. */
CREMA_FORMULA int64_t crema_turn_to(const struct crema_turn *t,
                                    const struct crema_tile *tile, int row,
                                    int column)
{
    int64_t r = tile->row + row, c = tile->column + column;

    if (r >= t->padded || c >= t->columns) return -1;
    return (tile->image * t->columns + c) * t->padded + r;
}

#endif
