/* small_weights.c - the gradient of the weights of convolutions of few
 * channels and outputs.
 *
 * With the channels innermost, taps of one row of the kernel that all positions
 * of Y use are a run: all S C without padding in width, else C at a time.  A
 * tile of dW is outputs by a run's lanes, or a run by the outputs' lanes,
 * whichever fills vectors better; a sum runs over a few rows of Y, which stay
 * in cache for all of dW.  A sum does not depend on the threads.
 */
#include "device/cpu/conv/conv.h"

#include <string.h>

enum {
    LANES = 16,
    MOST_VECTORS = 4,
    CACHED = 8192, /* numbers of X and dY, for all of dW */
};

struct weights {
    struct crema_cpu_conv_call call; /* scratch: sums, where turned */
    struct crema_cpu_sides of;
    int64_t run;   /* numbers */
    int64_t split; /* runs in a row of the kernel */
    bool turned;   /* the lanes are outputs: sums[r][s][c][k] */
    int64_t rows;  /* of Y, at a time */
};

struct job {
    const struct weights *w;
    const float *x, *dy;
    float *dw, *db; /* db may be NULL */
};

/* ---- sums -----------------------------------------------------------------
 */

/* Positions from..to of Y whose tap, the one at `tap`, meets X. */
static void meet(int64_t tap, int64_t stride, int64_t pad, int64_t x,
                 int64_t *from, int64_t *to)
{
    int64_t low = pad - tap, room = x - 1 + pad - tap;

    *from = crema_cpu_most(*from, low > 0 ? (low + stride - 1) / stride : 0);
    *to = crema_cpu_least(*to, room < 0 ? 0 : room / stride + 1);
}

/* t: rows of the tile; its lanes, at b and c, are divided among vectors. */
static void add_lanes(int64_t lanes, int64_t high, struct crema_cpu_tile t)
{
    int64_t all = (lanes + LANES - 1) / LANES;
    int64_t tiles = (all + MOST_VECTORS - 1) / MOST_VECTORS;

    for (int64_t i = 0; i < tiles; i++) {
        int64_t from = all * i / tiles, to = all * (i + 1) / tiles;
        int64_t end = crema_cpu_least(to * LANES, lanes) - LANES;
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
    const struct crema_cpu_sides *of = &w->of;
    const int64_t r = unit / w->split, s = unit % w->split;
    const int64_t all = of->kh * of->kw * of->c, at = unit * w->run;
    float *sums = w->call.scratch;
    int64_t q = 0, stop = of->yw;
    const float *x, *dy;

    meet(r, of->stride_h, of->pad_h, of->xh, &p, &end);
    if (of->pad_w) meet(s, of->stride_w, of->pad_w, of->xw, &q, &stop);
    if (p >= end || q >= stop) return;
    x = j->x + ((image * of->xh + p * of->stride_h + r - of->pad_h) * of->xw +
                q * of->stride_w + s - of->pad_w) *
                   of->c;
    dy = j->dy + ((image * of->yh + p) * of->yw + q) * of->k;
    if (w->turned) {
        const struct crema_cpu_tile t = {
            .rows = end - p,
            .count = stop - q,
            .a = x,
            .a_row = of->stride_h * of->xw * of->c,
            .a_step = of->stride_w * of->c,
            .a_high = 1,
            .b = dy,
            .b_row = of->yw * of->k,
            .b_step = of->k,
            .c = sums + at * of->k,
            .c_high = of->k,
        };

        add_lanes(of->k, w->run, t);
    } else {
        const struct crema_cpu_tile t = {
            .rows = end - p,
            .count = stop - q,
            .a = dy,
            .a_row = of->yw * of->k,
            .a_step = of->k,
            .a_high = 1,
            .b = x,
            .b_row = of->stride_h * of->xw * of->c,
            .b_step = of->stride_w * of->c,
            .c = j->dw + at,
            .c_high = all,
        };

        add_lanes(w->run, of->k, t);
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
    const struct crema_cpu_sides *of = &w->of;
    const int64_t all = of->kh * of->kw * of->c, count = (to - from) * w->run;

    if (w->turned)
        memset((float *)w->call.scratch + from * w->run * of->k, 0,
               sizeof(float) * (size_t)(count * of->k));
    for (int64_t k = 0; k < of->k && !w->turned; k++)
        memset(j->dw + k * all + from * w->run, 0,
               sizeof(float) * (size_t)count);
    if (from == 0 && j->db) memset(j->db, 0, sizeof(float) * (size_t)of->k);
}

/* Where the sums' lanes were outputs, they are turned to be outermost. */
static void finish_units(const struct job *j, int64_t from, int64_t to)
{
    const struct weights *w = j->w;
    const struct crema_cpu_sides *of = &w->of;
    const int64_t all = of->kh * of->kw * of->c;
    const float *sums = w->call.scratch;

    for (int64_t k = 0; k < of->k && w->turned; k++)
        for (int64_t i = from * w->run; i < to * w->run; i++)
            j->dw[k * all + i] = sums[i * of->k + k];
}

static void part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct weights *w = j->w;
    const struct crema_cpu_sides *of = &w->of;

    clear_units(j, from, to);
    for (int64_t n = 0; n < of->n; n++)
        for (int64_t p = 0; p < of->yh; p += w->rows) {
            int64_t end = crema_cpu_least(p + w->rows, of->yh);

            for (int64_t u = from; u < to; u++) add_unit(j, u, n, p, end);
            if (from == 0 && j->db)
                add_bias(of->k, (end - p) * of->yw,
                         j->dy + (n * of->yh + p) * of->yw * of->k, j->db);
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

    crema_cpu_parts(crema_cpu_threads(op), w->of.kh * w->split, 1, part, &j);
    return CREMA_OK;
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
    struct weights w = {
        .of = crema_cpu_sides(op->params, &op->in[0]->shape, &op->out[0]->shape,
                              &op->in[1]->shape),
    };
    const struct crema_cpu_sides *s = &w.of;

    w.split = s->pad_w ? s->kw : 1;
    w.run = s->kw * s->c / w.split;
    w.turned = w.run < LANES || wasted(s->k) < wasted(w.run);
    w.rows = CACHED / (s->stride_h * s->xw * s->c + s->yw * s->k);
    w.rows = crema_cpu_most(1, crema_cpu_least(w.rows, s->yh));
    return w;
}

enum crema_status crema_cpu_conv_small_weights(struct crema_device *dev,
                                               struct crema_op *op,
                                               struct crema_port in[],
                                               struct crema_port out[])
{
    const struct crema_shape *dw = &op->out[0]->shape;
    struct weights w;

    if (!crema_cpu_conv_is_small(op->params, dw)) return CREMA_EUNSUPPORTED;
    w = describe(op);
    w.call.base.run = run;
    if (w.turned)
        w.call.base.scratch_bytes =
            sizeof(float) * (size_t)crema_shape_count(dw);
    for (int i = 0; i < 2; i++)
        in[i].want = crema_layout_channels_last(&op->in[i]->shape, CREMA_F32);
    out[0].want = crema_layout_channels_last(dw, CREMA_F32);
    if (op->out[1])
        out[1].want = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    return crema_cpu_conv_leave(dev, op, &w.call, sizeof w);
}
