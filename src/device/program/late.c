/* late.c - what a forward pass changes it changes at its end: running
 * statistics, states that are carried on.  So a pass that stops half-way, for a
 * size that turns out to be another, can be repeated.
 */
#include "device/program/passes.h"

/* Does `other` read what op makes? */
static bool reads(const struct crema_op *other, const struct crema_op *op)
{
    for (int i = 0; i < op->nout; i++)
        for (int k = 0; k < other->nin && op->out[i]; k++)
            if (other->in[k] == op->out[i]) return true;
    return false;
}

/* Must op stay in front of `other`?  So it must where one of the two changes
 * what both read. */
static bool is_tied(const struct crema_op *op, const struct crema_op *other)
{
    if (reads(other, op)) return true;
    for (int i = 0; i < op->nin; i++)
        for (int k = 0; k < other->nin && op->in[i]; k++)
            if (op->in[i] == other->in[k] &&
                (((uint64_t)op->type->mutates >> i & 1) ||
                 ((uint64_t)other->type->mutates >> k & 1)))
                return true;
    return false;
}

/* How far down op[i] may move: in front of op[end] at most. */
static int lowest(const struct crema_program *p, int i, int end)
{
    int to = i + 1;

    while (to < end && !is_tied(p->op[i], p->op[to])) to++;
    return to;
}

void crema_pass_late(struct crema_program *p)
{
    int end = p->end[CREMA_FORWARD];

    for (int i = end - 1; i >= 0; i--) {
        struct crema_op *op = p->op[i];
        int to;

        if (!op->type->mutates) continue;
        to = lowest(p, i, end);
        for (int k = i + 1; k < to; k++) p->op[k - 1] = p->op[k];
        p->op[to - 1] = op;
        if (to == end) end--;
    }
}
