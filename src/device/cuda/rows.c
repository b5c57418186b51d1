/* rows.c - launches of what moves, gathers and sums rows, and pools regions; all
 * dense float32. */
#include "device/cuda/kernels.h"

static int arrange(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_arrange(s, op->params,
                              crema_shape_count(&op->out[0]->shape),
                              crema_in(op, 0), crema_out(op, 0));
}

static int arrange_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    int error = crema_cuda_zero(s, op->out[0]->data, op->out[0]->layout.bytes);

    (void)scratch;
    if (error) return error;
    return crema_cuda_arrange_bwd(s, op->params, crema_in(op, 0),
                                  crema_out(op, 0));
}

static struct crema_gathered gathered(const struct crema_tensor *x,
                                      const struct crema_tensor *index)
{
    return (struct crema_gathered){
        x->shape.dim[0], crema_shape_product(&x->shape, 1, x->shape.ndims),
        crema_shape_count(&index->shape)
    };
}

static int gather(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_gathered g = gathered(op->in[0], op->in[1]);

    (void)scratch;
    return crema_cuda_gather(s, &g, crema_in(op, 0), crema_in(op, 1),
                             crema_out(op, 0));
}

static int gather_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_gathered g = gathered(op->out[0], op->in[0]);

    (void)scratch;
    return crema_cuda_gather_bwd(s, &g, crema_in(op, 0), crema_in(op, 1),
                                 crema_out(op, 0));
}

static int regions(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_regions(s, op->params, crema_in(op, 0), crema_in(op, 1),
                              crema_out(op, 0), crema_out(op, 1));
}

static int regions_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_regions_bwd(s, op->params, crema_in(op, 0),
                                  crema_in(op, 1), crema_in(op, 2),
                                  crema_out(op, 0));
}

static int prelu(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_sides d =
        crema_prelu_sides(&op->in[0]->shape, &op->in[1]->shape);

    (void)scratch;
    return crema_cuda_prelu(s, &d, crema_in(op, 0), crema_in(op, 1),
                            crema_in(op, op->nin > 2 ? 2 : 0),
                            crema_out(op, 0));
}

static int prelu_slopes(cudaStream_t s, const struct crema_op *op,
                        void *scratch)
{
    struct crema_sides d =
        crema_prelu_sides(&op->in[0]->shape, &op->out[0]->shape);

    (void)scratch;
    return crema_cuda_prelu_slopes(s, &d, crema_in(op, 0), crema_in(op, 1),
                                   crema_out(op, 0));
}

static int reduce(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_reduce(s, op->params, crema_in(op, 0), crema_out(op, 0));
}

static int reduce_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_reduce_bwd(s, op->params, crema_in(op, 0),
                                 crema_in(op, 1), crema_out(op, 0));
}

static int standardize(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_standardize(s, op->params, crema_in(op, 0),
                                  crema_out(op, 0), crema_out(op, 1));
}

static int standardize_bwd(cudaStream_t s, const struct crema_op *op,
                           void *scratch)
{
    (void)scratch;
    return crema_cuda_standardize_bwd(s, op->params, crema_in(op, 0),
                                      crema_in(op, 1), crema_in(op, 2),
                                      crema_out(op, 0));
}

static struct crema_cells cells(const struct crema_op *op)
{
    return (struct crema_cells){ op->in[0]->shape.dim[0],
                                 op->in[0]->shape.dim[1], crema_in(op, 0),
                                 crema_in(op, 1), crema_in(op, 2) };
}

static int lstm(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_cells l = cells(op);

    (void)scratch;
    return crema_cuda_lstm(s, &l, crema_out(op, 0), crema_out(op, 1));
}

static int lstm_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_cells l = cells(op);

    (void)scratch;
    return crema_cuda_lstm_bwd(s, &l, crema_in(op, 3), crema_in(op, 4),
                               crema_out(op, 0), crema_out(op, 1));
}

const struct cuda_kernel crema_cuda_by_rows[] = {
    { &crema_op_arrange, arrange, -1, NULL, NULL, false },
    { &crema_op_arrange_bwd, arrange_bwd, -1, NULL, NULL, false },
    { &crema_op_gather, gather, -1, NULL, NULL, false },
    { &crema_op_gather_bwd, gather_bwd, -1, NULL, NULL, false },
    { &crema_op_lstm, lstm, -1, NULL, NULL, false },
    { &crema_op_lstm_bwd, lstm_bwd, -1, NULL, NULL, false },
    { &crema_op_prelu, prelu, -1, NULL, NULL, false },
    { &crema_op_prelu_bwd_data, prelu, -1, NULL, NULL, false },
    { &crema_op_prelu_bwd_slopes, prelu_slopes, -1, NULL, NULL, false },
    { &crema_op_reduce, reduce, -1, NULL, NULL, false },
    { &crema_op_reduce_bwd, reduce_bwd, -1, NULL, NULL, false },
    { &crema_op_regions, regions, -1, NULL, NULL, false },
    { &crema_op_regions_bwd, regions_bwd, -1, NULL, NULL, false },
    { &crema_op_standardize, standardize, -1, NULL, NULL, false },
    { &crema_op_standardize_bwd, standardize_bwd, -1, NULL, NULL, false },
    { NULL, NULL, -1, NULL, NULL, false },
};
