/* threads.c - how many threads a program is worth.
 *
 * Starting and joining threads costs a few microseconds for each op, so each
 * thread gets a fair share of work.  The answer follows from the program alone:
 * another number of threads may give other last digits.
 */
#include "device/program/passes.h"

/* A core's share of an op, in seconds; operations and bytes a second. */
#define SHARE     100e-6
#define RATE      5e10
#define BANDWIDTH 1e10

static double bytes_of(struct crema_tensor *const *t, int n)
{
    double bytes = 0;

    for (int i = 0; i < n; i++)
        if (t[i]) bytes += 4 * (double)crema_shape_count(&t[i]->shape);
    return bytes;
}

void crema_pass_threads(struct crema_program *p)
{
    double seconds = 0, share;
    int ops = 0;

    if (p->threads > 0) return;
    p->threads = p->dev->threads > 0 ? p->dev->threads : p->dev->cores;
    if (p->dev->threads > 0) return;
    for (int i = 0; i < p->nops; i++) {
        const struct crema_op *op = p->op[i];

        if (op->type == &crema_op_view) continue;
        ops++;
        if (op->type->flops) seconds += op->type->flops(op) / RATE;
        seconds += (bytes_of(op->in, op->nin) + bytes_of(op->out, op->nout)) /
                   BANDWIDTH;
    }
    share = seconds / (ops * SHARE + 1e-30);
    if (share >= p->threads) return;
    p->threads = share < 1 ? 1 : (int)share;
    if (p->threads == p->dev->cores || p->threads == p->dev->fewer_threads)
        return;
    crema_log(p->ctx, CREMA_INFO, "%d of %d threads: the net is small",
              p->threads, p->dev->cores);
    p->dev->fewer_threads = p->threads;
}
