/* regions.c - pooling over bins of regions: forward by regions, backward by
 * planes of dX; all dense float32. */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <string.h>

struct job {
    const struct crema_region_grid *g;
    const float *x, *dy, *regions, *place;
    float *y, *ws, *dx;
};

/* All channels of one row of bins of one region. */
static void forward_row(const struct job *j, int64_t r, int64_t p)
{
    const struct crema_region_grid *g = j->g;
    const float *region = j->regions + r * CREMA_REGION;
    int64_t image = crema_region_image(g, region);
    struct crema_window rows = crema_region_rows(g, region, p);

    for (int64_t q = 0; q < g->q; q++) {
        struct crema_window columns = crema_region_columns(g, region, q);

        for (int64_t k = 0; k < g->k; k++) {
            int64_t at = ((r * g->k + k) * g->p + p) * g->q + q;

            j->y[at] =
                crema_region_pool(g, j->x, image, k, p, q, &rows, &columns,
                                  g->sensitive ? NULL : j->ws + at);
        }
    }
}

static void forward_part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;

    for (int64_t i = from; i < to; i++)
        forward_row(j, i / j->g->p, i % j->g->p);
}

/* Every maximum of channel c in one region has come from one place. */
static void route(const struct job *j, int64_t r, int64_t c, float *dx)
{
    int64_t bins = j->g->p * j->g->q, at = (r * j->g->k + c) * bins;

    for (int64_t i = at; i < at + bins; i++)
        if (j->place[i] >= 0) dx[(int64_t)j->place[i]] += j->dy[i];
}

/* The one bin of a region that reads channel c gives each element its share. */
static void spread(const struct job *j, int64_t r, int64_t c, float *dx)
{
    const struct crema_region_grid *g = j->g;
    const float *region = j->regions + r * CREMA_REGION;
    struct crema_window rows = crema_region_rows(g, region, c / g->q % g->p);
    struct crema_window columns = crema_region_columns(g, region, c % g->q);
    float each = j->dy[r * g->c + c] / (float)(rows.width * columns.width);

    for (int64_t a = rows.from; a < rows.to; a++)
        for (int64_t b = columns.from; b < columns.to; b++)
            dx[a * g->w + b] += each;
}

static void backward_part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct crema_region_grid *g = j->g;

    for (int64_t i = from; i < to; i++) {
        float *dx = j->dx + i * g->h * g->w;

        memset(dx, 0, sizeof *dx * (size_t)(g->h * g->w));
        for (int64_t r = 0; r < g->r; r++) {
            const float *region = j->regions + r * CREMA_REGION;

            if (crema_region_image(g, region) != i / g->c) continue;
            if (g->sensitive)
                spread(j, r, i % g->c, dx);
            else
                route(j, r, i % g->c, dx);
        }
    }
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_region_grid *g = op->params;
    struct job j = { .g = g,
                     .x = crema_in(op, 0),
                     .regions = crema_in(op, 1),
                     .y = crema_out(op, 0),
                     .ws = crema_out(op, 1) };

    CREMA_TRY(crema_regions_check(ctx, op, j.regions));
    crema_cpu_parts(crema_cpu_threads(op), g->r * g->p, 1, forward_part, &j);
    return CREMA_OK;
}

static enum crema_status backward(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    const struct crema_region_grid *g = op->params;
    struct job j = { .g = g,
                     .dy = crema_in(op, 0),
                     .regions = crema_in(op, 1),
                     .place = crema_in(op, 2),
                     .dx = crema_out(op, 0) };

    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), g->n * g->c, 1, backward_part, &j);
    return CREMA_OK;
}

static void all_dense(const struct crema_op *op, struct crema_port in[],
                      struct crema_port out[])
{
    for (int i = 0; i < op->nin; i++)
        in[i].want = crema_layout_dense(&op->in[i]->shape, CREMA_F32);
    for (int i = 0; i < op->nout; i++)
        out[i].want = crema_layout_dense(&op->out[i]->shape, CREMA_F32);
}

enum crema_status crema_cpu_regions(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    all_dense(op, in, out);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_regions_bwd(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    all_dense(op, in, out);
    return crema_host_call(dev, op, backward, CREMA_CPU_OWN);
}
