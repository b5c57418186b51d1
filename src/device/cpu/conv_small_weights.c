/* conv_small_weights.c - the gradient of the weights of convolutions of few
 * channels and outputs.
 *
 * With the channels innermost, taps of one row of the kernel that all positions
 * of Y use are a run: all S C without padding in width, else C at a time.  A
 * tile of dW is outputs by a run's lanes, or a run by the outputs' lanes,
 * whichever fills vectors better; a sum runs over a few rows of Y, which stay
 * in cache for all of dW.  A sum does not depend on the threads.
 */
#include "device/cpu/own.h"

#include <stdlib.h>
#include <string.h>

enum {
    LANES = 16,
    MOST_VECTORS = 4,
    CACHED = 8192, /* numbers of X and dY, for all of dW */
};

struct weights {
    struct crema_call base;
    int64_t n, c, xh, xw, k, yh, yw, kh, kw;
    int64_t stride_h, stride_w, pad_h, pad_w;
    int64_t run;   /* numbers */
    int64_t split; /* runs in a row of the kernel */
    bool turned;   /* the lanes are outputs: sums[r][s][c][k] */
    int64_t rows;  /* of Y, at a time */
    float *sums;   /* scratch, where turned */
};

struct job {
    const struct weights *w;
    const float *x, *dy;
    float *dw, *db; /* db may be NULL */
};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- sums -----------------------------------------------------------------
 */

/* Positions from..to of Y whose tap, the one at `tap`, meets X. */
static void meet(int64_t tap, int64_t stride, int64_t pad, int64_t x,
                 int64_t *from, int64_t *to)
{
    int64_t low = pad - tap, room = x - 1 + pad - tap;

    *from = larger(*from, low > 0 ? (low + stride - 1) / stride : 0);
    *to = smaller(*to, room < 0 ? 0 : room / stride + 1);
}

/* t: rows of the tile; its lanes, at b and c, are divided among vectors. */
static void add_lanes(int64_t lanes, int64_t high, struct crema_cpu_tile t)
{
    int64_t all = (lanes + LANES - 1) / LANES;
    int64_t tiles = (all + MOST_VECTORS - 1) / MOST_VECTORS;

    for (int64_t i = 0; i < tiles; i++) {
        int64_t from = all * i / tiles, to = all * (i + 1) / tiles;
        int64_t end = smaller(to * LANES, lanes) - LANES;
        struct crema_cpu_tile part = t;

        part.b += from * LANES;
        part.c += from * LANES;
        part.b_last = part.c_last = end - from * LANES;
        part.skip = (int)((to - 1) * LANES - end);
        crema_cpu_tiles((int)(to - from), high, part);
    }
}

/* A unit is a run of taps; rows p..end of Y, of one image. */
static void add_unit(const struct job *j, int64_t unit, int64_t image,
                     int64_t p, int64_t end)
{
    const struct weights *w = j->w;
    const int64_t r = unit / w->split, s = unit % w->split;
    const int64_t all = w->kh * w->kw * w->c, at = unit * w->run;
    int64_t q = 0, stop = w->yw;
    const float *x, *dy;

    meet(r, w->stride_h, w->pad_h, w->xh, &p, &end);
    if (w->pad_w) meet(s, w->stride_w, w->pad_w, w->xw, &q, &stop);
    if (p >= end || q >= stop) return;
    x = j->x + ((image * w->xh + p * w->stride_h + r - w->pad_h) * w->xw +
                q * w->stride_w + s - w->pad_w) *
                   w->c;
    dy = j->dy + ((image * w->yh + p) * w->yw + q) * w->k;
    if (w->turned) {
        const struct crema_cpu_tile t = {
            .rows = end - p,
            .count = stop - q,
            .a = x,
            .a_row = w->stride_h * w->xw * w->c,
            .a_step = w->stride_w * w->c,
            .a_high = 1,
            .b = dy,
            .b_row = w->yw * w->k,
            .b_step = w->k,
            .c = w->sums + at * w->k,
            .c_high = w->k,
        };

        add_lanes(w->k, w->run, t);
    } else {
        const struct crema_cpu_tile t = {
            .rows = end - p,
            .count = stop - q,
            .a = dy,
            .a_row = w->yw * w->k,
            .a_step = w->k,
            .a_high = 1,
            .b = x,
            .b_row = w->stride_h * w->xw * w->c,
            .b_step = w->stride_w * w->c,
            .c = j->dw + at,
            .c_high = all,
        };

        add_lanes(w->run, w->k, t);
    }
}

CREMA_CPU_CLONES
static void add_bias(int64_t k, int64_t count, const float *restrict dy,
                     float *restrict db)
{
    for (int64_t i = 0; i < count; i++, dy += k)
        for (int64_t l = 0; l < k; l++) db[l] += dy[l];
}

