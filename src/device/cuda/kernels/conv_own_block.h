/* conv_own_block.h - what the warps of a block do, one after the other or at
 * once, between its barriers:
 *
 *   begin | lead, then for each step: wait | step; end
 *
 * where | is a barrier.
 *
 * Before this header comes one with what a warp's 32 lanes do together: of a
 * GPU, conv_warp.cuh, or the tests' stand-in, which has all lanes of a warp in
 * one struct.  It brings
 *
 *   OWN_FUNCTION          how a function of this header is declared
 *   OWN_LANES             lanes in a struct: 1 or 32
 *   crema_own_lane        which of the warp's lanes is number l of the struct
 *   crema_own_copy        begins to copy a chunk to shared memory, or zeros it
 *   crema_own_copied      the copies since the last call are a step's
 *   crema_own_fragments   ldmatrix: four 8x8 parts of two-byte numbers
 *   crema_own_multiply    mma: 16x8 sums += 16x32 bytes times 32 bytes x8
 *   crema_own_to_tf32     float32 rounded to the nearest
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CONV_OWN_BLOCK_H
#define CREMA_DEVICE_CUDA_KERNELS_CONV_OWN_BLOCK_H

#include "device/cuda/kernels/conv_own.h"

#define OWN_EACH_LANE(l) for (int l = 0; l < OWN_LANES; l++)

/* Everything is inlined where `kind` is a constant, so that sums and fragments
 * stay in registers. */
OWN_FUNCTION int crema_own_thread(int warp, int l)
{
    return 32 * warp + crema_own_lane(l);
}

/* ---- copying ------------------------------------------------------------- */

OWN_FUNCTION struct crema_own_pixel *
crema_own_table_in(struct crema_own_kind kind, char *room)
{
    return (struct crema_own_pixel *)(void *)(room + crema_own_table(kind));
}

/* The table's entries for a step of dW. */
OWN_FUNCTION void crema_own_note(const struct crema_own *o,
                                 const struct crema_own_block *b,
                                 const struct crema_own_kind kind, int thread,
                                 int32_t step, char *room)
{
    int depth = crema_own_depth(kind.type);

    if (thread < depth)
        crema_own_table_in(kind, room)[step % OWN_STAGES * depth + thread] =
            crema_own_pixel(o, b, (b->first + step) * depth + thread);
}

/* Where a thread's chunk number i of a panel goes.  They are in one column, and
 * so many rows apart that their places in the rows are the same. */
OWN_FUNCTION uint32_t crema_own_chunk_at(const struct crema_own_kind kind,
                                         bool left, int thread, int i)
{
    const int chunks = crema_own_chunks(kind, left);

    return crema_own_place(kind, left, thread / chunks, thread % chunks) +
           (uint32_t)(i * OWN_ROWS * OWN_CHUNK);
}

/* The left panel.  A thread's chunks are of one tap. */
OWN_FUNCTION void crema_own_copy_left(const struct crema_own *o,
                                      const struct crema_own_block *b,
                                      const struct crema_own_kind kind,
                                      const struct crema_own_data *d,
                                      int thread, int32_t step, char *room)
{
    const int chunks = crema_own_chunks(kind, true), side = OWN_ROWS / chunks,
              depth = crema_own_depth(kind.type),
              size = crema_own_size(kind.type);
    const bool turned = crema_own_turned(kind.way, true);
    const struct crema_own_pixel *table = crema_own_table_in(kind, room);
    char *panel = room + crema_own_stage(kind, step, true);
    int column = thread % chunks, row = thread / chunks;
    int32_t index = column * crema_own_lanes(kind.type) +
                    (turned ? b->m0 : (b->first + step) * depth);
    bool within = index < (turned ? b->m : b->k);
    struct crema_own_tap t = crema_own_tap(o, b, within ? index : 0);

    if (turned) table += step % OWN_STAGES * depth;
    CREMA_UNROLL
    for (int i = 0; i < (turned ? depth : OWN_ROWS) / side; i++) {
        struct crema_own_pixel p = table[row + i * side];
        bool inside = within && crema_own_inside(o, &p, &t);
        int64_t at = inside ? p.offset + t.offset : 0;

        crema_own_copy(thread,
                       panel + crema_own_chunk_at(kind, true, thread, i),
                       (const char *)d->from + at * size, inside, true);
    }
}

/* The right panel. */
OWN_FUNCTION void crema_own_copy_right(const struct crema_own *o,
                                       const struct crema_own_block *b,
                                       const struct crema_own_kind kind,
                                       const struct crema_own_data *d,
                                       int thread, int32_t step, char *room)
{
    const int chunks = crema_own_chunks(kind, false), side = OWN_ROWS / chunks,
              depth = crema_own_depth(kind.type),
              size = crema_own_size(kind.type);
    const bool turned = crema_own_turned(kind.way, false);
    char *panel = room + crema_own_stage(kind, step, false);
    int column = thread % chunks, row = thread / chunks;
    int32_t k0 = (b->first + step) * depth;

    CREMA_UNROLL
    for (int i = 0; i < (turned ? depth : kind.width) / side; i++) {
        int r = row + i * side, c = column * crema_own_lanes(kind.type);
        int64_t at = turned ? crema_own_with(o, b, kind.way, k0 + r, b->n0 + c)
                            : crema_own_with(o, b, kind.way, k0 + c, b->n0 + r);

        crema_own_copy(
            thread, panel + crema_own_chunk_at(kind, false, thread, i),
            (const char *)d->with + (at < 0 ? 0 : at) * size, at >= 0, false);
    }
}

