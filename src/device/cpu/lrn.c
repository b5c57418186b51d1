/* lrn.c - local response normalization across channels; formula: ops/lrn.c.
 *
 * A loop of our own: oneDNN's is as fast where the channels fill their blocks,
 * but hundreds of times slower elsewhere.  X keeps its layout.  Nothing is
 * stored for the way back: S^-beta costs less than its memory.  Values of 16
 * bits are widened as they are gathered; they have to lie side by side.  Left
 * to ref: more than 4096 channels, windows of more than 63.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <math.h>
#include <string.h>

enum {
    MOST_CHANNELS = 4096,
    MOST_HALF = 31,
    LINE = 1024, /* numbers that stay in the first cache */
    ROOM = MOST_CHANNELS + 128,
    TILE = 16,
    MOST_TILED = 1024,
};

struct lrn {
    struct crema_cpu_view v;
    int half;
    float k, alpha, beta; /* alpha: over size */
    enum crema_type type;
    const void *x, *dy; /* dy NULL: forward */
    void *out;
};

/* x^-1/4 to 1e-7 of itself: a guess from the exponent, three steps of Newton */
static inline float inverse_root4(float x)
{
    uint32_t bits;
    float y;

    memcpy(&bits, &x, sizeof bits);
    bits = 0x4F586000u - (bits >> 2);
    memcpy(&y, &bits, sizeof y);
    for (int i = 0; i < 3; i++) {
        float y2 = y * y;

        y += y * (0.25f - 0.25f * x * (y2 * y2));
    }
    return y;
}

/* *f = s^-beta and s^(-beta - 1); with `root4` beta is 3/4 */
static inline float powers(float s, float beta, bool root4, float *f)
{
    if (root4) {
        float y = inverse_root4(s), y2 = y * y;

        *f = y2 * y;
        return *f * (y2 * y2);
    }
    *f = powf(s, -beta);
    return *f / s;
}

/* ---- channels side by side: some positions at a time --------------------- */

/* Lines of channels.  X, dY and the result are `step` apart: where channels lie
 * side by side in float32 they are used as they lie, else through rooms.  What
 * is summed up is `stride` apart and has `half` zeros before, between and
 * behind the lines. */
struct lines {
    int64_t n, count; /* channels; lines */
    int64_t step, stride;
    const float *x, *dy; /* dy: of the gradient alone */
    float *out;
    float x_room[ROOM], dy_room[ROOM], out_room[ROOM];
    float f[ROOM], sums[ROOM], squares[ROOM], ratios[ROOM];
};

/* sum of `size` numbers from each on, where no loop below has that size */
CREMA_CPU_CLONES
static void sum_all(int64_t n, int size, const float *restrict around,
                    float *restrict sums)
{
    for (int64_t i = 0; i < n; i++) sums[i] = around[i];
    for (int j = 1; j < size; j++)
        for (int64_t i = 0; i < n; i++) sums[i] += around[i + j];
}

/* Y, or what the gradient sums; size, root4 and back are constants. */
static inline __attribute__((always_inline)) void
first_pass(const struct lrn *l, struct lines *t, const float *around, int size,
           bool root4, bool back)
{
    const float k = l->k, alpha = l->alpha, beta = l->beta;

    for (int64_t i = 0; i < t->count; i++) {
        const float *restrict sums = around + i * t->stride;
        const float *restrict x = t->x + i * t->step;
        const float *restrict dy = back ? t->dy + i * t->step : x;
        float *restrict ratios = t->ratios + l->half + i * t->stride;
        float *restrict f = t->f + i * t->stride;
        float *restrict out = t->out + i * t->step;

        for (int64_t c = 0; c < t->n; c++) {
            float sum = sums[c], power, ratio;

            for (int j = 1; j < size; j++) sum += sums[c + j];
            ratio = powers(k + alpha * sum, beta, root4, &power);
            if (back) {
                f[c] = power;
                ratios[c] = dy[c] * x[c] * ratio;
            } else {
                out[c] = x[c] * power;
            }
        }
    }
}

