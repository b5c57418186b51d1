/* early.c - each update moves up to right behind the last op that needs its
 * weight or makes its gradient: the gradient is still in cache and its memory
 * is free at once.  Not where clipping or iter_size need all gradients first:
 * those updates read a clip factor or an accumulated sum.  Nor where the update
 * is to be joined with others: there a call costs more than the cache saves.
 */
#include "device/program/passes.h"

static bool has(const struct crema_op *op, const struct crema_tensor *t)
{
    for (int k = 0; t && k < op->nin; k++)
        if (op->in[k] == t) return true;
    for (int k = 0; t && k < op->nout; k++)
        if (op->out[k] == t) return true;
    return false;
}

/* Does op read or write the weight, its copy, its gradient or its history? */
static bool touches(const struct crema_op *op, const struct crema_op *update)
{
    for (int i = 0; i < 4; i++)
        if (has(op, update->in[i])) return true;
    return update->nout > 0 && has(op, update->out[0]);
}

void crema_pass_early_update(struct crema_program *p)
{
    for (int i = p->end[CREMA_BACKWARD]; i < p->end[CREMA_UPDATE]; i++) {
        struct crema_op *update = p->op[i];
        int to = i;

        if (update->type != &crema_op_update) continue;
        if (update->in[5] || update->in[7]) continue;
        if (update->in[1]->role == CREMA_PARAM) continue;
        if (crema_update_joins(update)) continue;
        while (to > p->end[CREMA_FORWARD] && !touches(p->op[to - 1], update))
            to--;
        for (int k = i; k > to; k--) p->op[k] = p->op[k - 1];
        p->op[to] = update;
        p->end[CREMA_BACKWARD]++;
    }
}
