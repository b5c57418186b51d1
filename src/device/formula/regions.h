/* regions.h - pooling over a grid of bins in regions of a picture, for gcc and
 * nvcc alike.
 *
 * A region is five numbers: image, left, top, right, bottom; the borders belong
 * to it, and count `scale` times.  Two ways, each with its own rounding:
 *
 *   maximum    channel k of the output is the maximum of channel k
 *   sensitive  bin (p, q) of channel k is the average of channel (k P + p) Q +
 * q
 *
 * A bin without any element is 0.  So is all of a region of an image that is
 * not there.  Every product is rounded to float by itself, so that bins begin
 * and end at the same places wherever they are computed.
 */
#ifndef CREMA_DEVICE_FORMULA_REGIONS_H
#define CREMA_DEVICE_FORMULA_REGIONS_H

#include "device/formula/pool.h"

#include <math.h>
#include <stdbool.h>

enum { CREMA_REGION = 5 }; /* numbers of a region */

/* X[n,c,h,w], Y[r,k,p,q] */
struct crema_region_grid {
    int64_t n, c, h, w, r, k, p, q;
    float scale;
    int sensitive; /* to the position, and then an average */
};

CREMA_FORMULA float crema_float_product(float a, float b)
{
    return (float)((double)a * (double)b);
}

/* v as a position of 0..size; NaN is 0. */
CREMA_FORMULA int64_t crema_region_clip(float v, int64_t size)
{
    if (!(v > 0)) return 0;
    return v < (float)size ? (int64_t)v : size;
}

/* Bin i of `bins` along an axis of `size` elements, between the borders. */
CREMA_FORMULA struct crema_window
crema_region_bin(const struct crema_region_grid *g, float first, float last,
                 int64_t i, int64_t bins, int64_t size)
{
    struct crema_window bin;
    float from, length, each;

    if (g->sensitive) {
        from = crema_float_product(roundf(first), g->scale);
        length = crema_float_product(roundf(last) + 1, g->scale) - from;
        if (!(length > 0.1f)) length = 0.1f;
        each = length / (float)bins;
        bin.from = crema_region_clip(
            floorf(crema_float_product((float)i, each) + from), size);
        bin.to = crema_region_clip(
            ceilf(crema_float_product((float)(i + 1), each) + from), size);
    } else {
        from = roundf(crema_float_product(first, g->scale));
        length = roundf(crema_float_product(last, g->scale)) - from + 1;
        if (!(length > 1)) length = 1;
        each = length / (float)bins;
        bin.from = crema_region_clip(
            floorf(crema_float_product((float)i, each)) + from, size);
        bin.to = crema_region_clip(
            ceilf(crema_float_product((float)(i + 1), each)) + from, size);
    }
    bin.width = bin.to > bin.from ? bin.to - bin.from : 0;
    return bin;
}

CREMA_FORMULA struct crema_window
crema_region_rows(const struct crema_region_grid *g, const float *region,
                  int64_t p)
{
    return crema_region_bin(g, region[2], region[4], p, g->p, g->h);
}

CREMA_FORMULA struct crema_window
crema_region_columns(const struct crema_region_grid *g, const float *region,
                     int64_t q)
{
    return crema_region_bin(g, region[1], region[3], q, g->q, g->w);
}

/* -1: an image that is not there */
CREMA_FORMULA int64_t crema_region_image(const struct crema_region_grid *g,
                                         const float *region)
{
    return region[0] > -1 && region[0] < (float)g->n ? (int64_t)region[0] : -1;
}

/* Bin (p, q) of channel k, which covers these rows and columns of an image.
 * *place: index in the plane of the maximum, -1 without; may be NULL. */