/* dX, from the gradient's sums */
static inline __attribute__((always_inline)) void
second_pass(const struct lrn *l, struct lines *t, const float *around, int size)
{
    const float factor = -2 * l->alpha * l->beta;

    for (int64_t i = 0; i < t->count; i++) {
        const float *restrict sums = around + i * t->stride;
        const float *restrict x = t->x + i * t->step;
        const float *restrict dy = t->dy + i * t->step;
        const float *restrict f = t->f + i * t->stride;
        float *restrict out = t->out + i * t->step;

        for (int64_t c = 0; c < t->n; c++) {
            float sum = sums[c];

            for (int j = 1; j < size; j++) sum += sums[c + j];
            out[c] = dy[c] * f[c] + factor * x[c] * sum;
        }
    }
}

CREMA_CPU_CLONES
static void square(struct lines *t, float *restrict squares)
{
    for (int64_t i = 0; i < t->count; i++) {
        const float *restrict x = t->x + i * t->step;

        for (int64_t c = 0; c < t->n; c++)
            squares[i * t->stride + c] = x[c] * x[c];
    }
}

CREMA_CPU_CLONES
static void lines_forward(const struct lrn *l, struct lines *t)
{
    const int size = 2 * l->half + 1;
    const bool root4 = l->beta == 0.75f;

    square(t, t->squares + l->half);
    if (root4 && size == 5) {
        first_pass(l, t, t->squares, 5, true, false);
        return;
    }
    sum_all(t->count * t->stride, size, t->squares, t->sums);
    if (root4)
        first_pass(l, t, t->sums, 1, true, false);
    else
        first_pass(l, t, t->sums, 1, false, false);
}

CREMA_CPU_CLONES
static void lines_backward(const struct lrn *l, struct lines *t)
{
    const int size = 2 * l->half + 1;
    const bool root4 = l->beta == 0.75f;

    square(t, t->squares + l->half);
    if (root4 && size == 5) {
        first_pass(l, t, t->squares, 5, true, true);
        second_pass(l, t, t->ratios, 5);
        return;
    }
    sum_all(t->count * t->stride, size, t->squares, t->sums);
    if (root4)
        first_pass(l, t, t->sums, 1, true, true);
    else
        first_pass(l, t, t->sums, 1, false, true);
    sum_all(t->count * t->stride, size, t->ratios, t->sums);
    second_pass(l, t, t->sums, 1);
}

/* `lanes` numbers each, from every `from_step` to every `to_step` */
static inline void move_lanes(int64_t count, int64_t lanes, const float *from,
                              int64_t from_step, float *to, int64_t to_step)
{
    for (int64_t i = 0; i < count; i++)
        memcpy(to + i * to_step, from + i * from_step,
               sizeof *to * (size_t)lanes);
}

/* The same from and to values of 16 bits. */
CREMA_CPU_CLONES
static void widen_lanes(int64_t count, int64_t lanes, const uint16_t *from,
                        float *to, int64_t to_step)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t l = 0; l < lanes; l++)
            to[i * to_step + l] = crema_from_bf16(from[i * lanes + l]);
}

CREMA_CPU_CLONES
static void narrow_lanes(int64_t count, int64_t lanes, const float *from,
                         int64_t from_step, uint16_t *to)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t l = 0; l < lanes; l++)
            to[i * lanes + l] = crema_to_bf16(from[i * from_step + l]);
}

static void move(int64_t count, int64_t lanes, const float *from,
                 int64_t from_step, float *to, int64_t to_step)
{
    if (lanes == 16)
        move_lanes(count, 16, from, from_step, to, to_step);
    else if (lanes == 8)
        move_lanes(count, 8, from, from_step, to, to_step);
    else
        move_lanes(count, lanes, from, from_step, to, to_step);
}

