/* eltwise.c - sums, products and maxima of tensors in one layout.
 *
 * Sums have a loop of their own; the rest runs the definition on whatever
 * order the elements lie in, so long as nothing lies between them.
 */
#include "device/cpu/own.h"
#include "device/formula/norm.h"
#include "device/ops/params.h"

#include <math.h>
#include <string.h>

enum { STRIP = 512 };

CREMA_CPU_CLONES
static void add_two(int64_t n, const float *a, const float *b, float floor,
                    float *y)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) y[i] = crema_norm_above(a[i] + b[i], floor);
}

CREMA_CPU_CLONES
static void keep_above(int64_t n, float floor, float *y)
{
    for (int64_t i = 0; i < n; i++) y[i] = crema_norm_above(y[i], floor);
}

CREMA_CPU_CLONES
static void add_scaled(int64_t n, float coeff, const float *restrict x,
                       float *restrict sum)
{
    for (int64_t i = 0; i < n; i++) sum[i] += coeff * x[i];
}

/* y may be any of the x. */
static void sum_strip(const void *user, int64_t count, const float *const x[],
                      float *const y[])
{
    const struct crema_op *op = user;
    const struct crema_sum *s = op->params;
    float floor = op->relu ? 0 : -INFINITY;

    if (op->nin == 2 && s->coeff[0] == 1 && s->coeff[1] == 1) {
        add_two(count, x[0], x[1], floor, y[0]);
        return;
    }
    for (int64_t at = 0; at < count; at += STRIP) {
        int64_t n = count - at < STRIP ? count - at : STRIP;
        float strip[STRIP] = { 0 };

        for (int i = 0; i < op->nin; i++)
            add_scaled(n, s->coeff[i], x[i] + at, strip);
        keep_above(n, floor, strip);
        memcpy(y[0] + at, strip, sizeof *strip * (size_t)n);
    }
}

static enum crema_status sum(struct crema_ctx *ctx, const struct crema_op *op)
{
    (void)ctx;
    crema_cpu_strips(op, sum_strip, op);
    return CREMA_OK;
}

enum crema_status crema_cpu_sum(struct crema_device *dev, struct crema_op *op,
                                struct crema_port in[], struct crema_port out[])
{
    crema_cpu_follow(op, true, crema_cpu_type(op), in, out);
    return crema_host_call(dev, op, sum, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_elementwise(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    crema_cpu_follow(op, false, CREMA_F32, in, out);
    return crema_host_call(dev, op, op->type->ref, CREMA_CPU_OWN);
}
