/* small.c - convolutions of few channels and outputs that do not fill
 * vectors, and the gradient of their X, which is such a convolution of dY when
 * the stride is 1.
 *
 * With the channels innermost the S C numbers of X that one row of the kernel
 * meets lie side by side.  A tile is pixels of Y, of a row or of a column, by
 * all outputs; what lies on the padding is left out of its sums.  W is packed
 * at every step:
 *
 *   packed[r][s][c][lane]
 *
 * The last vector of outputs overlaps the one before it, with weights of zero
 * where it does.  AVX-512 and float32 only.
 */
#include "device/cpu/conv/conv.h"

#include <string.h>

enum {
    LANES = 16,
    MOST_OUTPUTS = 64,
    MOST_CHANNELS = 64,
    FEWEST_CHANNELS = 8,   /* of sums that are long enough for tiles */
    MOST_PACKED = 1 << 13, /* floats of W that a tile's sum runs through */
};

struct small {
    struct crema_cpu_conv_call call; /* scratch: W, packed */
    struct crema_cpu_sides of;
    /* Steps of W's outputs, inputs and taps; where the first tap is. */
    int64_t w_k, w_c, w_tap, w_first;
    int vectors;  /* of all outputs */
    int64_t last; /* the output at which the last one begins */
};

struct job {
    const struct small *s;
    const float *x, *b, *w; /* b may be NULL */
    float *y;
    bool relu;
};

/* ---- weights --------------------------------------------------------------
 */

/* Taps from..to. */
static void pack_part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct small *s = j->s;
    const int64_t lanes = s->vectors * LANES, first = lanes - LANES;
    float *all = s->call.scratch;

    for (; from < to; from++)
        for (int64_t l = 0; l < lanes; l++) {
            int64_t k = l < first ? l : s->last + l - first;
            const float *w = j->w + s->w_first + k * s->w_k + from * s->w_tap;
            float *packed = all + from * s->of.c * lanes + l;
            bool used = l < first || k >= first;

            for (int64_t c = 0; c < s->of.c; c++)
                packed[c * lanes] = used ? w[c * s->w_c] : 0;
        }
}

/* ---- planes ---------------------------------------------------------------
 */

/* first..end of the taps of one axis that meet X, from position p of Y */
struct span {
    int64_t first, end;
};

static struct span taps_at(int64_t p, int64_t stride, int64_t pad, int64_t k,
                           int64_t x)
{
    int64_t at = p * stride - pad;
    struct span s = { crema_cpu_most(0, -at), crema_cpu_least(k, x - at) };

    return s;
}

/* The positions of Y at which taps first..end-1 of the kernel all meet X. */
static struct span positions_of(struct span taps, int64_t stride, int64_t pad,
                                int64_t x, int64_t y)
{
    int64_t low = pad - taps.first, room = x + pad - taps.end;
    struct span s = { low > 0 ? (low + stride - 1) / stride : 0,
                      room < 0 ? 0 : crema_cpu_least(y, room / stride + 1) };

    if (s.first > s.end) s.first = s.end;
    return s;
}

/* Adds taps r, s to the pixel (p, q) and those `high - 1` after it that are
 * a_high apart in X and c_high in Y. */
static void add_taps(const struct job *j, struct span r, struct span s,
                     int64_t p, int64_t q, int64_t high, int64_t a_high,
                     int64_t c_high)
{
    const struct small *m = j->s;
    const struct crema_cpu_sides *of = &m->of;
    const int64_t lanes = m->vectors * LANES;
    const int64_t h = p * of->stride_h - of->pad_h + r.first;
    const int64_t w = q * of->stride_w - of->pad_w + s.first;
    const float *packed = m->call.scratch;
    const struct crema_cpu_tile t = {
        .rows = r.end - r.first,
        .count = (s.end - s.first) * of->c,
        .a = j->x + (h * of->xw + w) * of->c,
        .a_row = of->xw * of->c,
        .a_step = 1,
        .a_high = a_high,
        .b = packed + (r.first * of->kw + s.first) * of->c * lanes,
        .b_row = of->kw * of->c * lanes,
        .b_step = lanes,
        .b_last = lanes - LANES,
        .c = j->y + (p * of->yw + q) * of->k,
        .c_high = c_high,
        .c_last = m->last,
    };

    if (t.rows > 0 && t.count > 0) crema_cpu_tiles(m->vectors, high, t);
}

