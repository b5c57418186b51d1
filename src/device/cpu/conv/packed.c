/* packed.c - a convolution, and the gradient of its input, as matrix
 * products of our own (packed_rows.c), with the channels innermost.
 *
 * dX is made from dY by a convolution with W's two channel axes exchanged and
 * its kernel turned by 180 degrees.  Where the stride is S, the pixels of dX
 * that are S apart along each axis meet the same taps of W: the S^2 phases are
 * convolutions with a stride of 1.  W is turned at every step, into scratch
 * memory.  Float32 only, and AVX-512: alone there it is fast.
 */
#include "device/cpu/conv/packed.h"

#include <string.h>

enum {
    TILE = 16,            /* outputs whose cache lines are used up at once */
    FEWEST_CHANNELS = 16, /* of a group, that a gradient of W is worth */
};

struct packed {
    /* scratch: the threads' rooms; of a gradient W turned, too */
    struct crema_cpu_conv_call call;
    struct crema_cpu_packed conv; /* without data */
    struct crema_conv geometry;
    int64_t inputs_lanes;
    size_t each; /* bytes of a thread's room */
};

struct crema_layout crema_cpu_panels(const struct crema_shape *w,
                                     int64_t groups, int64_t lanes)
{
    struct crema_shape s = {
        5, { groups, w->dim[0] / groups, w->dim[1], w->dim[2], w->dim[3] }
    };
    struct crema_layout l = crema_layout_dense(&s, CREMA_F32);

    l.stride[2] = lanes;
    l.stride[4] = w->dim[1] * l.stride[2];
    l.stride[3] = w->dim[3] * l.stride[4];
    l.stride[1] = w->dim[2] * l.stride[3];
    l.nblocks = 1;
    l.block[0] = lanes;
    l.block_dim[0] = groups > 1;
    if (groups > 1) return l;
    l.ndims = 4;
    for (int i = 0; i < l.ndims; i++) {
        l.dim[i] = l.padded[i] = l.dim[i + 1];
        l.stride[i] = l.stride[i + 1];
    }
    return l;
}

/* ---- forward --------------------------------------------------------------
 */

static struct crema_cpu_axis forward_axis(const struct crema_conv *c, int i,
                                          int64_t count)
{
    return (struct crema_cpu_axis){ .count = count,
                                    .taps = c->kernel[i],
                                    .stride = c->stride[i],
                                    .first = -c->pad[i],
                                    .step = c->dilation[i],
                                    .apart = 1 };
}

struct crema_cpu_packed crema_cpu_packed_of(const struct crema_conv *c,
                                            const struct crema_shape *x,
                                            const struct crema_shape *y)
{
    struct crema_cpu_packed p = {
        .n = x->dim[0],
        .groups = c->groups,
        .c = x->dim[1] / c->groups,
        .xh = x->dim[2],
        .xw = x->dim[3],
        .k = y->dim[1] / c->groups,
        .yh = y->dim[2],
        .yw = y->dim[3],
        .h = forward_axis(c, 0, y->dim[2]),
        .w = forward_axis(c, 1, y->dim[3]),
    };

    p.lanes = crema_cpu_lanes(p.k);
    return p;
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    const struct packed *packed = (const struct packed *)call;
    struct crema_cpu_packed p = packed->conv;

    p.x = crema_in(op, 0);
    p.weights = crema_in(op, 1);
    p.b = crema_in(op, 2);
    p.y = crema_out(op, 0);
    p.relu = op->relu;
    crema_cpu_packed_run(&p, crema_cpu_threads(op), packed->call.scratch);
    return CREMA_OK;
}

/* ---- the gradient of X ----------------------------------------------------
 */

/* Taps that meet pixels i apart + place of dX, the last one first: `from` and
 * `apart` less each time. */
struct taps {
    int64_t from, count, apart;
};

