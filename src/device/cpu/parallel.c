/* parallel.c - loops of our own, divided among OpenMP's threads. */
#include "device/cpu/onednn.h"

#include <omp.h>

void crema_cpu_parts(int threads, int64_t n, int64_t grain, crema_cpu_part *fn,
                     const void *user)
{
    int64_t grains = (n + grain - 1) / grain;
    int team = grains < threads ? (int)grains : threads;

    if (team <= 1) {
        if (n > 0) fn(user, 0, n);
        return;
    }
#pragma omp parallel num_threads(team)
    {
        int64_t part = omp_get_thread_num(), of = omp_get_num_threads();
        int64_t from = grains * part / of * grain;
        int64_t to = grains * (part + 1) / of * grain;

        if (to > n) to = n;
        if (from < to) fn(user, from, to);
    }
}

int crema_cpu_threads(const struct crema_op *op)
{
    const struct crema_cpu *cpu = op->call->dev->state;

    return cpu->threads;
}
