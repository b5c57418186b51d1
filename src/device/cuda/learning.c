/* learning.c - launches of what is done to weights. */
#include "device/cuda/kernels.h"

static int update(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_updated m = {
        .w = op->in[0]->data,
        .dw = crema_in(op, 1),
        .h0 = op->in[2] ? op->in[2]->data : NULL,
        .h1 = op->in[3] ? op->in[3]->data : NULL,
        .rate = crema_in(op, 4),
        .clip = crema_in(op, 5),
    };

    (void)scratch;
    return crema_cuda_update(s, op->params, &m,
                             crema_shape_count(&op->in[0]->shape));
}

static int accumulate(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_accumulate(s, crema_shape_count(&op->in[0]->shape),
                                 crema_in(op, 1), op->in[0]->data);
}

static int clear(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_zero(s, op->in[0]->data, op->in[0]->layout.bytes);
}

/* The order of elements does not matter: dense, or as it already lies. */
static void clip_ports(const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    for (int i = 1; i < op->nin; i++)
        if (in[i].have && in[i].have->type == CREMA_F32 &&
            crema_cuda_channels_last(in[i].have))
            in[i].want = *in[i].have;
}

static size_t clip_parts(const struct crema_op *op)
{
    return sizeof(float) * CREMA_CLIP_PARTS * (size_t)op->nin;
}

static int clip_factor(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    float *parts = scratch;
    int64_t n = 0;

    for (int i = 1; i < op->nin; i++) {
        int error = crema_cuda_squares(s, crema_shape_count(&op->in[i]->shape),
                                       crema_in(op, i), parts + n);

        if (error) return error;
        n += CREMA_CLIP_PARTS;
    }
    return crema_cuda_clip(s, op->params, n, parts, crema_in(op, 0),
                           crema_out(op, 0));
}

const struct cuda_kernel crema_cuda_learning[] = {
    { &crema_op_update, update, 0, NULL, NULL },
    { &crema_op_accumulate, accumulate, 0, NULL, NULL },
    { &crema_op_clear, clear, 0, NULL, NULL },
    { &crema_op_clip_factor, clip_factor, -1, clip_ports, clip_parts },
    { NULL, NULL, 0, NULL, NULL },
};
