/* cuda_launches_pool.c - launches of pooling, of response normalization, of
 * both in one, and of gradients in one, as loops. */
#include "support/cuda_launches.h"

/* ---- pool.cu, lrn.cu ----------------------------------------------------- */

int crema_cuda_pool_max(cudaStream_t s, const struct crema_pool_shape *p,
                        int type, const void *x, void *y, void *ws)
{
    int64_t count = crema_count4(&p->y);

    (void)s;
    if (crema_pool_in_packs(p, type, true)) EACH(i, crema_packs(count, type))
    crema_pack_pool_max(p, type, x, y, ws, i);
    else EACH(i, count) crema_at_pool_max(p, type, x, y, ws, i);
    return 0;
}

int crema_cuda_pool_ave(cudaStream_t s, const struct crema_pool_shape *p,
                        int type, const void *x, void *y)
{
    int64_t count = crema_count4(&p->y);

    (void)s;
    if (crema_pool_in_packs(p, type, false)) EACH(i, crema_packs(count, type))
    crema_pack_pool_ave(p, type, x, y, i);
    else EACH(i, count) crema_at_pool_ave(p, type, x, y, i);
    return 0;
}

int crema_cuda_pool_draw(cudaStream_t s, const struct crema_pool_shape *p,
                         int type, const void *step, const void *x, void *y,
                         void *ws)
{
    const uint32_t *at = step;

    (void)s;
    EACH(i, crema_count4(&p->y))
    crema_at_pool_draw(p, type, *at, x, y, ws, i);
    return 0;
}

int crema_cuda_pool_max_bwd(cudaStream_t s, const struct crema_pool_shape *p,
                            int type, const void *dy, const void *ws, void *dx)
{
    int64_t count = crema_count4(&p->x);

    (void)s;
    if (crema_pool_in_packs(p, type, true)) EACH(i, crema_packs(count, type))
    crema_pack_pool_max_bwd(p, type, dy, ws, dx, i);
    else EACH(i, count) crema_at_pool_max_bwd(p, type, dy, ws, dx, i);
    return 0;
}

int crema_cuda_pool_ave_bwd(cudaStream_t s, const struct crema_pool_shape *p,
                            int type, const void *dy, void *dx)
{
    int64_t count = crema_count4(&p->x);

    (void)s;
    if (crema_pool_in_packs(p, type, false)) EACH(i, crema_packs(count, type))
    crema_pack_pool_ave_bwd(p, type, dy, dx, i);
    else EACH(i, count) crema_at_pool_ave_bwd(p, type, dy, dx, i);
    return 0;
}

int crema_cuda_lrn(cudaStream_t s, const struct crema_lrn *l,
                   const struct crema_axis *a, int type, const void *x, void *y)
{
    (void)s;
    if (crema_lrn_by_8(l, a))
        EACH(i, crema_count3(a) / 8) crema_lrn_8(l, a, type, x, y, i);
    else
        EACH(i, crema_count3(a)) crema_at_lrn(l, a, type, x, y, i);
    return 0;
}

int crema_cuda_lrn_bwd(cudaStream_t s, const struct crema_lrn *l,
                       const struct crema_axis *a, int type, const void *x,
                       const void *dy, void *dx)
{
    (void)s;
    if (crema_lrn_by_8(l, a))
        EACH(i, crema_count3(a) / 8) crema_lrn_bwd_8(l, a, type, x, dy, dx, i);
    else
        EACH(i, crema_count3(a)) crema_at_lrn_bwd(l, a, type, x, dy, dx, i);
    return 0;
}

/* ---- lrn_pool.cu --------------------------------------------------------- */

int crema_cuda_lrn_pool(cudaStream_t s, const struct crema_lrn_pool *l,
                        int type, const void *x, void *y, void *ws)
{
    struct crema_lrn_pool_cut cut = crema_lrn_pool_cut(&l->pool.y);
    int half = crema_lrn_pool_half(l);

    (void)s;
    if (crema_lrn_pool_by_8(l)) EACH(i, cut.items)
    crema_lrn_pool_8(l, type, half, &cut, x, y, ws, i);
    else EACH(i, crema_count4(&l->pool.y))
        crema_at_lrn_pool(l, type, x, y, ws, i);
    return 0;
}

/* ---- chain.cu ------------------------------------------------------------ */

int crema_cuda_chain(cudaStream_t s, const struct crema_chain *c, int type,
                     const void *dy, const void *ws, const void *x, void *dx)
{
    (void)s;
    EACH(i, crema_count4(&c->pool.x))
    crema_at_chain(c, type, dy, ws, x, dx, i);
    return 0;
}

/* A block's part: all its threads begin a position before one ends it. */
static void chain_part(const struct crema_chain *c, int type,
                       const struct crema_cut8 *cut, int64_t from,
                       const void *dy, const void *ws, const void *x, void *dx,
                       float *sums)
{
    float room[CREMA_CUT8_ROOM] = { 0 };
    struct crema_pack sum[CREMA_BLOCK] = { { { 0 } } };
    struct crema_chain_turn turn[CREMA_BLOCK];
    int half = crema_chain_half(c);
    int64_t to = from + cut->each;

    if (to > cut->positions) to = cut->positions;
    for (; from < to; from += cut->lanes) {
        int64_t left = to - from < cut->lanes ? to - from : cut->lanes;

        EACH(me, left * cut->packs)
        {
            turn[me] =
                crema_chain_begin(c, type, half, dy, ws, x,
                                  from + me / cut->packs, (int)me % cut->packs);
            crema_cut8_show(&turn[me].term, (int)me, room);
        }
        EACH(me, left * cut->packs)
        {
            struct crema_pack d =
                crema_chain_end(c, cut, half, &turn[me], (int)me, room);

            crema_store8(dx, type, from * cut->packs + me, &d);
            for (int k = 0; k < 8; k++) sum[me].v[k] += d.v[k];
        }
    }
    EACH(me, CREMA_BLOCK) crema_cut8_show(&sum[me], (int)me, room);
    EACH(k, sums ? 8 * cut->packs : 0)
    sums[k] = crema_cut8_sum(cut, (int)k, room);
}

int crema_cuda_chain_8(cudaStream_t s, const struct crema_chain *c, int type,
                       const struct crema_cut8 *cut, const void *dy,
                       const void *ws, const void *x, void *dx, float *sums)
{
    (void)s;
    EACH(part, cut->parts)
    chain_part(c, type, cut, part * cut->each, dy, ws, x, dx,
               sums ? sums + part * c->pool.x.c : NULL);
    return 0;
}
