/* turned.c - the gradient of a convolution's input as a convolution.
 *
 * With a stride of 1, dX is dY convolved with W', whose two channel axes have
 * changed places within each group and whose kernel is turned by 180 degrees:
 *
 *   W'[g C + c][k][t] = W[g K + k][c][taps - 1 - t]     K, C: of a group
 *
 * With channels innermost oneDNN's forward pass ("brgconv") is up to twice as
 * fast as its own gradient.  W is turned at every step, into scratch memory.
 * Float32 only.
 */
#include "device/cpu/conv/conv.h"
#include "device/cpu/onednn.h"

#include <stdlib.h>
#include <string.h>

enum {
    TILE = 16,  /* outputs, and inputs, whose cache lines are used up at once */
    ALIGN = 64, /* bytes */
};

struct turned {
    struct crema_call base;
    struct crema_op conv;  /* dX from dY and W' */
    struct crema_tensor w; /* W' */
    struct crema_tensor *in[3], *out[1];
    int64_t groups, k, c, taps; /* k, c: of a group */
    /* Where things lie, in elements: W's outputs, inputs of a group, and taps;
     * outputs of W' (all inputs), inputs of a group, and taps. */
    int64_t *from_k, *from_c, *from_tap, *to_c, *to_k, *to_tap;
    int64_t place[];
};

/* ---- running --------------------------------------------------------------
 */

struct turning {
    const struct turned *t;
    const float *from;
    float *to;
};

/* Outputs first..last and all inputs of them. */
static void turn_part(const void *user, int64_t first, int64_t last)
{
    const struct turning *job = user;
    const struct turned *t = job->t;

    for (int64_t c = 0; c < t->c; c += TILE)
        for (int64_t tap = 0; tap < t->taps; tap++)
            for (int64_t k = first; k < last; k++) {
                const float *from = job->from + t->from_k[k] + t->from_tap[tap];
                float *to =
                    job->to + t->to_k[k % t->k] + t->to_tap[t->taps - 1 - tap];
                const int64_t *to_c = t->to_c + k / t->k * t->c;

                for (int64_t i = c; i < crema_cpu_least(c + TILE, t->c); i++)
                    to[to_c[i]] = from[t->from_c[i]];
            }
}

static void turn_tiles(const void *user, int64_t from, int64_t to)
{
    for (; from < to; from += TILE)
        turn_part(user, from, crema_cpu_least(from + TILE, to));
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    struct turned *t = (struct turned *)call;
    const struct turning job = { t, op->in[0]->data, t->w.data };

    if (crema_layout_is_padded(&t->w.layout))
        memset(job.to, 0, t->w.layout.bytes);
    crema_cpu_parts(crema_cpu_threads(op), t->groups * t->k, TILE, turn_tiles,
                    &job);
    return t->conv.call->run(t->conv.call, &t->conv);
}

