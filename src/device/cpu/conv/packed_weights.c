/* packed_weights.c - the gradient of a convolution's weights as matrix
 * products of our own, with the channels innermost.
 *
 *   dW[panel][tap][c][lane] = sum over pixels of X[pixel's tap][c] dY[pixel]
 *
 * For some hundred pixels at a time dY is copied into panels, and X, for each
 * tap, into tiles of a few channels; both stay in the second cache.  Float32
 * only, and AVX-512: alone there it is fast.  A sum does not depend on the
 * threads.
 */
#include "device/cpu/conv/packed.h"

#include <string.h>

enum {
    PIXELS = 256,  /* at a time */
    OUTPUTS = 512, /* of dY at a time; all numbers of lanes but 48 divide it */
    CHANNELS = 96, /* of X at a time; all heights of a tile divide it */
};

struct weights {
    struct crema_cpu_conv_call call; /* scratch: ROOM for each thread */
    struct crema_cpu_packed conv;    /* without data */
};

struct job {
    const struct crema_cpu_packed *p; /* with X */
    const float *dy;
    float *dw, *db; /* db may be NULL */
    int64_t threads;
    float *room;
};

/* Some channels of one tap of one group. */
struct unit {
    int64_t group, tap, c, channels;
};

/* Some pixels of Y, and room for what belongs to them. */
struct block {
    int64_t first, pixels, group;
    int64_t k, outputs; /* of the group */
    float *dy;          /* [panel][pixel][lane] */
    float *x;           /* [tile][pixel][row] */
};

static int64_t taps_of(const struct crema_cpu_packed *p)
{
    return p->h.taps * p->w.taps;
}

static int64_t slices_of(const struct crema_cpu_packed *p)
{
    return (p->c + CHANNELS - 1) / CHANNELS;
}

static struct unit unit_of(const struct crema_cpu_packed *p, int64_t i)
{
    int64_t slices = slices_of(p), taps = taps_of(p);
    struct unit u = { .group = i / slices / taps, .tap = i / slices % taps };
    int64_t slice = i % slices;

    u.c = p->c * slice / slices;
    u.channels = p->c * (slice + 1) / slices - u.c;
    return u;
}

static float *place(const struct job *j, const struct unit *u, int64_t k)
{
    const struct crema_cpu_packed *p = j->p;
    int64_t panel = (u->group * p->k + k) / p->lanes;

    return j->dw + ((panel * taps_of(p) + u->tap) * p->c + u->c) * p->lanes;
}

/* ---- copying --------------------------------------------------------------
 */

static void copy_outputs(const struct job *j, const struct block *b)
{
    const struct crema_cpu_packed *p = j->p;
    int64_t all = p->groups * p->k, lanes = p->lanes;
    const float *from = j->dy + b->first * all + b->group * p->k + b->k;
    float *to = b->dy;

    for (int64_t k = 0; k < b->outputs; k += lanes)
        for (int64_t i = 0; i < b->pixels; i++, to += lanes)
            memcpy(to, from + i * all + k, sizeof *to * (size_t)lanes);
}

/* Where each pixel's tap is in X; NULL beyond the borders. */
static void find(const struct job *j, const struct block *b,
                 const struct unit *u, const float *at[PIXELS])
{
    const struct crema_cpu_packed *p = j->p;
    int64_t h = b->first / p->yw % p->yh, w = b->first % p->yw;
    int64_t n = b->first / p->yw / p->yh;
    int64_t tap_h = p->h.first + u->tap / p->w.taps * p->h.step;
    int64_t tap_w = p->w.first + u->tap % p->w.taps * p->w.step;
    int64_t c = u->group * p->c + u->c;

    for (int64_t i = 0; i < b->pixels; i++) {
        int64_t x = w * p->w.stride + tap_w, y = h * p->h.stride + tap_h;
        bool inside = x >= 0 && x < p->xw && y >= 0 && y < p->xh;
        int64_t pixel = (n * p->xh + y) * p->xw + x;

        at[i] = inside ? p->x + pixel * p->groups * p->c + c : NULL;
        if (++w < p->yw) continue;
        w = 0;
        if (++h < p->yh) continue;
        h = 0;
        n++;
    }
}

/* rows: a constant wherever it is called */
static inline __attribute__((always_inline)) void
copy_tile(int64_t pixels, int rows, const float *const at[], int64_t c,
          float *to)
{
    for (int64_t i = 0; i < pixels; i++, to += rows)
        if (at[i])
            memcpy(to, at[i] + c, sizeof *to * (size_t)rows);
        else
            memset(to, 0, sizeof *to * (size_t)rows);
}

static void copy_part(int64_t pixels, int64_t rows, int64_t used,
                      const float *const at[], int64_t c, float *to)
{
    memset(to, 0, sizeof *to * (size_t)(pixels * rows));
    for (int64_t i = 0; i < pixels; i++, to += rows)
        for (int64_t t = 0; t < used && at[i]; t++) to[t] = at[i][c + t];
}

