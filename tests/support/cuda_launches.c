/* cuda_launches.c - the launchers of src/device/cuda/kernels/kernels.h as
 * loops.
 *
 * Where threads work together (sums, softmax) the work is cut and put together
 * again as the kernels do it, in float32.
 */
#include "support/cuda_launches.h"

#include <string.h>

/* ---- elementwise.cu ------------------------------------------------------ */

int crema_cuda_unary(cudaStream_t s, const struct crema_unary_params *u,
                     int type, int64_t count, const void *x, void *y)
{
    (void)s;
    EACH(i, crema_packs(count, type))
    crema_pack_unary(u, type, count, i, x, y);
    return 0;
}

int crema_cuda_unary_bwd(cudaStream_t s, const struct crema_unary_params *u,
                         int type, int64_t count, const void *v, const void *dy,
                         const void *more, void *dx)
{
    (void)s;
    EACH(i, crema_packs(count, type))
    crema_pack_unary_bwd(u, type, count, i, v, dy, more, dx);
    return 0;
}

/* A block's part: its threads' sums, then those of all. */
static void unary_bwd_part(const struct crema_unary_params *u, int type,
                           const struct crema_cut8 *cut, int64_t from,
                           const void *v, const void *dy, const void *more,
                           void *dx, float *sums)
{
    float room[CREMA_CUT8_ROOM] = { 0 };
    int64_t to = from + cut->each;

    if (to > cut->positions) to = cut->positions;
    EACH(me, CREMA_BLOCK)
    {
        int64_t lane = me / cut->packs, pack = me % cut->packs;
        struct crema_pack sum = { { 0 } };

        for (int64_t i = lane < cut->lanes ? from + lane : to; i < to;
             i += cut->lanes) {
            struct crema_pack d = crema_unary_bwd_8(
                u, type, i * cut->packs + pack, v, dy, more, dx);

            for (int k = 0; k < 8; k++) sum.v[k] += d.v[k];
        }
        crema_cut8_show(&sum, (int)me, room);
    }
    EACH(k, 8 * cut->packs) sums[k] = crema_cut8_sum(cut, (int)k, room);
}

int crema_cuda_unary_bwd_sums(cudaStream_t s,
                              const struct crema_unary_params *u, int type,
                              const struct crema_cut8 *cut, const void *v,
                              const void *dy, const void *more, void *dx,
                              float *sums)
{
    (void)s;
    EACH(part, cut->parts)
    unary_bwd_part(u, type, cut, part * cut->each, v, dy, more, dx,
                   sums + part * 8 * cut->packs);
    return 0;
}

int crema_cuda_sum(cudaStream_t s, const struct crema_many *m, bool relu,
                   int type, int64_t count, void *y)
{
    (void)s;
    EACH(i, crema_packs(count, type))
    crema_pack_sum(m, relu, type, count, i, y);
    return 0;
}

int crema_cuda_product(cudaStream_t s, const struct crema_many *m, int type,
                       int64_t count, void *y)
{
    (void)s;
    EACH(j, count) crema_store(y, type, j, crema_at_product(m, type, -1, j));
    return 0;
}

int crema_cuda_product_bwd(cudaStream_t s, const struct crema_many *m, int type,
                           int64_t count, const void *y, const void *dy)
{
    (void)s;
    EACH(j, count) crema_at_product_bwd(m, type, y, dy, j);
    return 0;
}

int crema_cuda_maximum(cudaStream_t s, const struct crema_many *m, int type,
                       int64_t count, void *y)
{
    (void)s;
    EACH(j, count) crema_at_maximum(m, type, j, y);
    return 0;
}

int crema_cuda_maximum_bwd(cudaStream_t s, const struct crema_many *m, int type,
                           int64_t count, const void *dy)
{
    (void)s;
    EACH(j, count) crema_at_maximum_bwd(m, type, dy, j);
    return 0;
}

int crema_cuda_fill(cudaStream_t s, float value, const float *times, int type,
                    int64_t count, void *y)
{
    (void)s;
    if (times) value *= *times;
    EACH(i, crema_packs(count, type)) crema_pack_fill(value, type, count, i, y);
    return 0;
}

int crema_cuda_dropout(cudaStream_t s, const struct crema_dropout *d,
                       const struct crema_planes *p, int type, int64_t count,
                       const uint32_t *step, const void *x, void *y)
{
    (void)s;
    if (p)
        EACH(i, count) crema_at_dropout(d, type, *step, p, i, x, y);
    else
        EACH(i, crema_packs(count, type))
    crema_pack_dropout(d, type, *step, count, i, x, y);
    return 0;
}

