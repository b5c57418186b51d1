/* run.c - preparing a recorded program, and the walk over its calls. */
#include "device/program/passes.h"

#include <string.h>

bool crema_program_watches(const struct crema_program *p,
                           const struct crema_tensor *t)
{
    for (const struct crema_watch *w = p->watched; w; w = w->next)
        if (w->tensor == t) return true;
    return false;
}

void crema_program_drop(struct crema_program *p, int i)
{
    for (int s = 0; s < CREMA_STAGES; s++) p->end[s] -= i < p->end[s];
    p->nops--;
    for (; i < p->nops; i++) p->op[i] = p->op[i + 1];
}

int crema_program_first(const struct crema_program *p, enum crema_stage stage)
{
    return stage == CREMA_FORWARD ? p->constants : p->end[stage - 1];
}

/* Gradient ops refer to forward's as they were, so these come before. */
static enum crema_status merge(struct crema_program *p)
{
    if (p->nops > p->end[CREMA_FORWARD]) return CREMA_OK;
    crema_pass_merge(p);
    return p->train ? CREMA_OK : crema_pass_fold(p);
}

void crema_program_begin(struct crema_program *p)
{
    if (p->dev->type->begin) p->dev->type->begin(p->dev, p->threads);
}

void crema_program_leave(struct crema_program *p)
{
    if (p->dev->type->end) p->dev->type->end(p->dev);
}

static enum crema_status open_feeds(struct crema_program *p)
{
    const struct crema_device_type *type = p->dev->type;

    for (struct crema_tensor *t = p->tensors; t && type->feed; t = t->next)
        if (t->streamed) {
            CREMA_TRY(type->feed_open(p->dev, t->layout.bytes, &t->feed));
            if (t->decoded)
                CREMA_TRY(
                    type->feed_decodes(p->dev, t->feed, t->shape.dim[0]));
        }
    return CREMA_OK;
}

static enum crema_status prepare(struct crema_program *p)
{
    CREMA_TRY(crema_pass_layouts(p));
    crema_pass_constants(p);
    if (p->fuse) crema_pass_early_update(p);
    if (p->fuse) CREMA_TRY(crema_pass_join(p));
    CREMA_TRY(crema_pass_memory(p));
    CREMA_TRY(open_feeds(p));
    return crema_pass_bind(p);
}

enum crema_status crema_program_prepare(struct crema_program *p)
{
    enum crema_status status;

    if (p->failed) return p->ctx->status;
    crema_pass_late(p);
    crema_pass_threads(p);
    if (p->fuse) CREMA_TRY(merge(p));
    if (p->fuse) crema_pass_fuse(p);
    if (p->fuse) crema_pass_chain(p);
    CREMA_TRY(crema_pass_choose(p)); /* runs programs of its own */
    crema_program_begin(p);
    status = prepare(p);
    crema_program_leave(p);
    return status;
}

static enum crema_status tell(struct crema_program *p, struct crema_op *op,
                              crema_watch_fn *fn, void *user)
{
    for (int k = 0; k < op->nout; k++)
        if (op->out[k] && crema_program_watches(p, op->out[k]))
            CREMA_TRY(fn(user, op->out[k]));
    return CREMA_OK;
}

enum crema_status crema_program_walk(struct crema_program *p,
                                     enum crema_stage from, enum crema_stage to,
                                     crema_watch_fn *fn, void *user)
{
    for (int i = crema_program_first(p, from); i < p->end[to]; i++) {
        struct crema_op *op = p->op[i];

        if (op->call) CREMA_TRY(op->call->run(op->call, op));
        if (fn) CREMA_TRY(tell(p, op, fn, user));
    }
    return CREMA_OK;
}

enum crema_status crema_program_run(struct crema_program *p,
                                    enum crema_stage from, enum crema_stage to,
                                    crema_watch_fn *fn, void *user)
{
    int first = crema_program_first(p, from);
    enum crema_status status;

    if (p->generation != p->heap->generation) CREMA_TRY(crema_pass_bind(p));
    if (first == p->end[to]) return CREMA_OK;
    crema_program_begin(p);
    status = from == CREMA_FORWARD ? crema_program_refresh(p) : CREMA_OK;
    crema_program_mark(p, first, p->end[to]);
    if (status == CREMA_OK)
        status = fn ? crema_program_walk(p, from, to, fn, user)
                    : crema_program_play(p, from, to);
    crema_program_leave(p);
    return status;
}

enum crema_status crema_program_set_step(struct crema_program *p, uint32_t step)
{
    return crema_device_upload(p->dev, p->step->data, &step, sizeof step);
}

enum crema_status crema_program_read_ring(struct crema_program *p, float ring[])
{
    return crema_tensor_read(p->dev, p->ring, ring);
}

enum crema_status crema_program_set_rate(struct crema_program *p,
                                         const struct crema_rates *rates)
{
    if (p->rate_known && !memcmp(&p->rate_now, rates, sizeof *rates))
        return CREMA_OK;
    p->rate_known = true;
    p->rate_now = *rates;
    return crema_device_upload(p->dev, p->rate->data, &p->rate_now,
                               sizeof *rates);
}
