/* join.c - concat and slice, as copies of the longest runs that stay together.
 *
 * All tensors lie in the layout of the first one that is decided, if the cuts
 * leave that layout's blocks whole; else dense.  Copies are exact: what is
 * float32, as labels are, stays it.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <string.h>

/* What a run along `axis` is, of a tensor in layout `kind`: a joined tensor is
 * `outer` times the runs of its parts, each of inner elements for each entry of
 * the axis. */
static struct crema_sides runs(int kind, int axis, const struct crema_shape *s)
{
    struct crema_layout l = crema_cpu_layout(kind, s, CREMA_F32);
    struct crema_sides d = crema_sides(s, axis);
    int64_t count = 1;

    if (kind == CREMA_CPU_DENSE) return d;
    for (int i = 0; i < s->ndims; i++) count *= l.padded[i];
    if (axis == 0)
        d.outer = 1;
    else if (kind != CREMA_CPU_LAST)
        d.outer = s->dim[0];
    else
        d.outer = count / (s->dim[1] ? s->dim[1] : 1);
    d.inner = d.outer && d.length ? count / d.outer / d.length : 0;
    return d;
}

/* The parts' own layout when it can be cut, else dense. */
static int common_kind(int axis, int n, struct crema_tensor *const *part,
                       const struct crema_layout *have,
                       const struct crema_shape *whole)
{
    int kind = have ? crema_cpu_kind(have, whole) : CREMA_CPU_DENSE;

    if (kind == CREMA_CPU_OTHER || axis > 1) return CREMA_CPU_DENSE;
    for (int i = 0; i < n && kind > CREMA_CPU_LAST; i++)
        if (part[i] && part[i]->shape.dim[1] % kind) return CREMA_CPU_DENSE;
    return kind;
}

struct join {
    struct crema_tensor *const *part;
    int n;
    bool split; /* from whole to parts */
    char *whole;
    int64_t stride;               /* bytes of one run of the whole */
    int64_t run[CREMA_MAX_PORTS]; /* of each part's */
};

static void copy(const void *user, int64_t from, int64_t to)
{
    const struct join *j = user;

    for (int64_t o = from; o < to; o++) {
        char *at = j->whole + o * j->stride;

        for (int i = 0; i < j->n; at += j->run[i++]) {
            char *part = j->part[i] ? j->part[i]->data : NULL;

            if (!part || j->run[i] == 0) continue;
            part += o * j->run[i];
            memcpy(j->split ? part : at, j->split ? at : part,
                   (size_t)j->run[i]);
        }
    }
}

static enum crema_status run(const struct crema_op *op,
                             const struct crema_tensor *whole,
                             struct crema_tensor *const *part, int n,
                             bool split)
{
    const struct crema_along *params = op->params;
    int kind = crema_cpu_kind(&whole->layout, &whole->shape);
    struct crema_sides d = runs(kind, params->axis, &whole->shape);
    struct join j = { .part = part, .n = n, .split = split };
    int64_t each = d.inner, grain;

    each *= (int64_t)crema_type_bytes(whole->layout.type);
    j.whole = whole->data;
    j.stride = d.length * each;
    for (int i = 0; i < n; i++)
        j.run[i] = part[i] ? part[i]->shape.dim[params->axis] * each : 0;
    grain = j.stride ? 65536 / j.stride + 1 : 1;
    crema_cpu_parts(crema_cpu_threads(op), d.outer, grain, copy, &j);
    return CREMA_OK;
}

static enum crema_status concat(struct crema_ctx *ctx,
                                const struct crema_op *op)
{
    (void)ctx;
    return run(op, op->out[0], op->in, op->nin, false);
}

static enum crema_status slice(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    return run(op, op->in[0], op->out, op->nout, true);
}

/* float32 where all that is joined already is. */
static enum crema_type common_type(const struct crema_op *op,
                                   const struct crema_port in[])
{
    for (int i = 0; i < op->nin; i++)
        if (in[i].have && in[i].have->type == CREMA_BF16) return op->storage;
    return CREMA_F32;
}

enum crema_status crema_cpu_concat(struct crema_device *dev,
                                   struct crema_op *op, struct crema_port in[],
                                   struct crema_port out[])
{
    const struct crema_along *params = op->params;
    enum crema_type type = common_type(op, in);
    const struct crema_layout *have = NULL;
    int kind, first = 0;

    while (first < op->nin && !in[first].have) first++;
    if (first < op->nin)
        have = in[first].have;
    else
        first = 0;
    kind =
        common_kind(params->axis, op->nin, op->in, have, &op->in[first]->shape);
    for (int i = 0; i < op->nin; i++)
        in[i].want = crema_cpu_layout(kind, &op->in[i]->shape, type);
    out[0].want = crema_cpu_layout(kind, &op->out[0]->shape, type);
    return crema_host_call(dev, op, concat, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_slice(struct crema_device *dev, struct crema_op *op,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    const struct crema_along *params = op->params;
    int kind = common_kind(params->axis, op->nout, op->out, in[0].have,
                           &op->in[0]->shape);
    enum crema_type type = common_type(op, in);

    in[0].want = crema_cpu_layout(kind, &op->in[0]->shape, type);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i])
            out[i].want = crema_cpu_layout(kind, &op->out[i]->shape, type);
    return crema_host_call(dev, op, slice, CREMA_CPU_OWN);
}
