/* memory.c - what a run takes of a GPU's memory, said before it starts. */
#include "device/backend.h"
#include "solver/internal.h"

static void tell(const struct crema_solver *s, const char *what, size_t bytes)
{
    if (bytes)
        crema_log(s->ctx, CREMA_INFO, "    %-28s %9.1f MB", what,
                  (double)bytes / 1e6);
}

enum crema_status crema_solver__tell_memory(struct crema_solver *s)
{
    struct crema_device *dev = s->world->dev;
    const struct crema_program *p = s->net->program;
    size_t tests = 0, left, all;

    if (s->told_memory || !dev->type->room) return CREMA_OK;
    s->told_memory = true;
    for (int i = 0; i < s->ntests; i++) {
        CREMA_TRY(crema_net_prepare(s->test[i]));
        tests += s->test[i]->program->kept_bytes;
    }
    CREMA_TRY(dev->type->room(dev, &left, &all));
    crema_log(s->ctx, CREMA_INFO, "Memory of %s:", dev->name);
    tell(s, "weights", p->memory.params);
    tell(s, "histories", p->memory.history);
    tell(s, "activations and gradients", p->memory.values);
    tell(s, "gradients of weights, gaps", p->memory.more);
    tell(s, "inputs and outputs", p->kept_bytes);
    tell(s, "scratch", p->scratch_bytes);
    tell(s, "test nets, beyond that",
         tests + s->world->heap.bytes - p->heap_bytes - p->scratch_bytes);
    tell(s, "left", left);
    return CREMA_OK;
}