static struct taps taps_of(const struct crema_conv *c, int i, int64_t place)
{
    int64_t least = c->stride[i] == 1 ? 0 : (place + c->pad[i]) % c->stride[i];
    int64_t left = c->kernel[i] - least;
    struct taps t = { .apart = c->stride[i] };

    if (left > 0) t.count = (left + c->stride[i] - 1) / c->stride[i];
    t.from = least + (t.count - 1) * t.apart;
    return t;
}

static struct crema_cpu_axis phase_axis(const struct crema_conv *c, int i,
                                        int64_t size, int64_t place)
{
    struct taps t = taps_of(c, i, place);
    int64_t stride = c->stride[i];
    struct crema_cpu_axis a = { .count = (size - place + stride - 1) / stride,
                                .taps = t.count,
                                .stride = 1,
                                .step = c->dilation[i],
                                .place = place,
                                .apart = stride };

    if (place >= size) a.count = 0;
    if (t.count > 0)
        a.first = (place + c->pad[i] - t.from * c->dilation[i]) / stride;
    return a;
}

struct turning {
    const struct packed *packed;
    struct taps h, w;
    const float *from; /* W */
    float *to;         /* [c panel][tap][k][lanes of c], group by group */
};

/* Outputs k.. of a group, at one tap, for a panel of inputs. */
static void turn_tile(const float *from, int64_t count, int64_t from_lanes,
                      int64_t lanes, float *to)
{
    for (int64_t l = 0; l < lanes; l++)
        for (int64_t k = 0; k < count; k++)
            to[k * lanes + l] = from[l * from_lanes + k];
}

/* A unit is one tap for one panel of inputs. */
static void turn_part(const void *user, int64_t unit, int64_t end)
{
    const struct turning *t = user;
    const struct crema_cpu_packed *p = &t->packed->conv; /* the forward's */
    const struct crema_conv *c = &t->packed->geometry;
    int64_t lanes = t->packed->inputs_lanes, panels = p->c / lanes;
    int64_t taps = t->h.count * t->w.count;

    for (; unit < end; unit++) {
        int64_t tap = unit % taps, panel = unit / taps % panels;
        int64_t first = unit / taps / panels * p->k;
        int64_t h = t->h.from - tap / t->w.count * t->h.apart;
        int64_t w = t->w.from - tap % t->w.count * t->w.apart;

        for (int64_t k = 0; k < p->k; k += TILE) {
            int64_t row = (first + k) / p->lanes * c->kernel[0] + h;
            const float *from =
                t->from +
                ((row * c->kernel[1] + w) * p->c + panel * lanes) * p->lanes +
                k % p->lanes;

            turn_tile(from, TILE, p->lanes, lanes,
                      t->to + (unit * p->k + k) * lanes);
        }
    }
}

/* The gradient's convolution of one phase: from y to x. */
static struct crema_cpu_packed phase_of(const struct packed *packed,
                                        int64_t place_h, int64_t place_w)
{
    const struct crema_cpu_packed *f = &packed->conv;
    const struct crema_conv *c = &packed->geometry;

    return (struct crema_cpu_packed){
        .n = f->n,
        .groups = f->groups,
        .c = f->k,
        .xh = f->yh,
        .xw = f->yw,
        .k = f->c,
        .yh = f->xh,
        .yw = f->xw,
        .h = phase_axis(c, 0, f->xh, place_h),
        .w = phase_axis(c, 1, f->xw, place_w),
        .lanes = packed->inputs_lanes,
    };
}

