/* lrn.c - local response normalization across channels; formula: ops/lrn.c.
 *
 * A loop of our own: oneDNN's is as fast where the channels fill their blocks,
 * but hundreds of times slower elsewhere.  X keeps its layout.  Nothing is
 * stored for the way back, since S^-beta costs less than its memory.  Left to
 * ref: more than 4096 channels, windows of more than 63.
 */
#include "device/cpu/onednn.h"
#include "device/ops/params.h"

#include <math.h>
#include <string.h>

enum { MOST_CHANNELS = 4096, MOST_HALF = 31, TILE = 16, MOST_TILED = 1024 };

struct lrn {
    struct crema_cpu_view v;
    int half;
    float k, alpha, beta; /* alpha: over size */
    const float *x, *dy;  /* dy NULL: forward */
    float *out;
};

/* f = s^-beta */
CREMA_CPU_CLONES
static void factors(int64_t n, float beta, const float *s, float *f)
{
    if (beta == 0.75f)
        for (int64_t i = 0; i < n; i++) {
            float root = sqrtf(s[i]);

            f[i] = 1.0f / (root * sqrtf(root));
        }
    else if (beta == 0.5f)
        for (int64_t i = 0; i < n; i++) f[i] = 1.0f / sqrtf(s[i]);
    else
        for (int64_t i = 0; i < n; i++) f[i] = powf(s[i], -beta);
}

/* ---- channels side by side: one position at a time --------------------- */

struct line {
    float x[MOST_CHANNELS], s[MOST_CHANNELS], f[MOST_CHANNELS];
    float dy[MOST_CHANNELS], out[MOST_CHANNELS];
    float around[MOST_CHANNELS + 2 * MOST_HALF]; /* with zeros at both ends */
};

/* s = bias + factor * sum of `around` over the window of each channel */
CREMA_CPU_CLONES
static void windows(int64_t n, int size, float bias, float factor,
                    const float *around, float *s)
{
    for (int64_t c = 0; c < n; c++) s[c] = around[c];
    for (int i = 1; i < size; i++)
        for (int64_t c = 0; c < n; c++) s[c] += around[c + i];
    for (int64_t c = 0; c < n; c++) s[c] = bias + factor * s[c];
}

CREMA_CPU_CLONES
static void line_forward(const struct lrn *l, int64_t n, struct line *t)
{
    float *squares = t->around + l->half;
    float *restrict out = t->out;

    for (int64_t c = 0; c < n; c++) squares[c] = t->x[c] * t->x[c];
    windows(n, 2 * l->half + 1, l->k, l->alpha, t->around, t->s);
    factors(n, l->beta, t->s, t->f);
    for (int64_t c = 0; c < n; c++) out[c] = t->x[c] * t->f[c];
}

CREMA_CPU_CLONES
static void line_backward(const struct lrn *l, int64_t n, struct line *t)
{
    float *restrict ratio = t->around + l->half;
    float *restrict out = t->out;

    for (int64_t c = 0; c < n; c++)
        ratio[c] = t->dy[c] * t->x[c] * t->f[c] / t->s[c];
    windows(n, 2 * l->half + 1, 0, -2 * l->alpha * l->beta, t->around, t->s);
    for (int64_t c = 0; c < n; c++)
        out[c] = t->dy[c] * t->f[c] + t->x[c] * t->s[c];
}

/* All channels at position s of an image, side by side. */
static void gather(const struct crema_cpu_view *v, const float *image,
                   int64_t s, float *line)
{
    for (int64_t b = 0; b < v->blocks; b++)
        memcpy(line + b * v->lanes, image + (b * v->s + s) * v->lanes,
               sizeof *line * (size_t)v->lanes);
}

static void scatter(const struct crema_cpu_view *v, const float *line,
                    int64_t s, float *image)
{
    for (int64_t b = 0; b < v->blocks; b++)
        memcpy(image + (b * v->s + s) * v->lanes, line + b * v->lanes,
               sizeof *line * (size_t)v->lanes);
}

/* Positions from..to of all images. */
static void lines(const void *user, int64_t from, int64_t to)
{
    const struct lrn *l = user;
    int64_t n = l->v.blocks * l->v.lanes, image = n * l->v.s;
    struct line t;

    memset(t.around, 0, sizeof t.around);
    for (int64_t i = from; i < to; i++) {
        int64_t at = i / l->v.s * image, s = i % l->v.s;

        gather(&l->v, l->x + at, s, t.x);
        line_forward(l, n, &t);
        if (l->dy) {
            gather(&l->v, l->dy + at, s, t.dy);
            line_backward(l, n, &t);
        }
        scatter(&l->v, t.out, s, l->out + at);
    }
}

/* ---- dense: TILE positions at a time, channel by channel ---------------- */

struct tile {
    float x[TILE], s[TILE], f[MOST_TILED][TILE], ratio[MOST_TILED][TILE];
};

