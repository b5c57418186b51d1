/* scramble.c - a device for tests whose every op wants another layout. */
#include "support/scramble.h"

#include <stdlib.h>
#include <string.h>

struct scrambled {
    struct crema_call base;
    struct crema_op op;           /* on dense copies */
    struct crema_tensor *tensors; /* in, then out */
};

/* N x C x .. with the channels in blocks of 4, the last one padded. */
static struct crema_layout blocked(const struct crema_shape *s)
{
    struct crema_layout l = crema_layout_dense(s, CREMA_F32);
    int64_t stride = 4;

    l.nblocks = 1;
    l.block[0] = 4;
    l.block_dim[0] = 1;
    l.padded[1] = (s->dim[1] + 3) / 4 * 4;
    for (int d = s->ndims - 1; d >= 0; d--) {
        l.stride[d] = stride;
        stride *= d == 1 ? l.padded[1] / 4 : s->dim[d];
    }
    l.bytes = (size_t)stride * 4;
    return l;
}

static void choose(const struct crema_op *op, const struct crema_tensor *t,
                   unsigned k, struct crema_layout *want)
{
    unsigned which = (crema_hash(op->layer ? op->layer : "") + 7 * k +
                      crema_hash(op->type->name)) %
                     3;

    *want = crema_layout_dense(&t->shape,
                               t->role == CREMA_INPUT ? t->type : CREMA_F32);
    if (t->role == CREMA_INPUT || t->shape.ndims < 2) return;
    if (which == 1) *want = crema_layout_channels_last(&t->shape, CREMA_F32);
    if (which == 2) *want = blocked(&t->shape);
}

static size_t nonzeros(const uint32_t *words, size_t n)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) found += (words[i] & 0x7fffffff) != 0;
    return found;
}

/* To dense; fails when padding holds anything. */
static enum crema_status unpack(struct crema_ctx *ctx,
                                const struct crema_tensor *t, void *dense)
{
    int64_t count = crema_shape_count(&t->shape);

    crema_layout_unpack(&t->layout, t->data, 0, count, dense);
    if (t->layout.type != CREMA_F32 || nonzeros(t->data, t->layout.bytes / 4) ==
                                           nonzeros(dense, (size_t)count))
        return CREMA_OK;
    return crema_fail(ctx, CREMA_EDEVICE, "padding is not zero");
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    struct scrambled *s = (struct scrambled *)call;

    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            CREMA_TRY(unpack(call->dev->ctx, op->in[i], s->op.in[i]->data));
    CREMA_TRY(op->type->ref(call->dev->ctx, &s->op));
    for (int i = 0; i < op->nin; i++)
        if (op->in[i] && (op->type->mutates >> i & 1))
            crema_layout_pack(&op->in[i]->layout, op->in[i]->data, 0,
                              crema_shape_count(&op->in[i]->shape),
                              s->op.in[i]->data);
    for (int i = 0; i < op->nout; i++) {
        if (!op->out[i]) continue;
        memset(op->out[i]->data, 0, op->out[i]->layout.bytes);
        crema_layout_pack(&op->out[i]->layout, op->out[i]->data, 0,
                          crema_shape_count(&op->out[i]->shape),
                          s->op.out[i]->data);
    }
    return CREMA_OK;
}

static void free_call(struct crema_call *call)
{
    struct scrambled *s = (struct scrambled *)call;

    for (int i = 0; i < s->op.nin + s->op.nout; i++) free(s->tensors[i].data);
    free(s->tensors);
    free(s->op.in);
    free(s);
}

static struct crema_tensor *copy(struct crema_tensor *room,
                                 const struct crema_tensor *t)
{
    if (!t) return NULL;
    *room = *t;
    room->layout = crema_layout_dense(
        &t->shape, t->role == CREMA_INPUT ? t->type : CREMA_F32);
    room->data = calloc(1, room->layout.bytes + 4);
    return room;
}

static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              struct crema_port in[], struct crema_port out[])
{
    struct scrambled *s;

    (void)dev;
    if (op->type == &crema_op_reorder || op->type == &crema_op_dropout)
        return CREMA_EUNSUPPORTED; /* ref does these */
    s = calloc(1, sizeof *s);
    s->base = (struct crema_call){ .run = run,
                                   .free = free_call,
                                   .info = "scrambled" };
    s->op = *op;
    s->op.in = calloc((size_t)(op->nin + op->nout) + 1, sizeof *s->op.in);
    s->op.out = s->op.in + op->nin;
    s->tensors = calloc((size_t)(op->nin + op->nout) + 1, sizeof *s->tensors);
    for (int i = 0; i < op->nin; i++) {
        s->op.in[i] = copy(&s->tensors[i], op->in[i]);
        if (op->in[i]) choose(op, op->in[i], (unsigned)i, &in[i].want);
    }
    for (int i = 0; i < op->nout; i++) {
        s->op.out[i] = copy(&s->tensors[op->nin + i], op->out[i]);
        if (op->out[i]) choose(op, op->out[i], (unsigned)i + 5, &out[i].want);
    }
    op->call = &s->base;
    return CREMA_OK;
}

static const struct crema_backend backend = { .name = "scramble",
                                              .plan = plan };
static const struct crema_backend *const backends[] = { &backend, NULL };

const struct crema_device_type scramble_device = {
    .name = "scramble",
    .host = true,
    .backends = backends,
};