/* All of a step, or nothing beyond the last; counted in either case. */
OWN_FUNCTION void crema_own_fetch(const struct crema_own *o,
                                  const struct crema_own_block *b,
                                  const struct crema_own_kind kind,
                                  const struct crema_own_data *d, int thread,
                                  int32_t step, char *room)
{
    if (step < b->steps) {
        crema_own_copy_left(o, b, kind, d, thread, step, room);
        crema_own_copy_right(o, b, kind, d, thread, step, room);
    }
    crema_own_copied(thread);
}

/* ---- multiplying ----------------------------------------------------------
 */

/* Where the lane reads of four 8x8 parts that lie two by two, at row or column
 * `from` of the tile: for ldmatrix row lane % 8 of part lane / 8.  The left
 * matrix has its second part below the first, the right one along K. */
OWN_FUNCTION uint32_t crema_own_row_at(const struct crema_own_kind kind,
                                       bool left, int from, int part, int lane)
{
    int first = lane / 8 % 2, second = lane / 16;
    int across = left ? first : second, along = left ? second : first;

    if (crema_own_turned(kind.way, left))
        return crema_own_place(kind, left, 16 * part + lane % 8 + 8 * along,
                               from / 8 + across);
    return crema_own_place(kind, left, from + lane % 8 + 8 * across,
                           2 * part + along);
}

/* The same of float32 that ldmatrix cannot turn: word r of the lane's four. */
OWN_FUNCTION uint32_t crema_own_word_at(const struct crema_own_kind kind,
                                        bool left, int from, int part, int lane,
                                        int r)
{
    int across = left ? r % 2 : r / 2, along = left ? r / 2 : r % 2;
    int column = from + lane / 4 + 8 * across;

    return crema_own_place(kind, left, 8 * part + lane % 4 + 4 * along,
                           column / 4) +
           (uint32_t)(column % 4 * 4);
}

/* Four registers of fragments, number `quad` of the lane. */
OWN_FUNCTION void crema_own_load(const struct crema_own_kind kind, bool left,
                                 int from, int part, int quad,
                                 const char *panel, struct crema_own_warp *w)
{
    bool turned = crema_own_turned(kind.way, left);

    if (kind.type == CREMA_F32 && turned) {
        OWN_EACH_LANE(l)
        CREMA_UNROLL
        for (int r = 0; r < 4; r++)
            memcpy(&w->lane[l].fragment[4 * quad + r],
                   panel + crema_own_word_at(kind, left, from, part,
                                             crema_own_lane(l), r),
                   4);
    } else {
        OWN_EACH_LANE(l)
        w->lane[l].at =
            crema_own_row_at(kind, left, from, part, crema_own_lane(l));
        crema_own_fragments(w, quad, panel, turned);
    }
    if (kind.type != CREMA_F32) return;
    OWN_EACH_LANE(l)
    CREMA_UNROLL
    for (int r = 4 * quad; r < 4 * quad + 4; r++)
        w->lane[l].fragment[r] = crema_own_to_tf32(w->lane[l].fragment[r]);
}

/* The stage's panels, 32 bytes of K at a time. */
OWN_FUNCTION void crema_own_product(const struct crema_own_kind kind, int warp,
                                    int32_t step, const char *room,
                                    struct crema_own_warp *w)
{
    const int row = OWN_ROWS / 2 * (warp % 2), half = kind.width / 2,
              column = half * (warp / 2);
    const char *a = room + crema_own_stage(kind, step, true);
    const char *b = room + crema_own_stage(kind, step, false);

    CREMA_UNROLL
    for (int part = 0; part < OWN_BYTES / 32; part++) {
        CREMA_UNROLL
        for (int i = 0; i < 4; i++)
            crema_own_load(kind, true, row + 16 * i, part, i, a, w);
        CREMA_UNROLL
        for (int j = 0; j < half / 16; j++)
            crema_own_load(kind, false, column + 16 * j, part, 4 + j, b, w);
        CREMA_UNROLL
        for (int i = 0; i < 4; i++) CREMA_UNROLL
        for (int j = 0; j < half / 8; j++)
            crema_own_multiply(kind.type, w, i, j);
    }
}

/* ---- what is left at the end ----------------------------------------------
 */

