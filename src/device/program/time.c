/* time.c - one stage, op by op, with a clock in hand. */
#include "base/clock.h"
#include "device/program/passes.h"

static enum crema_status run(struct crema_program *p, int first, int end,
                             double *seconds)
{
    double before, now;

    CREMA_TRY(crema_device_finish(p->dev));
    before = crema_seconds();
    for (int i = first; i < end; i++) {
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

enum crema_status crema_program_time(struct crema_program *p,
                                     enum crema_stage stage, double *seconds)
{
    int first = crema_program_first(p, stage);
    enum crema_status status;

    if (p->generation != p->heap->generation) CREMA_TRY(crema_pass_bind(p));
    crema_program_begin(p);
    status = stage == CREMA_FORWARD ? crema_program_refresh(p) : CREMA_OK;
    crema_program_mark(p, first, p->end[stage]);
    if (status == CREMA_OK) status = run(p, first, p->end[stage], seconds);
    crema_program_leave(p);
    return status;
}