int crema_cuda_scale(cudaStream_t s, const struct crema_scaled *by, int type,
                     const void *x, void *y)
{
    (void)s;
    EACH(i, crema_packs(crema_count3(&by->axis), type))
    crema_pack_scale(by, type, i, x, y);
    return 0;
}

/* ---- pictures.cu --------------------------------------------------------- */

int crema_cuda_pictures(cudaStream_t s, const struct crema_pictures_shape *p,
                        const uint8_t *bytes, const int32_t *places,
                        const float *mean, void *y)
{
    (void)s;
    EACH(i, crema_pictures_items(p))
    if (crema_pictures_by_pixel(p))
        crema_at_pixel(p, bytes, places, mean, y, i);
    else
        crema_at_pictures(p, bytes, places, mean, y, i);
    return 0;
}

int crema_cuda_cut(cudaStream_t s, const struct crema_cut_shape *c,
                   const struct crema_cut_from *from, uint8_t *to)
{
    (void)s;
    EACH(i, c->n * c->rows * c->row)
    crema_at_cut(c, from, to, i);
    return 0;
}

/* ---- channels.cu --------------------------------------------------------- */

/* One part of one entry. */
static struct crema_two part(const struct crema_summands *s,
                             const struct crema_sum_cut *cut, int64_t k,
                             int64_t c)
{
    int rows = (int)(CREMA_BLOCK / cut->columns);
    float va[CREMA_BLOCK] = { 0 }, vb[CREMA_BLOCK] = { 0 };

    for (int y = 0; y < rows; y++) {
        struct crema_two sum =
            crema_part_of_sum(s, cut, s->type, k, c, y, rows);

        va[y] = sum.a;
        vb[y] = sum.b;
    }
    return (struct crema_two){ tree_sum(va, rows), tree_sum(vb, rows) };
}

int crema_cuda_add_parts(cudaStream_t stream, int64_t length, int64_t parts,
                         float factor, const float *rows, float *a, float *b)
{
    enum { ROWS = CREMA_BLOCK / CREMA_PART_COLUMNS };
    float *to[2] = { a, b };

    (void)stream;
    for (int k = 0; k < 2; k++, rows += parts * length)
        EACH(c, to[k] ? length : 0)
    {
        float v[ROWS];

        for (int y = 0; y < ROWS; y++)
            v[y] = crema_part_of_parts(rows, length, parts, c, y, ROWS);
        to[k][c] = tree_sum(v, ROWS) * factor;
    }
    return 0;
}

int crema_cuda_sums(cudaStream_t stream, const struct crema_summands *s,
                    float factor, float *room, float *a, float *b)
{
    struct crema_sum_cut cut = crema_sum_cut(&s->axis);
    int64_t length = s->axis.length, behind = cut.parts * length;

    EACH(c, cut.parts == 1 ? length : 0)
    {
        struct crema_two sum = part(s, &cut, 0, c);

        if (a) a[c] = sum.a * factor;
        if (b) b[c] = sum.b * factor;
    }
    if (cut.parts == 1) return 0;
    EACH(i, behind)
    {
        struct crema_two sum = part(s, &cut, i / length, i % length);

        room[i] = sum.a;
        if (b) room[behind + i] = sum.b;
    }
    return crema_cuda_add_parts(stream, length, cut.parts, factor, room, a, b);
}

int crema_cuda_normalize(cudaStream_t s, const struct crema_normed *n,
                         const void *x, const void *z, void *y)
{
    (void)s;
    EACH(i, crema_packs(crema_count3(&n->axis), n->type))
    crema_pack_norm(n, n->type, i, x, z, y);
    return 0;
}

int crema_cuda_normalize_bwd(cudaStream_t s, const struct crema_normed *n,
                             const float *dot, const float *sum, const void *x,
                             const void *dy, void *dx)
{
    (void)s;
    EACH(i, crema_packs(crema_count3(&n->axis), n->type))
    crema_pack_norm_bwd(n, n->type, dot, sum, i, x, dy, dx);
    return 0;
}

int crema_cuda_affine(cudaStream_t s, const struct crema_normed *n,
                      const float *added, float *a, float *shift)
{
    (void)s;
    EACH(c, n->axis.length) crema_at_affine(n, c, added, a, shift);
    return 0;
}

int crema_cuda_running(cudaStream_t s, float fraction, float of_mean,
                       float of_var, int64_t channels, const float *mean,
                       const float *var, float *sum_mean, float *sum_var,
                       float *factor)
{
    (void)s;
    EACH(c, channels)
    crema_at_running(fraction, of_mean, of_var, c, mean, var, sum_mean,
                     sum_var);
    if (factor) *factor = *factor * fraction + 1.0f;
    return 0;
}

/* ---- move.cu ------------------------------------------------------------- */

int crema_cuda_zero(cudaStream_t s, void *to, size_t bytes)
{
    (void)s;
    memset(to, 0, bytes);
    return 0;
}