/* Columns q that meet X with the whole kernel, row by row. */
static void add_inner(const struct job *j, struct span q)
{
    const struct small *m = j->s;
    const struct crema_cpu_sides *of = &m->of;
    const struct span all = { 0, of->kw };
    int64_t each = of->kw * of->c * m->vectors * LANES;
    int64_t step =
        crema_cpu_most(1, crema_cpu_least(of->kh, MOST_PACKED / each));

    for (int64_t r = 0; r < of->kh && q.first < q.end; r += step)
        for (int64_t p = 0; p < of->yh; p++) {
            struct span rows =
                taps_at(p, of->stride_h, of->pad_h, of->kh, of->xh);

            rows.first = crema_cpu_most(rows.first, r);
            rows.end = crema_cpu_least(rows.end, r + step);
            add_taps(j, rows, all, p, q.first, q.end - q.first,
                     of->stride_w * of->c, of->k);
        }
}

/* Column q, which meets X with a part of the kernel. */
static void add_edge(const struct job *j, int64_t q)
{
    const struct small *m = j->s;
    const struct crema_cpu_sides *of = &m->of;
    struct span s = taps_at(q, of->stride_w, of->pad_w, of->kw, of->xw);

    for (int64_t i = 0; i < of->kh; i++) {
        struct span r = { i, i + 1 };
        struct span p =
            positions_of(r, of->stride_h, of->pad_h, of->xh, of->yh);

        add_taps(j, r, s, p.first, q, p.end - p.first,
                 of->stride_h * of->xw * of->c, of->yw * of->k);
    }
}

/* Y begins as the bias. */
static void begin_image(const struct job *j)
{
    const struct crema_cpu_sides *of = &j->s->of;
    const size_t k = (size_t)of->k, row = (size_t)of->yw * k;

    if (!j->b) memset(j->y, 0, sizeof *j->y * row * (size_t)of->yh);
    for (int64_t q = 0; q < of->yw && j->b; q++)
        memcpy(j->y + (size_t)q * k, j->b, sizeof *j->y * k);
    for (int64_t p = 1; p < of->yh && j->b; p++)
        memcpy(j->y + (size_t)p * row, j->y, sizeof *j->y * row);
}

CREMA_CPU_CLONES
static void relu(int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++) y[i] = y[i] < 0 ? 0 : y[i];
}

static void image_part(const void *user, int64_t from, int64_t to)
{
    struct job j = *(const struct job *)user;
    const struct small *m = j.s;
    const struct crema_cpu_sides *of = &m->of;
    const struct span all = { 0, of->kw };
    struct span inner =
        positions_of(all, of->stride_w, of->pad_w, of->xw, of->yw);

    j.x += from * of->xh * of->xw * of->c;
    j.y += from * of->yh * of->yw * of->k;
    for (; from < to; from++) {
        begin_image(&j);
        add_inner(&j, inner);
        for (int64_t q = 0; q < of->yw; q++)
            if (q < inner.first || q >= inner.end) add_edge(&j, q);
        if (j.relu) relu(of->yh * of->yw * of->k, j.y);
        j.x += of->xh * of->xw * of->c;
        j.y += of->yh * of->yw * of->k;
    }
}

/* ---- running --------------------------------------------------------------
 */

static enum crema_status run(const struct small *s, const struct crema_op *op,
                             struct job j, int64_t images)
{
    int threads = crema_cpu_threads(op);

    crema_cpu_parts(threads, s->of.kh * s->of.kw, 1, pack_part, &j);
    crema_cpu_parts(threads, images, 1, image_part, &j);
    return CREMA_OK;
}

static enum crema_status run_forward(struct crema_call *call,
                                     struct crema_op *op)
{
    const struct small *s = (const struct small *)call;
    struct job j = {
        .s = s,
        .x = crema_in(op, 0),
        .w = crema_in(op, 1),
        .b = crema_in(op, 2),
        .y = crema_out(op, 0),
        .relu = op->relu,
    };

    return run(s, op, j, op->in[0]->shape.dim[0]);
}