/* s = k + alpha * sum of squares round channel c; width <= TILE positions */
CREMA_CPU_CLONES
static void tile_scale(const struct lrn *l, const float *x, int64_t c,
                       int64_t width, float *s)
{
    int64_t first = c < l->half ? 0 : c - l->half;
    int64_t last = c + l->half < l->v.c ? c + l->half : l->v.c - 1;
    float sum[TILE] = { 0 };

    for (int64_t i = first; i <= last; i++)
        for (int64_t j = 0; j < width; j++)
            sum[j] += x[i * l->v.s + j] * x[i * l->v.s + j];
    for (int64_t j = 0; j < TILE; j++) s[j] = l->k + l->alpha * sum[j];
}

CREMA_CPU_CLONES
static void tile_forward(const struct lrn *l, const float *x, int64_t width,
                         float *y, struct tile *t)
{
    for (int64_t c = 0; c < l->v.c; c++) {
        tile_scale(l, x, c, width, t->s);
        factors(TILE, l->beta, t->s, t->f[0]);
        for (int64_t j = 0; j < width; j++)
            y[c * l->v.s + j] = x[c * l->v.s + j] * t->f[0][j];
    }
}

CREMA_CPU_CLONES
static void tile_backward(const struct lrn *l, const float *x, const float *dy,
                          int64_t width, float *dx, struct tile *t)
{
    float factor = -2 * l->alpha * l->beta;

    for (int64_t c = 0; c < l->v.c; c++) {
        int64_t at = c * l->v.s;

        tile_scale(l, x, c, width, t->s);
        factors(TILE, l->beta, t->s, t->f[c]);
        for (int64_t j = 0; j < width; j++)
            t->ratio[c][j] = dy[at + j] * x[at + j] * t->f[c][j] / t->s[j];
    }
    for (int64_t c = 0; c < l->v.c; c++) {
        int64_t first = c < l->half ? 0 : c - l->half, at = c * l->v.s;
        int64_t last = c + l->half < l->v.c ? c + l->half : l->v.c - 1;
        float sum[TILE] = { 0 };

        for (int64_t i = first; i <= last; i++)
            for (int64_t j = 0; j < width; j++) sum[j] += t->ratio[i][j];
        for (int64_t j = 0; j < width; j++)
            dx[at + j] = dy[at + j] * t->f[c][j] + factor * x[at + j] * sum[j];
    }
}

static void tiles(const void *user, int64_t from, int64_t to)
{
    const struct lrn *l = user;
    int64_t across = (l->v.s + TILE - 1) / TILE;
    struct tile t;

    for (int64_t i = from; i < to; i++) {
        int64_t s = i % across * TILE;
        int64_t at = i / across * l->v.c * l->v.s + s;
        int64_t width = l->v.s - s < TILE ? l->v.s - s : TILE;

        if (l->dy)
            tile_backward(l, l->x + at, l->dy + at, width, l->out + at, &t);
        else
            tile_forward(l, l->x + at, width, l->out + at, &t);
    }
}

/* ---- planning ----------------------------------------------------------- */

static enum crema_status run(const struct crema_op *op, int dy)
{
    const struct crema_lrn *p = op->params;
    struct lrn l = {
        .v = crema_cpu_view(&op->in[0]->layout, &op->in[0]->shape),
        .half = p->size / 2,
        .k = p->k,
        .alpha = p->alpha / (float)p->size,
        .beta = p->beta,
        .x = crema_in(op, 0),
        .dy = crema_in(op, dy),
        .out = crema_out(op, 0),
    };
    int64_t across = l.v.lanes == 1 ? (l.v.s + TILE - 1) / TILE : l.v.s;

    crema_cpu_parts(crema_cpu_threads(op), l.v.n * across,
                    l.v.lanes == 1 ? 4 : 64, l.v.lanes == 1 ? tiles : lines,
                    &l);
    return CREMA_OK;
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    (void)ctx;
    return run(op, op->nin);
}

static enum crema_status backward(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    (void)ctx;
    return run(op, 1);
}

/* Too few channels to be worth vectors, or too many to be held, turn. */
static struct crema_layout choose(const struct crema_shape *x,
                                  const struct crema_layout *have)
{
    int kind = have ? crema_cpu_kind(have, x) : CREMA_CPU_OTHER;

    if (kind == CREMA_CPU_OTHER) kind = CREMA_CPU_DENSE;
    if (kind == CREMA_CPU_DENSE && x->dim[1] > MOST_TILED)
        kind = CREMA_CPU_LAST;
    return crema_cpu_layout(kind, x);
}

static bool fits(const struct crema_op *op)
{
    const struct crema_lrn *p = op->params;
    const struct crema_shape *x = &op->in[0]->shape;

    return x->ndims >= 2 && p->size / 2 <= MOST_HALF &&
           x->dim[1] <= MOST_CHANNELS - 16;
}

enum crema_status crema_cpu_lrn(struct crema_device *dev, struct crema_op *op,
                                struct crema_port in[], struct crema_port out[])
{
    if (!fits(op)) return CREMA_EUNSUPPORTED;
    in[0].want = out[0].want = choose(&op->in[0]->shape, in[0].have);
    out[1].want = crema_layout_bytes(0);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_lrn_bwd(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    if (!fits(op)) return CREMA_EUNSUPPORTED;
    in[0].want = in[1].want = out[0].want = op->forward->want[0];
    in[2].want = crema_layout_bytes(0);
    return crema_host_call(dev, op, backward, CREMA_CPU_OWN);
}