int crema_cuda_copy(cudaStream_t s, const void *from, void *to, size_t bytes)
{
    (void)s;
    memmove(to, from, bytes);
    return 0;
}

int crema_cuda_rows(cudaStream_t s, const struct crema_rows *r,
                    const void *from, void *to)
{
    (void)s;
    EACH(i, r->rows * r->n) crema_at_rows(r, r->unit, from, to, i);
    return 0;
}

int crema_cuda_convert(cudaStream_t s, int from, const void *x, int to, void *y,
                       int64_t count)
{
    (void)s;
    EACH(i, (count + 7) / 8) crema_convert_8(from, x, to, y, count, i);
    return 0;
}

int crema_cuda_turn(cudaStream_t s, const struct crema_turn *t, int from,
                    const void *x, int to, void *y)
{
    (void)s;
    EACH(i, crema_tiles(t))
    {
        struct crema_tile tile = crema_tile_at(t, i);
        float room[CREMA_TILE][CREMA_TILE];

        EACH(k, CREMA_TILE * CREMA_TILE)
        {
            int row = (int)k / CREMA_TILE, column = (int)k % CREMA_TILE;
            int64_t at = crema_turn_from(t, &tile, row, column);

            room[row][column] = at >= 0 ? crema_load(x, from, at) : 0.0f;
        }
        EACH(k, CREMA_TILE * CREMA_TILE)
        {
            int row = (int)k % CREMA_TILE, column = (int)k / CREMA_TILE;
            int64_t at = crema_turn_to(t, &tile, row, column);

            if (at >= 0) crema_store(y, to, at, room[row][column]);
        }
    }
    return 0;
}

int crema_cuda_reorder(cudaStream_t s, const struct crema_layout *from,
                       const void *x, const struct crema_layout *to, void *y,
                       int64_t count)
{
    (void)s;
    EACH(i, count) crema_at_reorder(from, x, to, y, i);
    return 0;
}

/* ---- learn.cu ------------------------------------------------------------ */

int crema_cuda_update(cudaStream_t s, const struct crema_update *u,
                      const struct crema_pace *pace,
                      const struct crema_updated *m, int64_t count)
{
    (void)s;
    EACH(i, (count + 3) / 4) crema_update_4(u, pace, m, count, i);
    return 0;
}

int crema_cuda_update_joined(cudaStream_t s, const struct crema_joined *j,
                             unsigned blocks)
{
    (void)s;
    for (unsigned block = 0; block < blocks; block++)
        for (unsigned thread = 0; thread < CREMA_BLOCK; thread++)
            crema_at_joined(j, block, thread);
    return 0;
}

int crema_cuda_loss_ring(cudaStream_t s, const struct crema_ring_weights *w,
                         const struct crema_ringed *m, const uint32_t *step,
                         float *ring)
{
    (void)s;
    crema_at_ring(w, m, step, ring);
    return 0;
}

int crema_cuda_loss_scale(cudaStream_t stream,
                          const struct crema_loss_scaling *s,
                          const float *squares, const float *held, float *state,
                          float *factor)
{
    (void)stream;
    crema_at_loss_scale(s, squares, held, state, factor);
    return 0;
}

int crema_cuda_local_rate(cudaStream_t s, const struct crema_local_rate *l,
                          const struct crema_localized *m, float *factor)
{
    (void)s;
    crema_at_local_rate(l, m, factor);
    return 0;
}

int crema_cuda_accumulate(cudaStream_t s, int type, int64_t count,
                          const void *x, float *sum)
{
    (void)s;
    EACH(i, (count + 3) / 4) crema_accumulate_4(type, count, i, x, sum);
    return 0;
}

int crema_cuda_squares(cudaStream_t s, int type, int64_t count, const void *x,
                       float *parts)
{
    int64_t step = (int64_t)CREMA_CLIP_PARTS * CREMA_BLOCK;

    (void)s;
    EACH(block, CREMA_CLIP_PARTS)
    {
        float v[CREMA_BLOCK];

        for (int y = 0; y < CREMA_BLOCK; y++)
            v[y] = crema_part_of_squares(x, type, count,
                                         block * CREMA_BLOCK + y, step);
        parts[block] = tree_sum(v, CREMA_BLOCK);
    }
    return 0;
}

int crema_cuda_clip(cudaStream_t s, const struct crema_clip *c, int64_t nparts,
                    const float *parts, const float *before, float *y)
{
    float v[CREMA_BLOCK] = { 0 };

    (void)s;
    EACH(i, nparts) v[i % CREMA_BLOCK] += parts[i];
    *y = crema_at_clip(c, tree_sum(v, CREMA_BLOCK) + (before ? *before : 0));
    return 0;
}
