/* unary.c - the unary formulas over any layout; formulas: formula/unary.h.
 *
 * Padding is run through like the rest where f(0) = 0; where it is not, a
 * padded tensor is asked for without it.
 */
#include "device/formula/unary.h"
#include "device/cpu/own.h"
#include "device/ops/unary.h"

enum { STRIP = 2048 }; /* of two gradients that are added first */

typedef void forward_fn(const float *p, int64_t n, const float *x, float *y);
typedef void backward_fn(const float *p, int64_t n, const float *v,
                         const float *dy, float *dx);

/* y may be x, dx may be dy. */
#define X(name, reads, keeps_zero)                                             \
    CREMA_CPU_CLONES                                                           \
    static void name##_forward(const float *p, int64_t n, const float *x,      \
                               float *y)                                       \
    {                                                                          \
        const float numbers[] = { p[0], p[1], p[2], p[3] };                    \
                                                                               \
        _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) y[i] =            \
            crema_##name##_value(numbers, x[i]);                               \
    }                                                                          \
    CREMA_CPU_CLONES                                                           \
    static void name##_backward(const float *p, int64_t n, const float *v,     \
                                const float *dy, float *dx)                    \
    {                                                                          \
        const float numbers[] = { p[0], p[1], p[2], p[3] };                    \
                                                                               \
        _Pragma("GCC ivdep") for (int64_t i = 0; i < n; i++) dx[i] =           \
            dy[i] * crema_##name##_slope(numbers, v[i], v[i]);                 \
    }
#include "device/formula/list.h"
#undef X

static const struct {
    forward_fn *forward;
    backward_fn *backward;
} formulas[CREMA_UNARY_FORMULAS] = {
#define X(name, reads, keeps_zero) { name##_forward, name##_backward },
#include "device/formula/list.h"
#undef X
};

CREMA_CPU_CLONES
static void add(int64_t n, const float *a, const float *b, float *sum)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) sum[i] = a[i] + b[i];
}

static void forward_strip(const void *user, int64_t n, const float *const in[],
                          float *const out[])
{
    const struct crema_unary_params *u = user;

    formulas[u->formula].forward(u->p, n, in[0], out[0]);
}

static void backward_strip(const void *user, int64_t n, const float *const in[],
                           float *const out[])
{
    const struct crema_unary_params *u = user;

    if (!in[2]) {
        formulas[u->formula].backward(u->p, n, in[0], in[1], out[0]);
        return;
    }
    for (int64_t at = 0; at < n; at += STRIP) {
        int64_t count = n - at < STRIP ? n - at : STRIP;
        float *dx = out[0] + at;

        add(count, in[1] + at, in[2] + at, dx);
        formulas[u->formula].backward(u->p, count, in[0] + at, dx, dx);
    }
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    (void)ctx;
    crema_cpu_strips(op, forward_strip, op->params);
    return CREMA_OK;
}

static enum crema_status backward(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    (void)ctx;
    crema_cpu_strips(op, backward_strip, op->params);
    return CREMA_OK;
}

enum crema_status crema_cpu_unary(struct crema_device *dev, struct crema_op *op,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    crema_cpu_follow(op, op->type->keeps_zero, crema_cpu_type(op), in, out);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_unary_bwd(struct crema_device *dev,
                                      struct crema_op *op,
                                      struct crema_port in[],
                                      struct crema_port out[])
{
    crema_cpu_follow(op, op->type->keeps_zero, crema_cpu_type(op), in, out);
    return crema_host_call(dev, op, backward, CREMA_CPU_OWN);
}
