/* dropout.c - Y = X mask / (1 - ratio), whatever the layout.
 *
 * The mask belongs to an element's index in N,C,H,W order, four to a block of
 * random bits; so a channel is a run of indices, and its elements lie `lanes`
 * apart.
 */
#include "device/formula/dropout.h"
#include "device/cpu/own.h"
#include "device/ops/params.h"

enum { STRIP = 256 }; /* elements; a multiple of 4 */

struct dropout {
    const struct crema_dropout *params;
    struct crema_cpu_view v;
    uint32_t step;
    enum crema_type type;
    const void *x;
    void *y;
};

/* Bits of STRIP elements, from element 4 block on. */
CREMA_CPU_CLONES
static void draw(const struct crema_dropout *d, uint32_t step, uint64_t block,
                 uint32_t bits[STRIP])
{
    const uint32_t seed = d->seed, stream = d->stream;
    uint32_t word[4][STRIP / 4];

    for (int i = 0; i < STRIP / 4; i++) {
        struct crema_philox r =
            crema_dropout_bits(seed, stream, step, block + (uint64_t)i);

        word[0][i] = r.v[0];
        word[1][i] = r.v[1];
        word[2][i] = r.v[2];
        word[3][i] = r.v[3];
    }
    for (int i = 0; i < STRIP / 4; i++)
        for (int w = 0; w < 4; w++) bits[4 * i + w] = word[w][i];
}

/* y = x or 0; y may be x */
CREMA_CPU_CLONES
static void mask(const struct crema_dropout *d, const uint32_t *bits, int64_t n,
                 const float *x, float *y)
{
    const uint32_t threshold = d->threshold;
    const float scale = d->scale;

#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++)
        y[i] = crema_dropout_value(bits[i], threshold, scale, x[i]);
}

/* ... of elements that lie `apart` */
CREMA_CPU_CLONES
static void mask_apart(const struct crema_dropout *d, const uint32_t *bits,
                       int64_t n, int64_t apart, const float *x, float *y)
{
    const uint32_t threshold = d->threshold;
    const float scale = d->scale;

    for (int64_t i = 0; i < n; i++)
        y[i * apart] =
            crema_dropout_value(bits[i], threshold, scale, x[i * apart]);
}

CREMA_CPU_CLONES
static void mask_halves(const struct crema_dropout *d, const uint32_t *bits,
                        int64_t n, int64_t apart, const uint16_t *x,
                        uint16_t *y)
{
    const uint32_t threshold = d->threshold;
    const float scale = d->scale;

    for (int64_t i = 0; i < n; i++)
        y[i * apart] = crema_to_bf16(crema_dropout_value(
            bits[i], threshold, scale, crema_from_bf16(x[i * apart])));
}

/* Elements first.. in N,C,H,W order, which lie from `at` on. */
static void run_of(const struct dropout *d, int64_t first, int64_t n,
                   int64_t apart, int64_t at)
{
    uint32_t bits[STRIP];

    while (n > 0) {
        int64_t some = STRIP - first % 4;

        if (some > n) some = n;
        draw(d->params, d->step, (uint64_t)first / 4, bits);
        if (d->type != CREMA_F32)
            mask_halves(d->params, bits + first % 4, some, apart,
                        (const uint16_t *)d->x + at, (uint16_t *)d->y + at);
        else if (apart == 1)
            mask(d->params, bits + first % 4, some, (const float *)d->x + at,
                 (float *)d->y + at);
        else
            mask_apart(d->params, bits + first % 4, some, apart,
                       (const float *)d->x + at, (float *)d->y + at);
        first += some;
        at += some * apart;
        n -= some;
    }
}

static void dense_part(const void *user, int64_t from, int64_t to)
{
    const struct dropout *d = user;

    run_of(d, from, to - from, 1, from);
}

/* Blocks of channels from..to of all images; whatever is drawn for the
 * padding, its zeros stay zero. */
static void block_part(const void *user, int64_t from, int64_t to)
{
    const struct dropout *d = user;
    const struct crema_cpu_view *v = &d->v;

    for (int64_t i = from; i < to; i++)
        for (int64_t l = 0; l < v->lanes; l++) {
            int64_t n = i / v->blocks, c = i % v->blocks * v->lanes + l;
            int64_t at = i * v->s * v->lanes + l;

            run_of(d, (n * v->c + c) * v->s, v->s, v->lanes, at);
        }
}

static enum crema_status run(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_tensor *y = op->out[0];
    struct dropout d = {
        .params = op->params,
        .step = *(const uint32_t *)op->in[1]->data,
        .type = y->layout.type,
        .x = op->in[0]->data,
        .y = y->data,
    };

    (void)ctx;
    if (crema_layout_is_dense(&y->layout)) {
        crema_cpu_parts(crema_cpu_threads(op), crema_shape_count(&y->shape),
                        4096, dense_part, &d);
        return CREMA_OK;
    }
    d.v = crema_cpu_view(&y->layout, &y->shape);
    crema_cpu_parts(crema_cpu_threads(op), d.v.n * d.v.blocks, 1, block_part,
                    &d);
    return CREMA_OK;
}

enum crema_status crema_cpu_dropout(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    const struct crema_shape *x = &op->in[0]->shape;
    int kind = in[0].have ? crema_cpu_kind(in[0].have, x) : CREMA_CPU_DENSE;

    if (kind == CREMA_CPU_OTHER) kind = CREMA_CPU_DENSE;
    in[0].want = out[0].want = crema_cpu_layout(kind, x, crema_cpu_type(op));
    in[1].want = crema_layout_dense(&op->in[1]->shape, CREMA_I32);
    return crema_host_call(dev, op, run, CREMA_CPU_OWN);
}