static enum crema_status run_data(struct crema_call *call, struct crema_op *op)
{
    const struct small *s = (const struct small *)call;
    struct job j = {
        .s = s,
        .x = crema_in(op, 1),
        .w = crema_in(op, 0),
        .y = crema_out(op, 0),
    };

    return run(s, op, j, op->in[1]->shape.dim[0]);
}

/* ---- planning -------------------------------------------------------------
 */

/* Where channels or outputs fill vectors oneDNN is as fast. */
bool crema_cpu_conv_is_small(const struct crema_conv *c,
                             const struct crema_shape *w)
{
    return c->spatial == 2 && c->groups == 1 && c->dilation[0] == 1 &&
           c->dilation[1] == 1 && crema_cpu_block() == LANES &&
           w->dim[0] >= LANES && w->dim[0] <= MOST_OUTPUTS &&
           w->dim[1] <= MOST_CHANNELS &&
           (w->dim[0] % LANES || w->dim[1] % LANES);
}

/* Sides as the convolution has them, or of the one that its gradient is. */
static struct small describe(const struct crema_conv *c,
                             const struct crema_shape *x,
                             const struct crema_shape *w,
                             const struct crema_shape *y, bool turned)
{
    int64_t taps = w->dim[2] * w->dim[3];
    struct small s = {
        .of = crema_cpu_sides(c, x, w, y),
        .w_k = turned ? 1 : taps * w->dim[1],
        .w_c = turned ? taps * w->dim[1] : 1,
        .w_tap = turned ? -w->dim[1] : w->dim[1],
        .w_first = turned ? (taps - 1) * w->dim[1] : 0,
    };

    if (turned) {
        s.of.pad_h = s.of.kh - 1 - s.of.pad_h;
        s.of.pad_w = s.of.kw - 1 - s.of.pad_w;
    }
    s.vectors = (int)((s.of.k + LANES - 1) / LANES);
    s.last = s.of.k - LANES;
    return s;
}

static enum crema_status
leave(struct crema_device *dev, struct crema_op *op, struct small s,
      enum crema_status (*fn)(struct crema_call *, struct crema_op *))
{
    int64_t packed = s.of.kh * s.of.kw * s.of.c * s.vectors * LANES;

    s.call.base.run = fn;
    s.call.base.scratch_bytes = sizeof(float) * (size_t)packed;
    return crema_cpu_conv_leave(dev, op, &s.call, sizeof s);
}

static struct crema_layout last(const struct crema_tensor *t)
{
    return crema_layout_channels_last(&t->shape, CREMA_F32);
}

enum crema_status crema_cpu_conv_small(struct crema_device *dev,
                                       struct crema_op *op,
                                       struct crema_port in[],
                                       struct crema_port out[])
{
    const struct crema_conv *c = op->params;
    const struct crema_shape *w = &op->in[1]->shape;

    if (!crema_cpu_conv_is_small(c, w) || w->dim[1] < FEWEST_CHANNELS)
        return CREMA_EUNSUPPORTED;
    in[0].want = last(op->in[0]);
    in[1].want = last(op->in[1]);
    if (op->in[2])
        in[2].want = crema_layout_dense(&op->in[2]->shape, CREMA_F32);
    out[0].want = last(op->out[0]);
    return leave(dev, op,
                 describe(c, &op->in[0]->shape, w, &op->out[0]->shape, false),
                 run_forward);
}

enum crema_status crema_cpu_conv_small_data(struct crema_device *dev,
                                            struct crema_op *op,
                                            struct crema_port in[],
                                            struct crema_port out[])
{
    const struct crema_conv *c = op->forward->params;
    const struct crema_shape *w = &op->in[0]->shape;

    if (!crema_cpu_conv_is_small(c, w) || w->dim[1] < LANES ||
        c->stride[0] != 1 || c->stride[1] != 1 || c->pad[0] >= w->dim[2] ||
        c->pad[1] >= w->dim[3])
        return CREMA_EUNSUPPORTED;
    in[0].want = last(op->in[0]);
    in[1].want = last(op->in[1]);
    out[0].want = last(op->out[0]);
    return leave(dev, op,
                 describe(c, &op->in[1]->shape, w, &op->out[0]->shape, true),
                 run_data);
}