static void copy_channels(const struct job *j, const struct block *b,
                          const struct unit *u)
{
    const float *at[PIXELS];
    int64_t rows = crema_cpu_tile_rows(j->p->lanes);
    float *to = b->x;

    find(j, b, u, at);
    for (int64_t c = 0; c < u->channels; c += rows, to += rows * b->pixels)
        if (u->channels - c < rows)
            copy_part(b->pixels, rows, u->channels - c, at, c, to);
        else if (rows == 6)
            copy_tile(b->pixels, 6, at, c, to);
        else if (rows == 8)
            copy_tile(b->pixels, 8, at, c, to);
        else
            copy_tile(b->pixels, 12, at, c, to);
}

/* ---- running --------------------------------------------------------------
 */

CREMA_CPU_CLONES
static void add_bias(const struct block *b, int64_t lanes, float *db)
{
    for (int64_t k = 0; k < b->outputs; k += lanes) {
        const float *dy = b->dy + k * b->pixels;
        float sum[64] = { 0 };

        for (int64_t i = 0; i < b->pixels; i++, dy += lanes)
            for (int64_t l = 0; l < lanes; l++) sum[l] += dy[l];
        for (int64_t l = 0; l < lanes; l++) db[k + l] += sum[l];
    }
}

static void add_unit(const struct job *j, const struct block *b,
                     const struct unit *u)
{
    int64_t lanes = j->p->lanes;

    copy_channels(j, b, u);
    for (int64_t k = 0; k < b->outputs; k += lanes)
        crema_cpu_product_turned(lanes, u->channels, b->pixels, b->x,
                                 b->dy + k * b->pixels, place(j, u, b->k + k));
    if (u->tap == 0 && u->c == 0 && j->db)
        add_bias(b, lanes, j->db + b->group * j->p->k + b->k);
}

static void clear(const struct job *j, const struct unit *u)
{
    const struct crema_cpu_packed *p = j->p;

    for (int64_t k = 0; k < p->k; k += p->lanes)
        memset(place(j, u, k), 0,
               sizeof *j->dw * (size_t)(u->channels * p->lanes));
    if (u->tap == 0 && u->c == 0 && j->db)
        memset(j->db + u->group * p->k, 0, sizeof *j->db * (size_t)p->k);
}

/* The units from..to, for a block of pixels. */
static void add_block(const struct job *j, struct block b, int64_t from,
                      int64_t to)
{
    const struct crema_cpu_packed *p = j->p;
    int64_t most = OUTPUTS / p->lanes * p->lanes;

    while (from < to) {
        int64_t end = crema_cpu_least(to, (unit_of(p, from).group + 1) *
                                              taps_of(p) * slices_of(p));

        b.group = unit_of(p, from).group;
        for (b.k = 0; b.k < p->k; b.k += most) {
            b.outputs = crema_cpu_least(most, p->k - b.k);
            copy_outputs(j, &b);
            for (int64_t i = from; i < end; i++) {
                struct unit u = unit_of(p, i);

                add_unit(j, &b, &u);
            }
        }
        from = end;
    }
}

/* Numbers of room for each thread: a block of dY, then one of X. */
enum { ROOM = PIXELS * (OUTPUTS + CHANNELS) };

/* The share of one thread or of several. */
static void part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct crema_cpu_packed *p = j->p;
    int64_t units = p->groups * taps_of(p) * slices_of(p);
    int64_t first = units * from / j->threads, end = units * to / j->threads;
    int64_t pixels = p->n * p->yh * p->yw;
    struct block b = { .dy = j->room + from * ROOM };

    b.x = b.dy + PIXELS * OUTPUTS;
    for (int64_t i = first; i < end; i++) {
        struct unit u = unit_of(p, i);

        clear(j, &u);
    }
    for (; b.first < pixels; b.first += PIXELS) {
        b.pixels = crema_cpu_least(PIXELS, pixels - b.first);
        add_block(j, b, first, end);
    }
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    const struct weights *weights = (const struct weights *)call;
    struct crema_cpu_packed p = weights->conv;
    struct job j = { .p = &p,
                     .dy = crema_in(op, 1),
                     .dw = crema_out(op, 0),
                     .db = crema_out(op, 1),
                     .threads = crema_cpu_threads(op),
                     .room = weights->call.scratch };

    p.x = crema_in(op, 0);
    crema_cpu_parts((int)j.threads, j.threads, 1, part, &j);
    return CREMA_OK;
}

/* ---- planning -------------------------------------------------------------
 */

enum crema_status crema_cpu_conv_packed_weights(struct crema_device *dev,
                                                struct crema_op *op,
                                                struct crema_port in[],
                                                struct crema_port out[])
{
    struct weights weights = {
        .call.base = { .run = run,
                       .scratch_bytes =
                           sizeof(float) * ROOM * (size_t)dev->cores },
        .conv = crema_cpu_packed_of(op->params, &op->in[0]->shape,
                                    &op->in[1]->shape),
    };

    in[0].want = crema_layout_channels_last(&op->in[0]->shape, CREMA_F32);
    in[1].want = crema_layout_channels_last(&op->in[1]->shape, CREMA_F32);
    out[0].want = crema_cpu_panels(&op->out[0]->shape, weights.conv.groups,
                                   weights.conv.lanes);
    if (op->out[1])
        out[1].want = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
    return crema_cpu_conv_leave(dev, op, &weights.call, sizeof weights);
}
