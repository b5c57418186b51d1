/* host.c - ops whose mathematics is the user's own C. */
#include "device/ops/params.h"

void crema_host(struct crema_program *p, const struct crema_host_op *host,
                int nx, struct crema_tensor *const *x, int ny,
                const struct crema_shape *shapes, struct crema_tensor **y)
{
    struct crema_op *op;

    for (int i = 0; i < ny; i++) y[i] = NULL;
    for (int i = 0; i < nx; i++)
        if (!x[i]) return;
    op = crema_op_record(p, &crema_op_host, host, nx, x, ny, shapes);
    for (int i = 0; op && i < ny; i++) {
        y[i] = op->out[i];
        if (!host->backward) y[i]->needs_grad = false;
    }
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *in[2 * CREMA_MAX_PORTS], *dx[CREMA_MAX_PORTS];

    for (int i = 0; i < op->nin; i++) {
        in[i] = op->in[i];
        dx[i] = crema_grad_part(p, op->in[i]);
    }
    for (int i = 0; i < op->nout; i++) in[op->nin + i] = op->out[i]->grad;
    crema_op_record_into(p, &crema_op_host_bwd, op->params, op->nin + op->nout,
                         in, op->nin, dx, op);
}

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_host_op *host = op->params;
    struct crema_host_tensor x[CREMA_MAX_PORTS], y[CREMA_MAX_PORTS];

    for (int i = 0; i < op->nin; i++)
        x[i] = (struct crema_host_tensor){ op->in[i]->shape, crema_in(op, i),
                                           NULL };
    for (int i = 0; i < op->nout; i++)
        y[i] = (struct crema_host_tensor){ op->out[i]->shape, NULL,
                                           crema_out(op, i) };
    return host->forward(host->state, ctx, op->nin, x, op->nout, y);
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_host_op *host = op->params;
    struct crema_host_tensor x[CREMA_MAX_PORTS], y[CREMA_MAX_PORTS];
    int nx = op->nout, ny = op->nin - nx;

    for (int i = 0; i < nx; i++)
        x[i] = (struct crema_host_tensor){ op->in[i]->shape, crema_in(op, i),
                                           crema_out(op, i) };
    for (int i = 0; i < ny; i++)
        y[i] = (struct crema_host_tensor){ op->forward->out[i]->shape,
                                           crema_in(op, nx + i), NULL };
    return host->backward(host->state, ctx, nx, x, ny, y);
}

/* x[nx] -> y[ny] */
const struct crema_op_type crema_op_host = {
    .name = "host",
    .params_size = sizeof(struct crema_host_op),
    .gradient = gradient,
    .ref = ref,
};

/* x[nx] [dy][ny] -> [dx][nx] */
const struct crema_op_type crema_op_host_bwd = {
    .name = "host_bwd",
    .params_size = sizeof(struct crema_host_op),
    .ref = ref_bwd,
};
