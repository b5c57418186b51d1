/* tape.c - a walk over calls, taken down by the device and played as a whole.
 *
 * A GPU then gets one order instead of a hundred (a CUDA graph).  The first run
 * of some stages is an ordinary walk, which loads what is loaded on first use;
 * the second is taken down.  A tape holds addresses: it goes when they change.
 */
#include "device/program/passes.h"

static bool may_take_down(const struct crema_program *p, int first, int end)
{
    if (!p->dev->type->record) return false;
    for (int i = first; i < end; i++)
        if (p->op[i]->call && p->op[i]->call->waits) return false;
    return true;
}

/* A device that cannot after all costs speed, not the run: what was enqueued
 * went nowhere, so the walk may be done again. */
static void give_up(struct crema_program *p, struct crema_tape *tape)
{
    tape->refused = true;
    tape->data = NULL;
    crema_log(p->ctx, CREMA_WARNING,
              "%s runs call by call, which costs some speed: %s", p->dev->name,
              p->ctx->message);
    p->ctx->message[0] = '\0';
    p->ctx->status = CREMA_OK;
}

static void take_down(struct crema_program *p, enum crema_stage from,
                      enum crema_stage to)
{
    struct crema_tape *tape = &p->tape[from][to];
    const struct crema_device_type *type = p->dev->type;
    enum crema_status status = type->record(p->dev);

    if (status == CREMA_OK) {
        status = crema_program_walk(p, from, to, NULL, NULL);
        if (status == CREMA_OK)
            status = type->recorded(p->dev, &tape->data);
        else
            (void)!type->recorded(p->dev, NULL);
    }
    if (status != CREMA_OK) give_up(p, tape);
}

enum crema_status crema_program_play(struct crema_program *p,
                                     enum crema_stage from, enum crema_stage to)
{
    int first = crema_program_first(p, from);
    struct crema_tape *tape = &p->tape[from][to];

    if (first == p->end[to]) return CREMA_OK;
    if (tape->walked && !tape->refused && !tape->data) {
        tape->refused = !may_take_down(p, first, p->end[to]);
        if (!tape->refused) take_down(p, from, to);
    }
    tape->walked = true;
    return tape->data ? p->dev->type->play(p->dev, tape->data)
                      : crema_program_walk(p, from, to, NULL, NULL);
}

void crema_program_erase(struct crema_program *p)
{
    struct crema_tape *tape = &p->tape[0][0];

    for (int i = 0; i < CREMA_STAGES * CREMA_STAGES; i++) {
        if (tape[i].data) p->dev->type->erase(p->dev, tape[i].data);
        tape[i].data = NULL;
    }
}