CREMA_FORMULA float crema_region_pool(const struct crema_region_grid *g,
                                      const float *x, int64_t image, int64_t k,
                                      int64_t p, int64_t q,
                                      const struct crema_window *rows,
                                      const struct crema_window *columns,
                                      float *place)
{
    int64_t best = -1, c = g->sensitive ? (k * g->p + p) * g->q + q : k;
    float sum = 0;

    if (place) *place = -1;
    if (image < 0 || rows->width == 0 || columns->width == 0) return 0;
    x += (image * g->c + c) * g->h * g->w;
    for (int64_t a = rows->from; a < rows->to; a++)
        for (int64_t b = columns->from; b < columns->to; b++) {
            int64_t at = a * g->w + b;

            sum += x[at];
            if (best < 0 || x[at] > x[best]) best = at;
        }
    if (g->sensitive) return sum / (float)(rows->width * columns->width);
    if (place) *place = (float)best;
    return x[best];
}

/* Element i of Y. */
CREMA_FORMULA float crema_at_regions(const struct crema_region_grid *g,
                                     const float *x, const float *regions,
                                     int64_t i, float *place)
{
    int64_t q = i % g->q, p = i / g->q % g->p, k = i / g->q / g->p % g->k;
    const float *region = regions + i / g->q / g->p / g->k * CREMA_REGION;
    struct crema_window rows = crema_region_rows(g, region, p);
    struct crema_window columns = crema_region_columns(g, region, q);

    return crema_region_pool(g, x, crema_region_image(g, region), k, p, q,
                             &rows, &columns, place);
}

CREMA_FORMULA bool crema_window_has(const struct crema_window *w, int64_t i)
{
    return i >= w->from && i < w->to;
}

/* Is element (a, b) in any of the region's bins?  They follow one another. */
CREMA_FORMULA bool crema_region_has(const struct crema_region_grid *g,
                                    const float *region, int64_t a, int64_t b)
{
    return a >= crema_region_rows(g, region, 0).from &&
           a < crema_region_rows(g, region, g->p - 1).to &&
           b >= crema_region_columns(g, region, 0).from &&
           b < crema_region_columns(g, region, g->q - 1).to;
}

/* What element (a, b) gets of the dy of a region's bins in its channel, where
 * they have taken it as their maximum. */
CREMA_FORMULA float crema_region_won(const struct crema_region_grid *g,
                                     const float *dy, const float *place,
                                     int64_t a, int64_t b)
{
    float me = (float)(a * g->w + b), sum = 0;

    for (int64_t i = 0; i < g->p * g->q; i++)
        sum += place[i] == me ? dy[i] : 0.0f;
    return sum;
}

/* What it gets of the one bin that averages channel c. */
CREMA_FORMULA float crema_region_share(const struct crema_region_grid *g,
                                       const float *region, const float *dy,
                                       int64_t c, int64_t a, int64_t b)
{
    struct crema_window rows = crema_region_rows(g, region, c / g->q % g->p);
    struct crema_window columns = crema_region_columns(g, region, c % g->q);

    if (!crema_window_has(&rows, a) || !crema_window_has(&columns, b)) return 0;
    return dy[c] / (float)(rows.width * columns.width);
}

/* Element j of dX; place is not read where the grid is sensitive. */
CREMA_FORMULA float crema_at_regions_bwd(const struct crema_region_grid *g,
                                         const float *dy, const float *regions,
                                         const float *place, int64_t j)
{
    int64_t b = j % g->w, a = j / g->w % g->h, c = j / g->w / g->h % g->c;
    int64_t image = j / g->w / g->h / g->c, bins = g->p * g->q;
    float sum = 0;

    for (int64_t r = 0; r < g->r; r++) {
        const float *region = regions + r * CREMA_REGION;
        int64_t at = (r * g->k + c) * bins;

        if (crema_region_image(g, region) != image) continue;
        if (g->sensitive)
            sum += crema_region_share(g, region, dy + r * g->c, c, a, b);
        else if (crema_region_has(g, region, a, b))
            sum += crema_region_won(g, dy + at, place + at, a, b);
    }
    return sum;
}

#endif
