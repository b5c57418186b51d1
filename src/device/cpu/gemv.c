/* gemv.c - fully connected layers for a few images: Y = X W' + b.
 *
 * All that counts is how fast W comes from memory.  It is read once, from
 * several places in turn, each of which the processor fetches ahead of.  W lies
 * as the library has it for the other passes: dense, or in panels of 64
 * outputs, which hold a row of 64 weights for each input.  The order of a sum
 * does not depend on the threads.
 */
#include "device/cpu/own.h"

#include <string.h>

enum {
    MOST_IMAGES = 8,
    STREAMS = 16, /* of a panel */
    TURN = 2,     /* rows of a stream before it is the next one's turn */
    OUTPUTS = 8,  /* of dense weights, at a time: a stream each */
    LANES = 16,   /* of a vector */
    PANEL = 64,   /* outputs */
    VECTORS = PANEL / LANES,
    AHEAD = 4,          /* rows of a panel that are asked for early */
    VECTORS_AHEAD = 16, /* and vectors of dense weights */
    CHUNK = 32,   /* rows of each stream that stay in cache for all images */
    TOGETHER = 4, /* images whose sums fit in registers */
};

typedef float vector
    __attribute__((vector_size(sizeof(float) * LANES), aligned(4), may_alias));

struct gemv {
    int64_t m, n, k;
    int64_t panel;          /* elements from one to the next; 0: dense */
    const float *x, *w, *b; /* b may be NULL */
    bool relu;
    float *y;
};

static void store(const struct gemv *g, int64_t image, int64_t output,
                  float sum)
{
    if (g->b) sum += g->b[output];
    g->y[image * g->n + output] = g->relu && sum < 0 ? 0 : sum;
}

/* ---- panels ---------------------------------------------------------------
 */

/* Rows first..last of each stream; stream s begins at row s apart. */
struct rows {
    const float *w;
    int64_t apart, first, last;
};

static inline __attribute__((always_inline)) void
add_row(int images, const float *x, int64_t k, const float *row,
        vector acc[TOGETHER][VECTORS])
{
    for (int v = 0; v < VECTORS; v++)
        __builtin_prefetch(row + AHEAD * PANEL + v * LANES);
    for (int i = 0; i < images; i++)
        for (int v = 0; v < VECTORS; v++)
            acc[i][v] += x[i * k] * *(const vector *)(row + v * LANES);
}

/* Rows first.. of each stream, `turn` of them. */
static inline __attribute__((always_inline)) void
add_turn(int images, int turn, const float *x, int64_t k, const struct rows *r,
         int64_t first, vector acc[TOGETHER][VECTORS])
{
    for (int64_t at = first, s = 0; s < STREAMS; s++, at += r->apart)
        for (int i = 0; i < turn; i++)
            add_row(images, x + at + i, k, r->w + (at + i) * PANEL, acc);
}

/* sum[i][] += x[i][row] of each row, for images that lie k apart */
static inline __attribute__((always_inline)) void
add_rows(int images, const float *x, int64_t k, struct rows r,
         float sum[][PANEL])
{
    vector acc[TOGETHER][VECTORS];

    memcpy(acc, sum, sizeof *sum * (size_t)images);
    for (; r.first + TURN <= r.last; r.first += TURN)
        add_turn(images, TURN, x, k, &r, r.first, acc);
    for (; r.first < r.last; r.first++)
        add_turn(images, 1, x, k, &r, r.first, acc);
    memcpy(sum, acc, sizeof *sum * (size_t)images);
}

CREMA_CPU_CLONES
static void add_chunk(const struct gemv *g, struct rows r,
                      float sum[MOST_IMAGES][PANEL])
{
    int64_t i = 0;

    for (; i + 4 <= g->m; i += 4)
        add_rows(4, g->x + i * g->k, g->k, r, sum + i);
    for (; i + 2 <= g->m; i += 2)
        add_rows(2, g->x + i * g->k, g->k, r, sum + i);
    if (i < g->m) add_rows(1, g->x + i * g->k, g->k, r, sum + i);
}

/* The rows behind the last whole stream. */
static void add_rest(const struct gemv *g, const float *w, int64_t first,
                     float sum[MOST_IMAGES][PANEL])
{
    for (int64_t i = 0; i < g->m; i++)
        for (int64_t k = first; k < g->k; k++)
            for (int l = 0; l < PANEL; l++)
                sum[i][l] += g->x[i * g->k + k] * w[k * PANEL + l];
}

