/* few.c - the gradient of a convolution's weights where X has few
 * channels, as pictures have.
 *
 * With the channels innermost the S C numbers that one row of the kernel meets
 * lie side by side in X, and so do the gradients of their weights:
 *
 *   dW[panel][r][sc][lane] = sum over n, p, q of
 *       X[n][p stride + r - pad][(q stride - pad) C + sc] dY[n][p][q][lane]
 *
 * which takes about two thirds of oneDNN's time on AVX-512, where alone it is
 * used.  A sum does not depend on the threads.
 */
#include "device/cpu/conv/packed.h"

#include <string.h>

enum {
    FEW = 8, /* channels are fewer than this */
    LANES = 16,
    MOST_VECTORS = 4,   /* of a panel */
    MOST_ROWS = 12,     /* of a tile, which is rows of dW by a panel's lanes */
    POSITIONS = 192,    /* of Y that stay in cache for all rows of dW */
    MOST_IN_ROW = 4096, /* numbers of X and its padding */
};

typedef float vector
    __attribute__((vector_size(sizeof(float) * LANES), aligned(4), may_alias));

struct job {
    struct crema_cpu_sides of;
    int64_t lanes, rows; /* rows: of Y, at a time */
    const float *x, *dy;
    float *dw, *db; /* db may be NULL */
};

/* ---- tiles ----------------------------------------------------------------
 */

/* Rows of Y, and of what it was made from; steps are in numbers. */
struct rows {
    int64_t rows, count;
    const float *x, *dy;
    int64_t x_row, x_step, dy_row, dy_step;
};

/* dw[t][v] += sum over positions of x[t] dy[v]; of `high` rows that are
 * computed `used` are stored. */
static inline __attribute__((always_inline)) void
add_tile(int wide, int high, struct rows r, int used, float *dw)
{
    vector sum[MOST_ROWS][MOST_VECTORS], y[MOST_VECTORS];

    for (int t = 0; t < high; t++)
        for (int v = 0; v < wide; v++) sum[t][v] = (vector){ 0 };
    for (; r.rows > 0; r.rows--, r.x += r.x_row, r.dy += r.dy_row) {
        const float *x = r.x, *dy = r.dy;

        for (int64_t i = r.count; i > 0; i--, x += r.x_step, dy += r.dy_step) {
            for (int v = 0; v < wide; v++)
                y[v] = *(const vector *)(dy + v * LANES);
            for (int t = 0; t < high; t++)
                for (int v = 0; v < wide; v++) sum[t][v] += x[t] * y[v];
        }
    }
    for (int t = 0; t < high; t++)
        for (int v = 0; v < wide && t < used; v++)
            *(vector *)(dw + (t * wide + v) * LANES) += sum[t][v];
}

CREMA_CPU_CLONES
static void add_wide(const struct rows *r, int used, float *dw)
{
    if (used > 5)
        add_tile(4, 6, *r, used, dw);
    else if (used > 4)
        add_tile(4, 5, *r, used, dw);
    else
        add_tile(4, 4, *r, used, dw);
}

CREMA_CPU_CLONES
static void add_middle(const struct rows *r, int used, float *dw)
{
    if (used > 7)
        add_tile(3, 8, *r, used, dw);
    else if (used > 6)
        add_tile(3, 7, *r, used, dw);
    else
        add_tile(3, 6, *r, used, dw);
}

CREMA_CPU_CLONES
static void add_narrow(const struct rows *r, int used, float *dw)
{
    if (used > 10)
        add_tile(2, 12, *r, used, dw);
    else if (used > 8)
        add_tile(2, 10, *r, used, dw);
    else
        add_tile(2, 8, *r, used, dw);
}

static void add(int64_t lanes, const struct rows *r, int used, float *dw)
{
    if (lanes == 64)
        add_wide(r, used, dw);
    else if (lanes == 48)
        add_middle(r, used, dw);
    else
        add_narrow(r, used, dw);
}

/* All S C rows of dW that belong to a row of the kernel. */
static void add_all(const struct job *j, struct rows r, float *dw)
{
    int64_t left = j->of.kw * j->of.c, most = crema_cpu_tile_rows(j->lanes);
    int64_t tiles = (left + most - 1) / most;

    for (; tiles > 0; tiles--) {
        int used = (int)(left / tiles);

        add(j->lanes, &r, used, dw);
        r.x += used;
        dw += used * j->lanes;
        left -= used;
    }
}

CREMA_CPU_CLONES
static void add_bias(int64_t lanes, int64_t k, int64_t count, const float *dy,
                     float *db)
{
    float sum[LANES * MOST_VECTORS] = { 0 };

    for (int64_t i = 0; i < count; i++, dy += k)
        for (int64_t l = 0; l < lanes; l++) sum[l] += dy[l];
    for (int64_t l = 0; l < lanes; l++) db[l] += sum[l];
}

/* ---- running --------------------------------------------------------------
 */

/* Numbers of a row of X with the padding on both sides. */
static int64_t row_length(const struct job *j)
{
    const struct crema_cpu_sides *of = &j->of;
    return (of->xw + 2 * of->pad_w) * of->c;
}

