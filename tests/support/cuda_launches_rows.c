/* cuda_launches_rows.c - the launchers of kernels/rows.cu and regions.cu as loops; sums are
 * cut and put together as the kernels do it. */
#include "support/cuda_launches.h"

#include <math.h>

int crema_cuda_arrange(cudaStream_t s, const struct crema_arrange *a,
                       int64_t count, const float *x, float *y)
{
    (void)s;
    EACH(i, count) y[i] = x[crema_arranged(a, i)];
    return 0;
}

int crema_cuda_arrange_bwd(cudaStream_t s, const struct crema_arrange *a,
                           const float *dy, float *dx)
{
    (void)s;
    EACH(j, crema_arrange_count(a, false)) crema_at_arrange_bwd(a, dy, dx, j);
    return 0;
}

int crema_cuda_gather(cudaStream_t s, const struct crema_gathered *g,
                      const float *x, const float *index, float *y)
{
    (void)s;
    EACH(i, g->n * g->each) y[i] = crema_at_gather(g, x, index, i);
    return 0;
}

int crema_cuda_gather_bwd(cudaStream_t s, const struct crema_gathered *g,
                          const float *index, const float *dy, float *dx)
{
    (void)s;
    EACH(j, g->rows * g->each) dx[j] = crema_at_gather_bwd(g, index, dy, j);
    return 0;
}

int crema_cuda_prelu(cudaStream_t s, const struct crema_sides *d,
                     const float *x, const float *a, const float *v, float *y)
{
    (void)s;
    EACH(i, d->outer * d->length * d->inner)
    y[i] = crema_at_prelu(d, x, a, v, i);
    return 0;
}

int crema_cuda_prelu_slopes(cudaStream_t s, const struct crema_sides *d,
                            const float *x, const float *dy, float *da)
{
    (void)s;
    EACH(c, d->length)
    {
        float part[CREMA_BLOCK];

        EACH(t, CREMA_BLOCK)
        part[t] = crema_part_of_slope(d, x, dy, c, t, CREMA_BLOCK);
        da[c] = tree_sum(part, CREMA_BLOCK);
    }
    return 0;
}

int crema_cuda_reduce(cudaStream_t s, const struct crema_reduce *r,
                      const float *x, float *y)
{
    (void)s;
    EACH(i, r->sides.outer * r->sides.inner)
    {
        float part[CREMA_BLOCK];

        EACH(t, CREMA_BLOCK)
        part[t] = crema_part_of_reduce(r, x, i, t, CREMA_BLOCK);
        y[i] = r->coeff * tree_sum(part, CREMA_BLOCK);
    }
    return 0;
}

int crema_cuda_reduce_bwd(cudaStream_t s, const struct crema_reduce *r,
                          const float *x, const float *dy, float *dx)
{
    (void)s;
    EACH(j, r->sides.outer * r->sides.length * r->sides.inner)
    dx[j] = crema_at_reduce_bwd(r, x, dy, j);
    return 0;
}

static float row_sum(const float *x, float less, bool squares, int64_t n)
{
    float part[CREMA_BLOCK];

    EACH(t, CREMA_BLOCK)
    part[t] = crema_part_of_row(x, less, squares, n, t, CREMA_BLOCK);
    return tree_sum(part, CREMA_BLOCK);
}

static float row_dot(const float *x, const float *y, int64_t n)
{
    float part[CREMA_BLOCK];

    EACH(t, CREMA_BLOCK)
    part[t] = crema_part_of_row_dot(x, y, n, t, CREMA_BLOCK);
    return tree_sum(part, CREMA_BLOCK);
}

int crema_cuda_standardize(cudaStream_t s, const struct crema_standardize *d,
                           const float *x, float *y, float *factor)
{
    float n = (float)d->length;

    (void)s;
    EACH(r, d->rows)
    {
        const float *row = x + r * d->length;
        float mean = row_sum(row, 0, false, d->length) / n;
        float square = row_sum(row, mean, true, d->length);

        factor[r] = 1 / (sqrtf(square / n) + d->eps);
        EACH(i, d->length)
        y[r * d->length + i] = (row[i] - mean) * factor[r];
    }
    return 0;
}

int crema_cuda_standardize_bwd(cudaStream_t s,
                               const struct crema_standardize *d,
                               const float *y, const float *factor,
                               const float *dy, float *dx)
{
    float n = (float)d->length;

    (void)s;
    EACH(r, d->rows)
    {
        int64_t at = r * d->length;
        float mean = row_sum(dy + at, 0, false, d->length) / n;
        float dot = row_dot(y + at, dy + at, d->length) / n;

        EACH(i, d->length)
        dx[at + i] = (dy[at + i] - mean - y[at + i] * dot) * factor[r];
    }
    return 0;
}

int crema_cuda_lstm(cudaStream_t s, const struct crema_cells *l, float *c,
                    float *h)
{
    (void)s;
    EACH(i, l->batch * l->cells) crema_at_lstm(l, c, h, i);
    return 0;
}

int crema_cuda_lstm_bwd(cudaStream_t s, const struct crema_cells *l,
                        const float *dc, const float *dh, float *dc_prev,
                        float *dgates)
{
    (void)s;
    EACH(i, l->batch * l->cells)
    crema_at_lstm_bwd(l, dc, dh, dc_prev, dgates, i);
    return 0;
}

int crema_cuda_regions(cudaStream_t s, const struct crema_region_grid *g,
                       const float *x, const float *regions, float *y,
                       float *place)
{
    (void)s;
    EACH(i, g->r * g->k * g->p * g->q)
    y[i] = crema_at_regions(g, x, regions, i, g->sensitive ? NULL : place + i);
    return 0;
}

int crema_cuda_regions_bwd(cudaStream_t s, const struct crema_region_grid *g,
                           const float *dy, const float *regions,
                           const float *place, float *dx)
{
    (void)s;
    EACH(j, g->n * g->c * g->h * g->w)
    dx[j] = crema_at_regions_bwd(g, dy, regions, place, j);
    return 0;
}
