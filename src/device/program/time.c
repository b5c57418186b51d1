/* time.c - one stage, op by op, with a clock in hand. */
#include "base/clock.h"
#include "device/program/passes.h"

enum crema_status crema_program_time(struct crema_program *p,
                                     enum crema_stage stage, double *seconds)
{
    int first = stage == CREMA_FORWARD ? 0 : p->end[stage - 1];
    double before, now;

    if (p->generation != p->heap->generation) CREMA_TRY(crema_pass_bind(p));
    CREMA_TRY(crema_device_finish(p->dev));
    before = crema_seconds();
    for (int i = first; i < p->end[stage]; i++) {
        struct crema_op *op = p->op[i];

        if (!op->call) continue;
        CREMA_TRY(op->call->run(op->call, op));
        CREMA_TRY(crema_device_finish(p->dev));
        now = crema_seconds();
        seconds[i] += now - before;
        before = now;
    }
    return CREMA_OK;
}
