/* join.c - neighbouring ops of one kind become one call: on a GPU the updates
 * of all small weights are one launch.
 *
 * The ops stay in the list, so lifetimes are what they were; all the work is
 * done where the first stands.
 */
#include "device/program/passes.h"

/* Elements of a weight whose update is worth a call of its own. */
static const int64_t LARGE = 1 << 20;

bool crema_update_joins(const struct crema_op *op)
{
    return op->backend && op->backend->join && op->type == &crema_op_update &&
           crema_shape_count(&op->in[0]->shape) < LARGE;
}

/* How many from op[i] on, before `end`, may be joined. */
static int neighbours(const struct crema_program *p, int i, int end)
{
    int n = 0;

    while (i + n < end && crema_update_joins(p->op[i + n]) &&
           p->op[i + n]->backend == p->op[i]->backend)
        n++;
    return n;
}

static enum crema_status join_stage(struct crema_program *p, int from, int end)
{
    for (int i = from; i < end;) {
        int n = neighbours(p, i, end), joined = 1;

        if (n > 1)
            CREMA_TRY(p->op[i]->backend->join(p->dev, n, &p->op[i], &joined));
        for (int k = i + 1; k < i + joined; k++) {
            p->op[k]->call->free(p->op[k]->call);
            p->op[k]->call = NULL;
        }
        i += joined;
    }
    return CREMA_OK;
}

enum crema_status crema_pass_join(struct crema_program *p)
{
    int from = 0;

    for (int s = 0; s < CREMA_STAGES; s++) {
        CREMA_TRY(join_stage(p, from, p->end[s]));
        from = p->end[s];
    }
    return CREMA_OK;
}
