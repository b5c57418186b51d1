/* resize.c - planes resized by loops of our own, dense: forward a row of Y at a
 * time, backward a plane of dX, to which each element of dY is handed out. */
#include "device/formula/resize.h"

#include "device/cpu/own.h"
#include "device/op.h"

#include <string.h>

struct job {
    const struct crema_resize *r;
    int64_t from, to; /* elements of a plane of X and of Y */
    const float *in;  /* X, or dY */
    float *out;       /* Y, or dX */
};

/* One row of Y between two of X's window; y[i] lies at step i. */
CREMA_CPU_CLONES
static void interpolate(const struct crema_resize_axis *columns, float part,
                        const float *low, const float *high, float *y)
{
    for (int64_t i = 0; i < columns->to; i++) {
        struct crema_resize_point q = crema_resize_point(columns, i);
        float a = low[q.low] * (1.0f - q.part) + low[q.high] * q.part;
        float b = high[q.low] * (1.0f - q.part) + high[q.high] * q.part;

        y[i] = a * (1.0f - part) + b * part;
    }
}

/* The way back. */
static void hand_out(const struct crema_resize_axis *columns, float part,
                     const float *dy, float *low, float *high)
{
    for (int64_t i = 0; i < columns->to; i++) {
        struct crema_resize_point q = crema_resize_point(columns, i);
        float a = dy[i] * (1.0f - part), b = dy[i] * part;

        low[q.low] += a * (1.0f - q.part);
        low[q.high] += a * q.part;
        high[q.low] += b * (1.0f - q.part);
        high[q.high] += b * q.part;
    }
}

/* Where in a plane of X the row of its window begins. */
static int64_t row_at(const struct crema_resize *r, int64_t row)
{
    return (r->axis[0].first + row) * r->axis[1].size + r->axis[1].first;
}

/* Rows from..to of all planes of Y. */
static void forward_part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct crema_resize_axis *rows = &j->r->axis[0];
    const struct crema_resize_axis *columns = &j->r->axis[1];

    for (int64_t i = from; i < to; i++) {
        struct crema_resize_point p = crema_resize_point(rows, i % rows->to);
        const float *plane = j->in + i / rows->to * j->from;

        interpolate(columns, p.part, plane + row_at(j->r, p.low),
                    plane + row_at(j->r, p.high), j->out + i * columns->to);
    }
}

/* Planes from..to of dX. */
static void backward_part(const void *user, int64_t from, int64_t to)
{
    const struct job *j = user;
    const struct crema_resize_axis *rows = &j->r->axis[0];
    const struct crema_resize_axis *columns = &j->r->axis[1];

    for (int64_t i = from; i < to; i++) {
        const float *dy = j->in + i * j->to;
        float *plane = j->out + i * j->from;

        memset(plane, 0, sizeof(float) * (size_t)j->from);
        for (int64_t h = 0; h < rows->to; h++) {
            struct crema_resize_point p = crema_resize_point(rows, h);

            hand_out(columns, p.part, dy + h * columns->to,
                     plane + row_at(j->r, p.low), plane + row_at(j->r, p.high));
        }
    }
}

/* x, y: X's shape and Y's, or those of their gradients. */
static struct job job_of(const struct crema_op *op, const struct crema_shape *x,
                         const struct crema_shape *y)
{
    return (struct job){ .r = op->params,
                         .from = x->dim[2] * x->dim[3],
                         .to = y->dim[2] * y->dim[3],
                         .in = crema_in(op, 0),
                         .out = crema_out(op, 0) };
}

static enum crema_status forward(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_shape *y = &op->out[0]->shape;
    const struct job j = job_of(op, &op->in[0]->shape, y);

    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), y->dim[0] * y->dim[1] * y->dim[2], 1,
                    forward_part, &j);
    return CREMA_OK;
}

static enum crema_status backward(struct crema_ctx *ctx,
                                  const struct crema_op *op)
{
    const struct crema_shape *x = &op->out[0]->shape;
    const struct job j = job_of(op, x, &op->in[0]->shape);

    (void)ctx;
    crema_cpu_parts(crema_cpu_threads(op), x->dim[0] * x->dim[1], 1,
                    backward_part, &j);
    return CREMA_OK;
}

enum crema_status crema_cpu_resize(struct crema_device *dev,
                                   struct crema_op *op, struct crema_port in[],
                                   struct crema_port out[])
{
    in[0].want = crema_layout_dense(&op->in[0]->shape, CREMA_F32);
    out[0].want = crema_layout_dense(&op->out[0]->shape, CREMA_F32);
    return crema_host_call(dev, op,
                           op->type == &crema_op_resize ? forward : backward,
                           CREMA_CPU_OWN);
}