static void panel_part(const void *user, int64_t from, int64_t to)
{
    const struct gemv *g = user;
    float sum[MOST_IMAGES][PANEL];

    for (int64_t p = from; p < to; p++) {
        struct rows r = { g->w + p * g->panel, g->k / STREAMS, 0, 0 };

        memset(sum, 0, sizeof sum);
        for (; r.first < r.apart; r.first = r.last) {
            r.last = r.first + CHUNK < r.apart ? r.first + CHUNK : r.apart;
            add_chunk(g, r, sum);
        }
        add_rest(g, r.w, r.apart * STREAMS, sum);
        for (int64_t i = 0; i < g->m; i++)
            for (int64_t l = 0; l < PANEL && p * PANEL + l < g->n; l++)
                store(g, i, p * PANEL + l, sum[i][l]);
    }
}

/* ---- dense ----------------------------------------------------------------
 */

/* sum[s] = X row s of W, for OUTPUTS rows */
CREMA_CPU_CLONES
static void dot(const float *x, const float *const w[OUTPUTS], int64_t k,
                float sum[OUTPUTS])
{
    vector acc[OUTPUTS] = { { 0 } };
    int64_t i = 0;

    for (; i + LANES <= k; i += LANES)
        for (int s = 0; s < OUTPUTS; s++) {
            __builtin_prefetch(w[s] + i + VECTORS_AHEAD * LANES);
            acc[s] += *(const vector *)(x + i) * *(const vector *)(w[s] + i);
        }
    for (int s = 0; s < OUTPUTS; s++) {
        sum[s] = 0;
        for (int l = 0; l < LANES; l++) sum[s] += acc[s][l];
        for (int64_t j = i; j < k; j++) sum[s] += x[j] * w[s][j];
    }
}

/* Beyond the last output a stream reads the last once more. */
static void dense_part(const void *user, int64_t from, int64_t to)
{
    const struct gemv *g = user;
    const float *w[OUTPUTS];
    float sum[OUTPUTS];

    for (int64_t n = from; n < to; n += OUTPUTS) {
        for (int64_t s = 0; s < OUTPUTS; s++)
            w[s] = g->w + (n + s < to ? n + s : to - 1) * g->k;
        for (int64_t i = 0; i < g->m; i++) {
            dot(g->x + i * g->k, w, g->k, sum);
            for (int64_t s = 0; s < OUTPUTS && n + s < to; s++)
                store(g, i, n + s, sum[s]);
        }
    }
}

/* ---- planning -------------------------------------------------------------
 */

/* Elements from a panel to the next; 0: dense, -1: something else. */
static int64_t panel_of(const struct crema_layout *l)
{
    const int last = l->nblocks - 1;
    int64_t rows = 1;

    if (l->type != CREMA_F32 || l->ndims != 2) return -1;
    if (crema_layout_is_dense(l)) return 0;
    if (last < 0 || l->block_dim[last] != 0 || l->block[last] != PANEL)
        return -1;
    for (int i = 0; i < last; i++) {
        if (l->block_dim[i] != 1) return -1;
        rows *= l->block[i];
    }
    if (l->stride[1] != rows * PANEL) return -1;
    return l->stride[0];
}

static enum crema_status run(struct crema_ctx *ctx, const struct crema_op *op)
{
    struct gemv g = {
        .m = op->out[0]->shape.dim[0],
        .n = op->out[0]->shape.dim[1],
        .k = op->in[0]->shape.dim[1],
        .panel = panel_of(&op->in[1]->layout),
        .x = crema_in(op, 0),
        .w = crema_in(op, 1),
        .b = crema_in(op, 2),
        .y = crema_out(op, 0),
        .relu = op->relu,
    };

    (void)ctx;
    if (g.panel)
        crema_cpu_parts(crema_cpu_threads(op), (g.n + PANEL - 1) / PANEL, 1,
                        panel_part, &g);
    else
        crema_cpu_parts(crema_cpu_threads(op), g.n, OUTPUTS, dense_part, &g);
    return CREMA_OK;
}

bool crema_cpu_gemv_fits(const struct crema_op *op,
                         const struct crema_layout *w)
{
    return op->in[0]->shape.dim[0] <= MOST_IMAGES && w && panel_of(w) >= 0;
}

enum crema_status crema_cpu_gemv(struct crema_device *dev, struct crema_op *op,
                                 const struct crema_layout *w,
                                 struct crema_port in[],
                                 struct crema_port out[])
{
    in[0].want = crema_layout_dense(&op->in[0]->shape, CREMA_F32);
    in[1].want = *w;
    if (op->in[2])
        in[2].want = crema_layout_dense(&op->in[2]->shape, CREMA_F32);
    out[0].want = crema_layout_dense(&op->out[0]->shape, CREMA_F32);
    return crema_host_call(dev, op, run, CREMA_CPU_OWN);
}