/* Positions s.. of the image that begins at element `at`, into lines. */
static void gather(const struct lrn *l, const struct lines *t, const void *x,
                   int64_t at, int64_t s, float *line)
{
    const struct crema_cpu_view *v = &l->v;

    for (int64_t b = 0; b < v->blocks; b++, line += v->lanes) {
        int64_t from = at + (b * v->s + s) * v->lanes;

        if (l->type == CREMA_F32)
            move(t->count, v->lanes, (const float *)x + from, v->lanes, line,
                 t->stride);
        else
            widen_lanes(t->count, v->lanes, (const uint16_t *)x + from, line,
                        t->stride);
    }
}

static void scatter(const struct lrn *l, const struct lines *t,
                    const float *line, int64_t at, int64_t s)
{
    const struct crema_cpu_view *v = &l->v;

    for (int64_t b = 0; b < v->blocks; b++, line += v->lanes) {
        int64_t to = at + (b * v->s + s) * v->lanes;

        if (l->type == CREMA_F32)
            move(t->count, v->lanes, line, t->stride, (float *)l->out + to,
                 v->lanes);
        else
            narrow_lanes(t->count, v->lanes, line, t->stride,
                         (uint16_t *)l->out + to);
    }
}

/* Lines that are worked on at a time. */
static int64_t lines_at_once(const struct lrn *l, int64_t *stride)
{
    *stride = (l->v.blocks * l->v.lanes + 2 * l->half + 15) / 16 * 16;
    return *stride < LINE ? LINE / *stride : 1;
}

/* They lie as the loops use them. */
static bool in_place(const struct lrn *l)
{
    return l->v.blocks == 1 && l->type == CREMA_F32;
}

/* t's lines are those from element `at` on. */
static void point(const struct lrn *l, struct lines *t, int64_t at)
{
    bool there = in_place(l);

    t->step = there ? t->n : t->stride;
    t->x = there ? (const float *)l->x + at : t->x_room;
    t->dy = there && l->dy ? (const float *)l->dy + at : t->dy_room;
    t->out = there ? (float *)l->out + at : t->out_room;
}

/* Groups from..to of positions, of all images. */
static void line_part(const void *user, int64_t from, int64_t to)
{
    const struct lrn *l = user;
    int64_t stride, most = lines_at_once(l, &stride);
    int64_t across = (l->v.s + most - 1) / most;
    struct lines t;

    memset(t.squares, 0, sizeof t.squares);
    memset(t.ratios, 0, sizeof t.ratios);
    t.n = l->v.blocks * l->v.lanes;
    t.stride = stride;
    for (int64_t i = from; i < to; i++) {
        int64_t at = i / across * t.n * l->v.s, s = i % across * most;

        t.count = l->v.s - s < most ? l->v.s - s : most;
        point(l, &t, at + s * t.n);
        if (!in_place(l)) gather(l, &t, l->x, at, s, t.x_room);
        if (!in_place(l) && l->dy) gather(l, &t, l->dy, at, s, t.dy_room);
        if (l->dy)
            lines_backward(l, &t);
        else
            lines_forward(l, &t);
        if (!in_place(l)) scatter(l, &t, t.out, at, s);
    }
}

/* ---- dense: TILE positions at a time, channel by channel ---------------- */

struct tile {
    float f[MOST_TILED][TILE], ratio[MOST_TILED][TILE];
};