static size_t above(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* W' lies behind the convolution's own scratch memory. */
static enum crema_status bind(struct crema_call *call, struct crema_op *op,
                              void *scratch)
{
    struct turned *t = (struct turned *)call;

    t->w.data = (char *)scratch + above(t->conv.call->scratch_bytes);
    t->in[0] = op->in[1];
    t->out[0] = op->out[0];
    return t->conv.call->bind(t->conv.call, &t->conv, scratch);
}

static void free_turned(struct crema_call *call)
{
    struct turned *t = (struct turned *)call;

    if (t->conv.call) t->conv.call->free(t->conv.call);
    free(t);
}

/* ---- planning -------------------------------------------------------------
 */

/* Places of n indices that are `step` apart in row-major order. */
static int64_t *note(int64_t *place, const struct crema_layout *l, int64_t n,
                     int64_t step)
{
    for (int64_t i = 0; i < n; i++) place[i] = crema_layout_offset(l, i * step);
    return place + n;
}

static void note_all(struct turned *t, const struct crema_layout *from,
                     const struct crema_layout *to)
{
    t->from_k = t->place;
    t->from_c = note(t->from_k, from, t->groups * t->k, t->c * t->taps);
    t->from_tap = note(t->from_c, from, t->c, t->taps);
    t->to_c = note(t->from_tap, from, t->taps, 1);
    t->to_k = note(t->to_c, to, t->groups * t->c, t->k * t->taps);
    t->to_tap = note(t->to_k, to, t->k, t->taps);
    (void)note(t->to_tap, to, t->taps, 1);
}

static struct turned *make(struct crema_device *dev, const struct crema_op *op)
{
    const struct crema_conv *c = op->forward->params;
    const struct crema_shape *w = &op->in[0]->shape;
    int64_t outputs = w->dim[0], inputs = w->dim[1];
    int64_t taps = crema_shape_product(w, 2, w->ndims);
    struct turned *t = calloc(
        1, sizeof *t + sizeof *t->place *
                           (size_t)(outputs + inputs + 2 * taps +
                                    c->groups * inputs + outputs / c->groups));

    if (!t) return NULL;
    t->base.run = run;
    t->base.bind = bind;
    t->base.free = free_turned;
    t->base.dev = dev;
    t->groups = c->groups;
    t->k = outputs / c->groups;
    t->c = inputs;
    t->taps = taps;
    t->in[0] = op->in[1];
    t->in[1] = &t->w;
    t->out[0] = op->out[0];
    t->conv = (struct crema_op){
        .type = op->type,
        .nin = 3,
        .in = t->in,
        .nout = 1,
        .out = t->out,
        .layer = op->layer,
    };
    return t;
}

/* In oneDNN's words; false where it is no plain convolution. */
static bool describe(const struct turned *t, const struct crema_op *op,
                     struct crema_dn *d)
{
    const struct crema_conv *c = op->forward->params;
    struct crema_shape w = { 0, { t->groups } };

    if (t->groups > 1) w.ndims = 1;
    w.dim[w.ndims++] = t->c;
    w.dim[w.ndims++] = t->k;
    for (int i = 0; i < c->spatial; i++) {
        int64_t reach = (c->kernel[i] - 1) * c->dilation[i];

        if (c->stride[i] != 1 || c->pad[i] > reach) return false;
        w.dim[w.ndims++] = c->kernel[i];
        d->stride[i] = 1;
        d->dilation[i] = c->dilation[i] - 1;
        d->left[i] = d->right[i] = reach - c->pad[i];
    }
    d->x = crema_layout_channels_last(&op->in[1]->shape, CREMA_F32);
    d->y = crema_layout_channels_last(&op->out[0]->shape, CREMA_F32);
    d->w = crema_dn_any(&w, CREMA_F32);
    d->train = true;
    return true;
}

static bool is_fast(const struct crema_call *conv)
{
    return strncmp(conv->info, "brg", 3) == 0;
}

/* W stays as it lies, or as the forward pass reads it. */
static enum crema_status fill_in(struct turned *t, const struct crema_op *op,
                                 struct crema_port in[],
                                 struct crema_port out[])
{
    struct crema_dn d = { .train = true };
    struct crema_port ports[3], dx;

    if (!describe(t, op, &d)) return CREMA_EUNSUPPORTED;
    CREMA_TRY(crema_dn_plan(t->base.dev, &t->conv, CREMA_DN_CONV, &d, NULL,
                            crema_dn_forward_args, ports, &dx));
    if (!is_fast(t->conv.call)) return CREMA_EUNSUPPORTED;
    t->w.layout = ports[1].want;
    in[0].want = in[0].have ? *in[0].have : op->forward->want[1];
    in[1].want = ports[0].want;
    out[0].want = dx.want;
    note_all(t, &in[0].want, &t->w.layout);
    t->base.scratch_bytes =
        above(t->conv.call->scratch_bytes) + t->w.layout.bytes;
    t->base.info = t->conv.call->info;
    return CREMA_OK;
}

enum crema_status crema_cpu_conv_turned(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    struct turned *t = make(dev, op);
    enum crema_status status;

    if (!t) return crema_no_memory(dev->ctx, op->type->name);
    status = fill_in(t, op, in, out);
    if (status == CREMA_OK)
        op->call = &t->base;
    else
        free_turned(&t->base);
    return status;
}
