/* pool.c - launches of pooling and of response normalization. */
#include "device/cuda/kernels.h"

/* ---- pooling ------------------------------------------------------------- */

/* A blob that others read has indices as float32; else windows of few elements
 * do with bytes, which lie as y does. */
static struct crema_layout mark_layout(const struct crema_pool_params *p,
                                       const struct crema_tensor *ws,
                                       const struct crema_layout *y)
{
    int64_t most = CREMA_POOL_BYTES / p->pool.kernel[0];

    if (ws->shape.ndims != 4 || p->mask)
        return crema_layout_dense(&ws->shape, CREMA_F32);
    return crema_layout_as(y, p->pool.kernel[1] <= most ? CREMA_U8 : CREMA_F32);
}

/* A draw has a second input, the step. */
static void pool_ports(const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    in[0].want = crema_cuda_like(&op->in[0]->shape, in[0].have, op->storage);
    out[0].want = crema_cuda_like(&op->out[0]->shape, in[0].have, op->storage);
    out[1].want = mark_layout(op->params, op->out[1], &out[0].want);
}

/* ws as forward left it.  Bytes in it lie as x and y did, and so do the
 * gradients, else as dy comes. */
static void pool_bwd_ports(const struct crema_op *op, struct crema_port in[],
                           struct crema_port out[])
{
    const struct crema_layout *lead =
        in[1].have->type == CREMA_U8 ? in[1].have : in[0].have;

    in[0].want = crema_cuda_like(&op->in[0]->shape, lead, op->storage);
    in[1].want = *in[1].have;
    out[0].want = crema_cuda_like(&op->out[0]->shape, lead, op->storage);
    if (op->in[2]) in[2].want = out[0].want;
    if (op->out[1])
        out[1].want = crema_layout_dense(&op->out[1]->shape, CREMA_F32);
}

/* For the sums of db. */
static size_t chain_room(const struct crema_op *op)
{
    const struct crema_shape *x = &op->out[0]->shape;

    return op->out[1]
               ? crema_cut8_room(x->dim[0] * x->dim[2] * x->dim[3], x->dim[1])
               : 0;
}

static struct crema_pool_shape pool_shape(const struct crema_op *op,
                                          const struct crema_tensor *x,
                                          const struct crema_tensor *y,
                                          const struct crema_tensor *ws)
{
    const struct crema_pool_params *params = op->params;
    struct crema_pool_shape p = { .x = crema_cuda_planes(x),
                                  .y = crema_cuda_planes(y) };

    p.seed = params->seed;
    p.stream = params->stream;
    p.ws = p.y;
    p.ws.last = ws && crema_cuda_channels_last(&ws->layout);
    p.ws_type = ws ? crema_cuda_type(ws) : CREMA_F32;
    for (int i = 0; i < 2; i++) {
        p.kernel[i] = params->pool.kernel[i];
        p.stride[i] = params->pool.stride[i];
        p.pad[i] = params->pool.pad[i];
    }
    return p;
}

static bool takes_maximum(const struct crema_op *op)
{
    const struct crema_pool_params *params = op->params;

    return params->pool.method == CREMA_POOL_MAX;
}

/* A maximum pooling, and the LRN in front of it. */
static int lrn_pool(cudaStream_t s, const struct crema_op *op,
                    const struct crema_pool_shape *shape)
{
    const struct crema_pool_params *params = op->params;
    const struct crema_lrn_pool l = { *shape, params->lrn };

    return crema_cuda_lrn_pool(s, &l, crema_cuda_type(op->in[0]),
                               crema_in(op, 0), crema_out(op, 0),
                               crema_out(op, 1));
}

static int pool(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_pool_params *params = op->params;
    struct crema_pool_shape p =
        pool_shape(op, op->in[0], op->out[0], op->out[1]);
    int type = crema_cuda_type(op->in[0]);

    (void)scratch;
    if (params->lrn.size > 0) return lrn_pool(s, op, &p);
    return takes_maximum(op)
               ? crema_cuda_pool_max(s, &p, type, crema_in(op, 0),
                                     crema_out(op, 0), crema_out(op, 1))
               : crema_cuda_pool_ave(s, &p, type, crema_in(op, 0),
                                     crema_out(op, 0));
}

static int pool_draw(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_pool_shape p =
        pool_shape(op, op->in[0], op->out[0], op->out[1]);

    (void)scratch;
    return crema_cuda_pool_draw(s, &p, crema_cuda_type(op->in[0]),
                                op->in[1]->data, crema_in(op, 0),
                                crema_out(op, 0), crema_out(op, 1));
}

/* Other gradients in one with that of a maximum pooling. */
static int chain(cudaStream_t s, const struct crema_op *op,
                 const struct crema_pool_shape *shape, float *room)
{
    const struct crema_pool_params *params = op->params;
    const struct crema_chain c = { *shape, params->lrn, params->passes };
    int64_t channels = shape->x.c;
    float *db = crema_out(op, 1);
    int type = crema_cuda_type(op->in[0]), error;
    struct crema_cut8 cut;

    if (!crema_chain_by_8(&c)) {
        error = crema_cuda_chain(s, &c, type, crema_in(op, 0), crema_in(op, 1),
                                 crema_in(op, 2), crema_out(op, 0));
        return error || !db ? error
                            : crema_cuda_sum_channels(s, op->out[0], room, db);
    }
    cut = crema_cut8(shape->x.n * shape->x.h * shape->x.w, channels);
    error =
        crema_cuda_chain_8(s, &c, type, &cut, crema_in(op, 0), crema_in(op, 1),
                           crema_in(op, 2), crema_out(op, 0), db ? room : NULL);
    return error || !db ? error
                        : crema_cuda_add_parts(s, channels, cut.parts, 1.0f,
                                               room, db, NULL);
}

static int pool_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_pool_shape p =
        pool_shape(op, op->out[0], op->in[0], op->in[1]);
    int type = crema_cuda_type(op->in[0]);

    if (op->in[2] || op->out[1]) return chain(s, op, &p, scratch);
    return takes_maximum(op)
               ? crema_cuda_pool_max_bwd(s, &p, type, crema_in(op, 0),
                                         crema_in(op, 1), crema_out(op, 0))
               : crema_cuda_pool_ave_bwd(s, &p, type, crema_in(op, 0),
                                         crema_out(op, 0));
}

/* ---- response normalization ---------------------------------------------- */

static int lrn(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_axis a = crema_cuda_channels(op->in[0]);

    (void)scratch;
    return crema_cuda_lrn(s, op->params, &a, crema_cuda_type(op->in[0]),
                          crema_in(op, 0), crema_out(op, 0));
}

static int lrn_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_axis a = crema_cuda_channels(op->in[0]);

    (void)scratch;
    return crema_cuda_lrn_bwd(s, op->params, &a, crema_cuda_type(op->in[0]),
                              crema_in(op, 0), crema_in(op, 1),
                              crema_out(op, 0));
}

const struct cuda_kernel crema_cuda_pooling[] = {
    { &crema_op_pool, pool, -1, pool_ports, NULL, false },
    { &crema_op_pool_bwd, pool_bwd, -1, pool_bwd_ports, chain_room, false },
    { &crema_op_pool_draw, pool_draw, -1, pool_ports, NULL, false },
    { &crema_op_lrn, lrn, 0, NULL, NULL, false },
    { &crema_op_lrn_bwd, lrn_bwd, 0, NULL, NULL, false },
    { NULL, NULL, 0, NULL, NULL, false },
};
