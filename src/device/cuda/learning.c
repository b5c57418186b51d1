/* learning.c - launches of what is done to weights. */
#include "device/cuda/kernels.h"

/* All numbers that t's memory holds: padding is zero, and stays so. */
static int64_t held_by(const struct crema_tensor *t)
{
    return (int64_t)(t->layout.bytes / crema_type_bytes(t->layout.type));
}

static struct crema_pace pace_of(const struct crema_op *op)
{
    return (struct crema_pace){ op->in[4]->data, crema_in(op, 5),
                                crema_in(op, 6) };
}

static struct crema_updated updated(const struct crema_op *op)
{
    const struct crema_tensor *copy = op->nout > 0 ? op->out[0] : NULL;

    return (struct crema_updated){
        .w = op->in[0]->data,
        .h0 = op->in[2] ? op->in[2]->data : NULL,
        .h1 = op->in[3] ? op->in[3]->data : NULL,
        .dw = op->in[1]->data,
        .copy = copy ? copy->data : NULL,
        .local = crema_in(op, 7),
        .dw_type = crema_cuda_type(op->in[1]),
        .copy_type = copy ? crema_cuda_type(copy) : CREMA_F32,
    };
}

static int update(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_updated m = updated(op);
    struct crema_pace pace = pace_of(op);

    (void)scratch;
    return crema_cuda_update(s, op->params, &pace, &m, held_by(op->in[0]));
}

/* in[0..n), of which in[1] is a gradient and the others are float32, lie alike,
 * in whatever order: as the first of them does.  The gradient is read as it is
 * where only its type differs. */
static void lie_alike(const struct crema_op *op, int n, struct crema_port in[],
                      struct crema_port out[])
{
    struct crema_layout l = crema_layout_dense(&op->in[0]->shape, CREMA_F32);
    struct crema_layout as;

    crema_cuda_all_dense(op, in, out);
    for (int i = n - 1; i >= 0; i--)
        if (op->in[i] && in[i].have) l = crema_layout_as(in[i].have, CREMA_F32);
    for (int i = 0; i < n; i++)
        if (op->in[i]) in[i].want = l;
    if (n < 2 || !in[1].have) return;
    as = crema_layout_as(in[1].have, CREMA_F32);
    if (crema_layout_equal(&as, &l)) in[1].want = *in[1].have;
}

/* Weight, gradient and histories. */
static void update_ports(const struct crema_op *op, struct crema_port in[],
                         struct crema_port out[])
{
    lie_alike(op, 4, in, out);
}

/* All types but float32 have 16 bits here. */
bool crema_cuda_updates_copy(const struct crema_op *op,
                             const struct crema_layout *copy)
{
    return op->type == &crema_op_update &&
           (copy->type == CREMA_BF16 || copy->type == CREMA_F16);
}

/* One rule with the same numbers; each weight may have its own rate and decay.
 */
bool crema_cuda_updates_join(const struct crema_op *a, const struct crema_op *b)
{
    const struct crema_update *u = a->params, *v = b->params;

    return u->rule == v->rule && u->scale == v->scale && u->l1 == v->l1 &&
           u->decouples == v->decouples && u->momentum == v->momentum &&
           u->momentum2 == v->momentum2 && u->delta == v->delta &&
           u->rms_decay == v->rms_decay && a->in[4] == b->in[4] &&
           a->in[5] == b->in[5] && a->in[6] == b->in[6];
}

int crema_cuda_launch_updates(cudaStream_t s, int n,
                              struct crema_op *const *ops)
{
    struct crema_joined j = { .pace = pace_of(ops[0]), .n = n };
    int64_t blocks = 0;

    j.update = *(const struct crema_update *)ops[0]->params;
    for (int i = 0; i < n; i++) {
        const struct crema_update *u = ops[i]->params;
        int64_t count = held_by(ops[i]->in[0]);

        j.one[i] = (struct crema_joined_one){
            .m = updated(ops[i]),
            .count = count,
            .first = (unsigned)blocks,
            .lr_mult = u->lr_mult,
            .decay = u->decay,
        };
        blocks += crema_blocks(count, CREMA_JOINED_EACH);
    }
    return crema_cuda_update_joined(s, &j, (unsigned)blocks);
}

static int loss_ring(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_ringed m = { .n = op->nin - 2 };

    (void)scratch;
    for (int i = 0; i < m.n; i++) m.loss[i] = crema_in(op, 2 + i);
    return crema_cuda_loss_ring(s, op->params, &m, op->in[1]->data,
                                op->in[0]->data);
}

static int loss_scale(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_loss_scale(s, op->params, crema_in(op, 0),
                                 crema_in(op, 2), op->in[1]->data,
                                 crema_out(op, 0));
}

static int local_rate(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_localized m = {
        .w = crema_in(op, 0),
        .dw = crema_in(op, 1),
        .h = crema_in(op, 2),
        .dw_h = crema_in(op, 3),
        .correlation = op->in[4] ? op->in[4]->data : NULL,
        .rates = op->in[5]->data,
        .clip = crema_in(op, 6),
    };

    (void)scratch;
    return crema_cuda_local_rate(s, op->params, &m, crema_out(op, 0));
}

/* Sum and gradient. */
static void accumulate_ports(const struct crema_op *op, struct crema_port in[],
                             struct crema_port out[])
{
    lie_alike(op, 2, in, out);
}

static int accumulate(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_accumulate(s, crema_cuda_type(op->in[1]),
                                 held_by(op->in[0]), op->in[1]->data,
                                 op->in[0]->data);
}

static void clear_ports(const struct crema_op *op, struct crema_port in[],
                        struct crema_port out[])
{
    lie_alike(op, 1, in, out);
}

static int clear(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_zero(s, op->in[0]->data, op->in[0]->layout.bytes);
}

/* The order of elements does not matter, nor does padding. */
static void clip_ports(const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    for (int i = 1; i < op->nin; i++)
        if (in[i].have && crema_cuda_is_number(in[i].have->type))
            in[i].want = *in[i].have;
}

static size_t clip_parts(const struct crema_op *op)
{
    return sizeof(float) * CREMA_CLIP_PARTS * (size_t)op->nin;
}

static int clip_factor(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    float *parts = scratch;
    int64_t n = 0;

    for (int i = 1; i < op->nin; i++) {
        int error =
            crema_cuda_squares(s, crema_cuda_type(op->in[i]),
                               held_by(op->in[i]), op->in[i]->data, parts + n);

        if (error) return error;
        n += CREMA_CLIP_PARTS;
    }
    return crema_cuda_clip(s, op->params, n, parts, crema_in(op, 0),
                           crema_out(op, 0));
}

const struct cuda_kernel crema_cuda_learning[] = {
    { &crema_op_update, update, -1, update_ports, NULL, false },
    { &crema_op_loss_ring, loss_ring, -1, NULL, NULL, false },
    { &crema_op_loss_scale, loss_scale, -1, NULL, NULL, false },
    { &crema_op_local_rate, local_rate, -1, NULL, NULL, false },
    { &crema_op_accumulate, accumulate, -1, accumulate_ports, NULL, false },
    { &crema_op_clear, clear, -1, clear_ports, NULL, false },
    { &crema_op_clip_factor, clip_factor, -1, clip_ports, clip_parts, false },
    { NULL, NULL, 0, NULL, NULL, false },
};
