/* rows.h - one thread's share of numbers moved, gathered, summed by rows, and
 * of the cells of an LSTM.  All dense float32. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_ROWS_H
#define CREMA_DEVICE_CUDA_KERNELS_ROWS_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/arrange.h"
#include "device/formula/lstm.h"
#include "device/ops/params.h"

/* ---- arrange ------------------------------------------------------------- */

/* Elements of X that are read, times how often each. */
CREMA_FORMULA int64_t crema_arrange_count(const struct crema_arrange *a,
                                          bool repeated)
{
    int64_t n = 1;

    for (int k = 0; k < a->ndims; k++)
        if ((a->stride[k] == 0) == repeated) n *= a->dim[k];
    return n;
}

/* dX of the j-th element that is read: the sum of its dY, in their order. */
CREMA_FORMULA void crema_at_arrange_bwd(const struct crema_arrange *a,
                                        const float *dy, float *dx, int64_t j)
{
    int64_t times = crema_arrange_count(a, true), at = a->offset, y = 0;
    int64_t step[CREMA_MAX_DIMS], whole = 1;
    float sum = 0;

    for (int k = a->ndims - 1; k >= 0; k--) {
        step[k] = whole;
        whole *= a->dim[k];
        if (a->stride[k] == 0) continue;
        at += j % a->dim[k] * a->stride[k];
        y += j % a->dim[k] * step[k];
        j /= a->dim[k];
    }
    for (int64_t r = 0; r < times; r++) {
        int64_t from = y, left = r;

        for (int k = a->ndims - 1; k >= 0; k--) {
            if (a->stride[k] != 0) continue;
            from += left % a->dim[k] * step[k];
            left /= a->dim[k];
        }
        sum += dy[from];
    }
    dx[at] = sum;
}

/* ---- gather -------------------------------------------------------------- */

/* Rows of `each` numbers, `rows` of them, by n indices. */
struct crema_gathered {
    int64_t rows, each, n;
};

/* An index that is none gives 0: the host has refused it where it could. */
CREMA_FORMULA float crema_at_gather(const struct crema_gathered *g,
                                    const float *x, const float *index,
                                    int64_t i)
{
    float row = index[i / g->each];

    return row > -1 && row < (float)g->rows
               ? x[(int64_t)row * g->each + i % g->each]
               : 0.0f;
}

CREMA_FORMULA float crema_at_gather_bwd(const struct crema_gathered *g,
                                        const float *index, const float *dy,
                                        int64_t j)
{
    int64_t row = j / g->each;
    float sum = 0;

    for (int64_t i = 0; i < g->n; i++)
        if (index[i] > -1 && (int64_t)index[i] == row)
            sum += dy[i * g->each + j % g->each];
    return sum;
}

/* ---- prelu --------------------------------------------------------------- */

CREMA_FORMULA float crema_at_prelu(const struct crema_sides *s, const float *x,
                                   const float *a, const float *v, int64_t i)
{
    return x[i] > 0 ? v[i] : a[i / s->inner % s->length] * v[i];
}

/* Every step-th summand of slope c, from `first` on. */
CREMA_FORMULA float crema_part_of_slope(const struct crema_sides *s,
                                        const float *x, const float *dy,
                                        int64_t c, int64_t first, int64_t step)
{
    float sum = 0;

    for (int64_t i = first; i < s->outer * s->inner; i += step) {
        int64_t at = (i / s->inner * s->length + c) * s->inner + i % s->inner;

        if (!(x[at] > 0)) sum += dy[at] * x[at];
    }
    return sum;
}

/* ---- reduce -------------------------------------------------------------- */

CREMA_FORMULA float crema_part_of_reduce(const struct crema_reduce *r,
                                         const float *x, int64_t i,
                                         int64_t first, int64_t step)
{
    const struct crema_sides *s = &r->sides;
    const float *from = x + i / s->inner * s->length * s->inner + i % s->inner;
    float sum = 0;

    for (int64_t k = first; k < s->length; k += step) {
        float v = from[k * s->inner];

        sum += r->f == CREMA_REDUCE_SUM   ? v
               : r->f == CREMA_REDUCE_ABS ? fabsf(v)
                                          : v * v;
    }
    return sum;
}

CREMA_FORMULA float crema_at_reduce_bwd(const struct crema_reduce *r,
                                        const float *x, const float *dy,
                                        int64_t j)
{
    const struct crema_sides *s = &r->sides;
    float d =
        r->coeff * dy[j / (s->length * s->inner) * s->inner + j % s->inner];

    if (r->f == CREMA_REDUCE_SQUARES) return d * 2 * x[j];
    if (r->f == CREMA_REDUCE_ABS) return x[j] > 0 ? d : x[j] < 0 ? -d : 0.0f;
    return d;
}

/* ---- standardize: sums over a row, `step` elements apart ----------------- */

CREMA_FORMULA float crema_part_of_row(const float *x, float less, bool squares,
                                      int64_t n, int64_t first, int64_t step)
{
    float sum = 0;

    for (int64_t i = first; i < n; i += step) {
        float v = x[i] - less;

        sum += squares ? v * v : v;
    }
    return sum;
}

CREMA_FORMULA float crema_part_of_row_dot(const float *x, const float *y,
                                          int64_t n, int64_t first,
                                          int64_t step)
{
    float sum = 0;

    for (int64_t i = first; i < n; i += step) sum += x[i] * y[i];
    return sum;
}

/* ---- lstm ---------------------------------------------------------------- */

/* Of `cells` x `batch` cells. */
struct crema_cells {
    int64_t batch, cells;
    const float *c_prev, *gates, *cont;
};

CREMA_FORMULA void crema_at_lstm(const struct crema_cells *l, float *c,
                                 float *h, int64_t i)
{
    int64_t n = i / l->cells;

    crema_lstm_cell(l->c_prev[i], l->gates + 4 * n * l->cells + i % l->cells,
                    l->cells, l->cont[n], c + i, h + i);
}

/* dc dh, dc_prev dgates: any may be NULL */
CREMA_FORMULA void crema_at_lstm_bwd(const struct crema_cells *l,
                                     const float *dc, const float *dh,
                                     float *dc_prev, float *dgates, int64_t i)
{
    int64_t n = i / l->cells, at = 4 * n * l->cells + i % l->cells;
    float gate[4], before, slope[4];

    for (int k = 0; k < 4; k++) gate[k] = l->gates[at + k * l->cells];
    crema_lstm_slope(l->c_prev[i], gate, 1, l->cont[n], dc ? dc[i] : 0.0f,
                     dh ? dh[i] : 0.0f, &before, slope);
    if (dc_prev) dc_prev[i] = before;
    for (int k = 0; k < 4 && dgates; k++) dgates[at + k * l->cells] = slope[k];
}

#endif