static void run_phase(const struct packed *packed, const struct crema_op *op,
                      int64_t place_h, int64_t place_w)
{
    struct crema_cpu_packed p = phase_of(packed, place_h, place_w);
    int threads = crema_cpu_threads(op);
    char *room = packed->call.scratch;
    struct turning t = {
        .packed = packed,
        .h = taps_of(&packed->geometry, 0, place_h),
        .w = taps_of(&packed->geometry, 1, place_w),
        .from = crema_in(op, 0),
        .to = (float *)(room + packed->each * (size_t)threads),
    };

    crema_cpu_parts(threads, p.groups * (p.k / p.lanes) * t.h.count * t.w.count,
                    1, turn_part, &t);
    p.x = crema_in(op, 1);
    p.weights = t.to;
    p.y = crema_out(op, 0);
    crema_cpu_packed_run(&p, threads, room);
}

static enum crema_status run_back(struct crema_call *call, struct crema_op *op)
{
    const struct packed *packed = (const struct packed *)call;
    const struct crema_conv *c = &packed->geometry;

    for (int64_t h = 0; h < c->stride[0]; h++)
        for (int64_t w = 0; w < c->stride[1]; w++) run_phase(packed, op, h, w);
    return CREMA_OK;
}

/* ---- planning -------------------------------------------------------------
 */

static struct packed describe(const struct crema_conv *c,
                              const struct crema_shape *x,
                              const struct crema_shape *y)
{
    struct packed packed = {
        .conv = crema_cpu_packed_of(c, x, y),
        .geometry = *c,
    };

    packed.inputs_lanes = crema_cpu_lanes(packed.conv.c);
    return packed;
}

bool crema_cpu_conv_packs(const struct crema_op *op)
{
    const struct crema_op *f = op->forward ? op->forward : op;
    const struct crema_conv *c = f->params;
    const struct crema_shape *w = &f->in[1]->shape;
    bool phases = (c->stride[0] == 1 && c->stride[1] == 1) ||
                  (c->dilation[0] == 1 && c->dilation[1] == 1);

    if (c->spatial != 2 || crema_cpu_block() != 16 ||
        op->storage != CREMA_F32 || !crema_cpu_lanes(w->dim[0] / c->groups))
        return false;
    if (op->type == &crema_op_conv_bwd_data)
        return phases && crema_cpu_lanes(w->dim[1]);
    return op->type == &crema_op_conv || w->dim[1] >= FEWEST_CHANNELS;
}

enum crema_status crema_cpu_conv_packed(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    const struct crema_shape *x = &op->in[0]->shape, *y = &op->out[0]->shape;
    struct packed packed = describe(op->params, x, y);

    packed.call.base.run = run;
    packed.call.base.scratch_bytes =
        (size_t)dev->cores * crema_cpu_packed_room(&packed.conv);
    in[0].want = crema_layout_channels_last(x, CREMA_F32);
    in[1].want = crema_cpu_panels(&op->in[1]->shape, packed.conv.groups,
                                  packed.conv.lanes);
    if (op->in[2])
        in[2].want = crema_layout_dense(&op->in[2]->shape, CREMA_F32);
    out[0].want = crema_layout_channels_last(y, CREMA_F32);
    return crema_cpu_conv_leave(dev, op, &packed.call, sizeof packed);
}

enum crema_status crema_cpu_conv_packed_back(struct crema_device *dev,
                                             struct crema_op *op,
                                             struct crema_port in[],
                                             struct crema_port out[])
{
    const struct crema_shape *x = &op->out[0]->shape, *y = &op->in[1]->shape;
    struct packed packed = describe(op->forward->params, x, y);
    const struct crema_cpu_packed phase = phase_of(&packed, 0, 0);

    packed.each = crema_cpu_packed_room(&phase);
    packed.call.base.run = run_back;
    in[0].want = crema_cpu_panels(&op->in[0]->shape, packed.conv.groups,
                                  packed.conv.lanes);
    in[1].want = crema_layout_channels_last(y, CREMA_F32);
    out[0].want = crema_layout_channels_last(x, CREMA_F32);
    packed.call.base.scratch_bytes =
        (size_t)dev->cores * packed.each + in[0].want.bytes;
    return crema_cpu_conv_leave(dev, op, &packed.call, sizeof packed);
}
