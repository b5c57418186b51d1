/* pictures.c - the launch of what makes values of pictures' bytes, in the order
 * and type that the first convolution will want. */
#include "device/cuda/libraries.h"

static int pictures(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_layout *l = &op->out[0]->layout;
    struct crema_pictures_shape p = {
        .from = *(const struct crema_picture_sizes *)op->params,
        .to = crema_cuda_planes(op->out[0]),
        .type = (int)l->type,
    };

    (void)scratch;
    return crema_cuda_pictures(s, &p, op->in[0]->data, op->in[1]->data,
                               crema_in(op, 2), op->out[0]->data);
}

void crema_cuda_pictures_ports(const struct crema_device *dev,
                               const struct crema_op *op,
                               struct crema_port in[], struct crema_port out[])
{
    const struct crema_shape *s = &op->out[0]->shape;

    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want =
                crema_layout_dense(&op->in[i]->shape, i == 0   ? CREMA_U8
                                                      : i == 1 ? CREMA_I32
                                                               : CREMA_F32);
    out[0].want = crema_cuda_conv_manner(dev, op->storage).channels_last
                      ? crema_layout_channels_last(s, op->storage)
                      : crema_layout_dense(s, op->storage);
}

const struct cuda_kernel crema_cuda_input[] = {
    { .type = &crema_op_pictures, .launch = pictures, .lead = -1 },
    { .type = NULL },
};
