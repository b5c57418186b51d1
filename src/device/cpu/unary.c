/* unary.c - the unary formulas over any layout; formulas: formula/unary.h.
 *
 * Padding is run through like the rest where f(0) = 0; where it is not, a
 * padded tensor is asked for without it.
 */
#include "device/formula/unary.h"
#include "device/cpu/own.h"
#include "device/ops/unary.h"

enum { GRAIN = 8192 };

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

struct unary {
    const struct crema_unary_params *params;
    const float *v, *dy;
    float *out;
};

static void forward_part(const void *user, int64_t from, int64_t to)
{
    const struct unary *u = user;

    formulas[u->params->formula].forward(u->params->p, to - from, u->v + from,
                                         u->out + from);
}

static void backward_part(const void *user, int64_t from, int64_t to)
{
    const struct unary *u = user;

    formulas[u->params->formula].backward(u->params->p, to - from, u->v + from,
                                          u->dy + from, u->out + from);
}

static int64_t floats(const struct crema_tensor *t)
{
    return (int64_t)(t->layout.bytes / sizeof(float));
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    struct unary u = { op->params, crema_in(op, 0), NULL, crema_out(op, 0) };

    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), floats(op->out[0]), GRAIN,
                    forward_part, &u);
    return CREMA_OK;
}

static enum crema_status backward(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    struct unary u = { op->params, crema_in(op, 0), crema_in(op, 1),
                       crema_out(op, 0) };

    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), floats(op->out[0]), GRAIN,
                    backward_part, &u);
    return CREMA_OK;
}

enum crema_status crema_cpu_unary(struct crema_device *dev, struct crema_op *op,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    crema_cpu_follow(op, op->type->keeps_zero, in, out);
    return crema_host_call(dev, op, forward, CREMA_CPU_OWN);
}

enum crema_status crema_cpu_unary_bwd(struct crema_device *dev,
                                      struct crema_op *op,
                                      struct crema_port in[],
                                      struct crema_port out[])
{
    crema_cpu_follow(op, op->type->keeps_zero, in, out);
    return crema_host_call(dev, op, backward, CREMA_CPU_OWN);
}
