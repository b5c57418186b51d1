/* eltwise.c - sums, products and maxima of tensors in one layout.
 *
 * Sums have a loop of their own; the rest runs the definition on whatever
 * order the elements lie in, so long as nothing lies between them.
 */
#include "device/cpu/own.h"
#include "device/ops/params.h"

#include <string.h>

enum { GRAIN = 8192, STRIP = 512 };

struct sum {
    int n;
    const float *coeff;
    const float *x[CREMA_MAX_PORTS];
    float *y;
};

CREMA_CPU_CLONES
static void add_two(int64_t n, const float *a, const float *b, float *y)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

CREMA_CPU_CLONES
static void add_scaled(int64_t n, float coeff, const float *restrict x,
                       float *restrict sum)
{
    for (int64_t i = 0; i < n; i++) sum[i] += coeff * x[i];
}

/* y may be any of the x. */
static void sum_part(const void *user, int64_t from, int64_t to)
{
    const struct sum *s = user;

    if (s->n == 2 && s->coeff[0] == 1 && s->coeff[1] == 1) {
        add_two(to - from, s->x[0] + from, s->x[1] + from, s->y + from);
        return;
    }
    for (int64_t at = from; at < to; at += STRIP) {
        int64_t n = to - at < STRIP ? to - at : STRIP;
        float strip[STRIP] = { 0 };

        for (int i = 0; i < s->n; i++)
            add_scaled(n, s->coeff[i], s->x[i] + at, strip);
        memcpy(s->y + at, strip, sizeof *strip * (size_t)n);
    }
}

static enum crema_status sum(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_sum *params = op->params;
    struct sum s = { .n = op->nin, .coeff = params->coeff };

    (void)ctx;
    for (int i = 0; i < op->nin; i++) s.x[i] = crema_in(op, i);
    s.y = crema_out(op, 0);
    crema_cpu_parts(crema_cpu_threads(op),
                    (int64_t)(op->out[0]->layout.bytes / sizeof(float)), GRAIN,
                    sum_part, &s);
    return CREMA_OK;
}

enum crema_status crema_cpu_sum(struct crema_device *dev, struct crema_op *op,
                                struct crema_port in[], struct crema_port out[])
{
    crema_cpu_follow(op, true, in, out);
    return crema_host_call(dev, op, sum, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_elementwise(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    crema_cpu_follow(op, false, in, out);
    return crema_host_call(dev, op, op->type->ref, CREMA_CPU_OWN);
}
