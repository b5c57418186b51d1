/* fit.c - will a program's memory fit into what the device has left?  Asked
 * before anything is taken, so that the answer can say what to do. */
#include "device/program/passes.h"

static double mega(size_t bytes)
{
    return (double)bytes / 1e6;
}

/* Bytes of what the layer's ops make, each on its own. */
static size_t share_of(const struct crema_program *p, const char *layer)
{
    size_t bytes = 0;

    for (int i = 0; i < p->nops; i++) {
        const struct crema_op *op = p->op[i];

        if (op->layer != layer) continue;
        for (int k = 0; k < op->nout; k++)
            if (op->out[k] && op->out[k]->storage == op->out[k])
                bytes += op->out[k]->layout.bytes;
    }
    return bytes;
}

/* The layer whose blobs and gradients are the largest; "" without any. */
static const char *largest(const struct crema_program *p, size_t *bytes)
{
    const char *layer = "";

    *bytes = 0;
    for (int i = 0; i < p->nops; i++) {
        size_t share;

        if (!p->op[i]->layer || p->op[i]->layer == layer) continue;
        share = share_of(p, p->op[i]->layer);
        if (share <= *bytes) continue;
        *bytes = share;
        layer = p->op[i]->layer;
    }
    return layer;
}

/* The first axis of what comes in, which the values' memory grows with. */
static int64_t batch_of(const struct crema_program *p)
{
    int64_t batch = 0;

    for (const struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_INPUT && t->shape.ndims > 1)
            batch = t->shape.dim[0];
    return batch;
}

/* The largest batch for which there is room; 0: none.  Gradients of params are
 * as large whatever it is: of m_i of them and v_i values an image at op i, a
 * share r of the batch wants max(v_i r + m_i) <= max m + r (max(v_i + m_i) -
 * max m). */
static int64_t batch_that_fits(const struct crema_program *p, size_t values,
                               size_t room)
{
    size_t fixed = p->memory.gradients;

    if (room <= fixed || values <= fixed) return 0;
    return (int64_t)((double)batch_of(p) * (double)(room - fixed) /
                     (double)(values - fixed));
}

/* left: bytes for values alone. */
static enum crema_status refuse(const struct crema_program *p, size_t values,
                                size_t left, size_t all)
{
    size_t share, room = left > p->scratch_bytes ? left - p->scratch_bytes : 0;
    const char *layer = largest(p, &share);
    int64_t batch = batch_of(p), fits = batch_that_fits(p, values, room);

    if (fits >= 1 && batch > 1)
        return crema_fail(
            p->ctx, CREMA_ENOMEM,
            "%s has %.1f of %.1f MB left, the net wants %.1f MB beside its "
            "weights; layer \"%s\" has the largest share, %.1f MB; a "
            "batch_size "
            "of %lld instead of %lld would fit",
            p->dev->name, mega(left), mega(all),
            mega(values + p->scratch_bytes), layer, mega(share),
            (long long)fits, (long long)batch);
    return crema_fail(p->ctx, CREMA_ENOMEM,
                      "%s has %.1f of %.1f MB left, the net wants %.1f MB "
                      "beside its weights; layer \"%s\" has the largest share, "
                      "%.1f MB; no batch_size would fit",
                      p->dev->name, mega(left), mega(all),
                      mega(values + p->scratch_bytes), layer, mega(share));
}

enum crema_status crema_pass_fit(struct crema_program *p)
{
    size_t left, all, values = p->heap_bytes + p->kept_bytes;

    if (!p->dev->type->room) return CREMA_OK;
    for (const struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->streamed) values += CREMA_FEED_ROOMS * t->layout.bytes;
    CREMA_TRY(p->dev->type->room(p->dev, &left, &all));
    left += p->heap->bytes; /* it is given back before it grows */
    return values + p->scratch_bytes <= left ? CREMA_OK
                                             : refuse(p, values, left, all);
}