static void clear_units(const struct job *j, int64_t from, int64_t to)
{
    const struct weights *w = j->w;
    const int64_t all = w->kh * w->kw * w->c, count = (to - from) * w->run;

    if (w->turned)
        memset(w->sums + from * w->run * w->k, 0,
               sizeof(float) * (size_t)(count * w->k));
    for (int64_t k = 0; k < w->k && !w->turned; k++)
        memset(j->dw + k * all + from * w->run, 0,
               sizeof(float) * (size_t)count);
    if (from == 0 && j->db) memset(j->db, 0, sizeof(float) * (size_t)w->k);
}

/* Where the sums' lanes were outputs, they are turned to be outermost. */
static void finish_units(const struct job *j, int64_t from, int64_t to)
{
    const struct weights *w = j->w;
    const int64_t all = w->kh * w->kw * w->c;

    for (int64_t k = 0; k < w->k && w->turned; k++)
        for (int64_t i = from * w->run; i < to * w->run; i++)
            j->dw[k * all + i] = w->sums[i * w->k + k];
}

static void part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct weights *w = j->w;

    clear_units(j, from, to);
    for (int64_t n = 0; n < w->n; n++)
        for (int64_t p = 0; p < w->yh; p += w->rows) {
            int64_t end = smaller(p + w->rows, w->yh);

            for (int64_t u = from; u < to; u++) add_unit(j, u, n, p, end);
            if (from == 0 && j->db)
                add_bias(w->k, (end - p) * w->yw,
                         j->dy + (n * w->yh + p) * w->yw * w->k, j->db);
        }
    finish_units(j, from, to);
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    const struct weights *w = (const struct weights *)call;
    const struct job j = {
        .w = w,
        .x = crema_in(op, 0),
        .dy = crema_in(op, 1),
        .dw = crema_out(op, 0),
        .db = crema_out(op, 1),
    };

    crema_cpu_parts(crema_cpu_threads(op), w->kh * w->split, 1, part, &j);
    return CREMA_OK;
}

static enum crema_status bind(struct crema_call *call, struct crema_op *op,
                              void *scratch)
{
    (void)op;
    ((struct weights *)call)->sums = scratch;
    return CREMA_OK;
}

static void free_weights(struct crema_call *call)
{
    free(call);
}

/* ---- planning -------------------------------------------------------------
 */

/* Lanes that vectors waste on `count`, of what they compute. */
static double wasted(int64_t count)
{
    int64_t lanes = (count + LANES - 1) / LANES * LANES;

    return (double)(lanes - count) / (double)lanes;
}

static struct weights describe(const struct crema_op *op)
{
    const struct crema_conv *c = op->params;
    const struct crema_shape *x = &op->in[0]->shape, *y = &op->in[1]->shape;
    const struct crema_shape *dw = &op->out[0]->shape;
    struct weights w = {
        .n = x->dim[0],
        .c = x->dim[1],
        .xh = x->dim[2],
        .xw = x->dim[3],
        .k = y->dim[1],
        .yh = y->dim[2],
        .yw = y->dim[3],
        .kh = dw->dim[2],
        .kw = dw->dim[3],
        .stride_h = c->stride[0],
        .stride_w = c->stride[1],
        .pad_h = c->pad[0],
        .pad_w = c->pad[1],
    };

    w.split = w.pad_w ? w.kw : 1;
    w.run = w.kw * w.c / w.split;
    w.turned = w.run < LANES || wasted(w.k) < wasted(w.run);
    w.rows = CACHED / (w.stride_h * w.xw * w.c + w.yw * w.k);
    w.rows = larger(1, smaller(w.rows, w.yh));
    return w;
}

enum crema_status crema_cpu_conv_small_weights(struct crema_device *dev,
                                               struct crema_op *op,
                                               struct crema_port in[],
                                               struct crema_port out[])
{
    struct weights *w;

    if (!crema_cpu_conv_is_small(op->params, &op->out[0]->shape))
        return CREMA_EUNSUPPORTED;
    w = malloc(sizeof *w);
    if (!w) return crema_no_memory(dev->ctx, op->type->name);
    *w = describe(op);
    w->base = (struct crema_call){
        .run = run,
        .bind = bind,
        .free = free_weights,
        .dev = dev,
        .info = CREMA_CPU_OWN,
        .scratch_bytes = w->turned ? sizeof(float) * (size_t)crema_shape_count(
                                                         &op->out[0]->shape)
                                   : 0,
    };
    for (int i = 0; i < 2; i++)
        in[i].want = crema_layout_channels_last(&op->in[i]->shape, CREMA_F32);
    out[0].want = crema_layout_channels_last(&op->out[0]->shape, CREMA_F32);
    if (op->out[1])
        out[1].want = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    op->call = &w->base;
    return CREMA_OK;
}