/* The rows of X that row `tap` of the kernel meets for rows p.. of Y. */
static void fetch(const struct job *j, int64_t image, int64_t p, int64_t rows,
                  int64_t tap, float *to)
{
    const struct crema_cpu_sides *of = &j->of;
    int64_t pad = of->pad_w * of->c, width = of->xw * of->c;

    for (int64_t i = 0; i < rows; i++, to += row_length(j)) {
        int64_t h = (p + i) * of->stride_h + tap - of->pad_h;
        bool inside = h >= 0 && h < of->xh;
        const float *from = j->x + (image * of->xh + (inside ? h : 0)) * width;

        memset(to, 0, sizeof *to * (size_t)pad);
        if (inside)
            memcpy(to + pad, from, sizeof *to * (size_t)width);
        else
            memset(to + pad, 0, sizeof *to * (size_t)width);
        memset(to + pad + width, 0, sizeof *to * (size_t)pad);
    }
}

/* A unit is a row of the kernel for a panel of outputs. */
static void add_unit(const struct job *j, int64_t unit, int64_t image,
                     int64_t p, int64_t rows)
{
    const struct crema_cpu_sides *of = &j->of;
    float room[MOST_IN_ROW + MOST_ROWS];
    int64_t tap = unit % of->kh, lane = unit / of->kh * j->lanes;
    const float *dy = j->dy + (image * of->yh + p) * of->yw * of->k + lane;
    struct rows r = {
        .rows = rows,
        .count = of->yw,
        .x = room,
        .dy = dy,
        .x_row = row_length(j),
        .x_step = of->stride_w * of->c,
        .dy_row = of->yw * of->k,
        .dy_step = of->k,
    };

    fetch(j, image, p, rows, tap, room);
    memset(room + rows * r.x_row, 0, sizeof *room * MOST_ROWS);
    add_all(j, r, j->dw + unit * of->kw * of->c * j->lanes);
    if (tap == 0 && j->db)
        add_bias(j->lanes, of->k, rows * of->yw, dy, j->db + lane);
}

static void part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct crema_cpu_sides *of = &j->of;
    int64_t size = of->kw * of->c * j->lanes;

    memset(j->dw + from * size, 0,
           sizeof *j->dw * (size_t)((to - from) * size));
    for (int64_t u = from; u < to && j->db; u++)
        if (u % of->kh == 0)
            memset(j->db + u / of->kh * j->lanes, 0,
                   sizeof *j->db * (size_t)j->lanes);
    for (int64_t n = 0; n < of->n; n++)
        for (int64_t p = 0; p < of->yh; p += j->rows)
            for (int64_t u = from; u < to; u++)
                add_unit(j, u, n, p, crema_cpu_least(j->rows, of->yh - p));
}

/* Without data. */
static struct job job_of(const struct crema_op *op)
{
    struct job j = {
        .of = crema_cpu_sides(op->params, &op->in[0]->shape, &op->out[0]->shape,
                              &op->in[1]->shape),
        .lanes = crema_cpu_lanes(op->in[1]->shape.dim[1]),
    };

    j.rows = crema_cpu_least(POSITIONS / j.of.yw, MOST_IN_ROW / row_length(&j));
    j.rows = crema_cpu_most(j.rows, 1);
    return j;
}

static enum crema_status run(struct crema_ctx *ctx, const struct crema_op *op)
{
    struct job j = job_of(op);

    (void)ctx;
    j.x = crema_in(op, 0);
    j.dy = crema_in(op, 1);
    j.dw = crema_out(op, 0);
    j.db = crema_out(op, 1);
    crema_cpu_parts(crema_cpu_threads(op), j.of.k / j.lanes * j.of.kh, 1, part,
                    &j);
    return CREMA_OK;
}

/* ---- planning -------------------------------------------------------------
 */

static bool fits(const struct crema_op *op)
{
    const struct crema_conv *c = op->params;
    struct job j;

    if (c->spatial != 2 || c->groups != 1 || crema_cpu_block() != LANES ||
        c->dilation[0] != 1 || c->dilation[1] != 1)
        return false;
    j = job_of(op);
    return j.of.c < FEW && j.lanes > 0 && row_length(&j) <= MOST_IN_ROW;
}

enum crema_status crema_cpu_conv_few(struct crema_device *dev,
                                     struct crema_op *op,
                                     struct crema_port in[],
                                     struct crema_port out[])
{
    if (!fits(op)) return CREMA_EUNSUPPORTED;
    in[0].want = crema_layout_channels_last(&op->in[0]->shape, CREMA_F32);
    in[1].want = crema_layout_channels_last(&op->in[1]->shape, CREMA_F32);
    out[0].want = crema_cpu_panels(&op->out[0]->shape, 1,
                                   crema_cpu_lanes(op->in[1]->shape.dim[1]));
    if (op->out[1])
        out[1].want = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    return crema_host_call(dev, op, run, CREMA_CPU_OWN);
}