/* One tile; width <= TILE, and where it is less it is not a constant. */
static inline __attribute__((always_inline)) void
tile_of(const struct lrn *l, const float *restrict x, const float *restrict dy,
        int64_t width, bool root4, float *restrict out, struct tile *t)
{
    const float k = l->k, alpha = l->alpha, beta = l->beta;
    const float factor = -2 * alpha * beta;
    const int64_t step = l->v.s, c_end = l->v.c, half = l->half;

    for (int64_t c = 0; c < c_end; c++) {
        int64_t first = c < half ? 0 : c - half, at = c * step;
        int64_t end = c + half < c_end ? c + half + 1 : c_end;
        float sum[TILE] = { 0 };

        for (int64_t i = first; i < end; i++)
            for (int64_t j = 0; j < width; j++)
                sum[j] += x[i * step + j] * x[i * step + j];
        for (int64_t j = 0; j < width; j++) {
            float f, g = powers(k + alpha * sum[j], beta, root4, &f);

            if (dy) {
                t->f[c][j] = f;
                t->ratio[c][j] = dy[at + j] * x[at + j] * g;
            } else {
                out[at + j] = x[at + j] * f;
            }
        }
    }
    for (int64_t c = 0; c < c_end && dy; c++) {
        int64_t first = c < half ? 0 : c - half, at = c * step;
        int64_t end = c + half < c_end ? c + half + 1 : c_end;
        float sum[TILE] = { 0 };

        for (int64_t i = first; i < end; i++)
            for (int64_t j = 0; j < width; j++) sum[j] += t->ratio[i][j];
        for (int64_t j = 0; j < width; j++)
            out[at + j] = dy[at + j] * t->f[c][j] + factor * x[at + j] * sum[j];
    }
}

CREMA_CPU_CLONES
static void tile(const struct lrn *l, const float *x, const float *dy,
                 int64_t width, float *out, struct tile *t)
{
    if (width == TILE && l->beta == 0.75f && dy)
        tile_of(l, x, dy, TILE, true, out, t);
    else if (width == TILE && l->beta == 0.75f)
        tile_of(l, x, NULL, TILE, true, out, t);
    else
        tile_of(l, x, dy, width, false, out, t);
}

static void tile_part(const void *user, int64_t from, int64_t to)
{
    const struct lrn *l = user;
    int64_t across = (l->v.s + TILE - 1) / TILE;
    struct tile t;

    for (int64_t i = from; i < to; i++) {
        int64_t s = i % across * TILE;
        int64_t at = i / across * l->v.c * l->v.s + s;
        int64_t width = l->v.s - s < TILE ? l->v.s - s : TILE;

        tile(l, (const float *)l->x + at,
             l->dy ? (const float *)l->dy + at : NULL, width,
             (float *)l->out + at, &t);
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
        .type = op->out[0]->layout.type,
        .x = op->in[0]->data,
        .dy = dy < op->nin ? op->in[dy]->data : NULL,
        .out = op->out[0]->data,
    };
    bool tiled = l.v.lanes == 1 && l.type == CREMA_F32;
    int64_t stride, each = tiled ? TILE : lines_at_once(&l, &stride);
    int64_t across = (l.v.s + each - 1) / each;

    crema_cpu_parts(crema_cpu_threads(op), l.v.n * across, 4,
                    tiled ? tile_part : line_part, &l);
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

/* As it lies, unless a dense tensor has 16 bits or more channels than a tile
 * holds. */
static struct crema_layout choose(const struct crema_shape *x,
                                  const struct crema_layout *have,
                                  enum crema_type type)
{
    int kind = have ? crema_cpu_kind(have, x) : CREMA_CPU_OTHER;

    if (kind == CREMA_CPU_OTHER) kind = CREMA_CPU_DENSE;
    if (kind == CREMA_CPU_DENSE &&
        (type != CREMA_F32 || x->dim[1] > MOST_TILED))
        kind = CREMA_CPU_LAST;
    return crema_cpu_layout(kind, x, type);
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
    in[0].want = out[0].want =
        choose(&op->in[0]->shape, in[0].have, op->storage);
    out[1].want = crema_layout_bytes(0);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_lrn_bwd(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    if (!fits(op)) return CREMA_EUNSUPPORTED;
    in[0].want = in[1].want = out[0].want =
        crema_layout_as(&op->forward->want[0], op->storage);
    in[2].want = crema_layout_bytes(0);
    return crema_host_call(dev, op, backward, CREMA_CPU_OWN);
}