/* Columns n and n + 1 of a row of Y or dX at `at`. */
OWN_FUNCTION void crema_own_put(const struct crema_own *o,
                                const struct crema_own_kind kind,
                                const struct crema_own_data *d,
                                const float *bias, int64_t at, const float *sum)
{
    float v[2] = { sum[0], sum[1] };

    if (kind.way == OWN_FORWARD && bias) {
        v[0] += bias[0];
        v[1] += bias[1];
    }
    if (kind.way == OWN_FORWARD && o->relu) {
        v[0] = v[0] > 0 ? v[0] : 0;
        v[1] = v[1] > 0 ? v[1] : 0;
    }
    if (kind.type == CREMA_F32) {
        memcpy(__builtin_assume_aligned((char *)d->to + 4 * at, 8), v, 8);
    } else {
        uint32_t pair = crema_pair(kind.type, v[0], v[1]);

        memcpy(__builtin_assume_aligned((char *)d->to + 2 * at, 4), &pair, 4);
    }
}

/* Two columns of row m of dW, or of one part of its sums. */
OWN_FUNCTION void crema_own_put_weights(const struct crema_own *o,
                                        const struct crema_own_block *b,
                                        const struct crema_own_kind kind,
                                        const struct crema_own_data *d,
                                        int32_t m, int32_t n, const float *sum)
{
    int64_t at = crema_own_to_weight(o, b, m, n);

    for (int e = 0; e < 2; e++, at += b->m) {
        if (o->splits > 1)
            d->parts[b->split * crema_own_weights(o) + at] = sum[e];
        else
            crema_store(d->to, kind.type, at, sum[e]);
    }
}

/* A lane's sums, two neighbouring columns at a time. */
OWN_FUNCTION void crema_own_store(const struct crema_own *o,
                                  const struct crema_own_block *b,
                                  const struct crema_own_kind kind,
                                  const struct crema_own_data *d, int warp,
                                  int lane, const struct crema_own_lane *w)
{
    const int half = kind.width / 2;
    int32_t n0 = b->n0 + half * (warp / 2) + 2 * (lane % 4);

    CREMA_UNROLL
    for (int i = 0; i < 8; i++) {
        int32_t m = b->m0 + OWN_ROWS / 2 * (warp % 2) + 8 * i + lane / 4;
        int64_t to = 0;

        if (m >= b->m) continue;
        if (kind.way != OWN_WEIGHTS) to = crema_own_to(o, b, m);
        CREMA_UNROLL
        for (int j = 0; j < half / 8; j++) {
            const float *sum = &w->sum[i / 2][j][2 * (i % 2)];
            int32_t n = n0 + 8 * j;

            if (n >= o->to_each) continue;
            if (kind.way == OWN_WEIGHTS)
                crema_own_put_weights(o, b, kind, d, m, n, sum);
            else
                crema_own_put(o, kind, d,
                              d->bias ? d->bias + b->group * o->to_each + n
                                      : NULL,
                              to + n, sum);
        }
    }
}

/* ---- the phases ------------------------------------------------------------
 */

OWN_FUNCTION void crema_own_begin(const struct crema_own *o,
                                  const struct crema_own_block *b,
                                  const struct crema_own_kind kind, int warp,
                                  char *room, struct crema_own_warp *w)
{
    OWN_EACH_LANE(l)
    {
        int thread = crema_own_thread(warp, l);

        if (kind.way != OWN_WEIGHTS)
            crema_own_table_in(kind, room)[thread] =
                crema_own_pixel(o, b, b->m0 + thread);
        for (int s = 0; s < OWN_STAGES && kind.way == OWN_WEIGHTS; s++)
            crema_own_note(o, b, kind, thread, s, room);
        CREMA_UNROLL
        for (int i = 0; i < 4; i++) CREMA_UNROLL
        for (int j = 0; j < kind.width / 16; j++) CREMA_UNROLL
        for (int r = 0; r < 4; r++) w->lane[l].sum[i][j][r] = 0;
    }
}

OWN_FUNCTION void crema_own_lead(const struct crema_own *o,
                                 const struct crema_own_block *b,
                                 const struct crema_own_kind kind,
                                 const struct crema_own_data *d, int warp,
                                 char *room)
{
    OWN_EACH_LANE(l)
    for (int s = 0; s < OWN_STAGES - 1; s++)
        crema_own_fetch(o, b, kind, d, crema_own_thread(warp, l), s, room);
}

/* The stage that was multiplied in the last step is free, and so are its
 * pixels: what was copied with their help has been begun before the barrier. */
OWN_FUNCTION void
crema_own_step(const struct crema_own *o, const struct crema_own_block *b,
               const struct crema_own_kind kind, const struct crema_own_data *d,
               int warp, int32_t step, char *room, struct crema_own_warp *w)
{
    OWN_EACH_LANE(l)
    {
        int thread = crema_own_thread(warp, l);

        if (kind.way == OWN_WEIGHTS)
            crema_own_note(o, b, kind, thread, step + OWN_STAGES, room);
        crema_own_fetch(o, b, kind, d, thread, step + OWN_STAGES - 1, room);
    }
    crema_own_product(kind, warp, step, room, w);
}

OWN_FUNCTION void crema_own_end(const struct crema_own *o,
                                const struct crema_own_block *b,
                                const struct crema_own_kind kind,
                                const struct crema_own_data *d, int warp,
                                const struct crema_own_warp *w)
{
    OWN_EACH_LANE(l)
    crema_own_store(o, b, kind, d, warp, crema_own_lane(l), &w->lane[l]);
}

#endif
