/* pictures.c - the launch of what makes values of pictures' bytes, in the order
 * and type that the first convolution will want. */
#include "device/cuda/libraries.h"

/* N x C x H x W; lanes: the numbers of a pixel in memory, C or more. */
static struct crema_planes planes_of(const struct crema_layout *l,
                                     int64_t *lanes)
{
    struct crema_layout whole = *l;

    *lanes = whole.dim[1] = l->padded[1];
    return (struct crema_planes){ l->dim[0], l->dim[1], l->dim[2], l->dim[3],
                                  crema_cuda_channels_last(&whole) };
}

static int pictures(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_layout *l = &op->out[0]->layout;
    struct crema_pictures_shape p = {
        .from = *(const struct crema_picture_sizes *)op->params,
        .type = (int)l->type,
    };

    (void)scratch;
    p.to = planes_of(l, &p.lanes);
    return crema_cuda_pictures(s, &p, op->in[0]->data, op->in[1]->data,
                               crema_in(op, 2), op->out[0]->data);
}

/* A convolution gets its pictures as it wants them, padded for tensor cores. */
static struct crema_layout wanted(const struct crema_device *dev,
                                  const struct crema_op *op,
                                  const struct crema_op *reader)
{
    const struct crema_tensor *y = op->out[0];

    if (reader && reader->type == &crema_op_conv && reader->in[0] == y)
        return crema_cuda_conv_case(dev, reader).x;
    return crema_cuda_conv_manner(dev, op->storage).channels_last
               ? crema_layout_channels_last(&y->shape, op->storage)
               : crema_layout_dense(&y->shape, op->storage);
}

void crema_cuda_pictures_ports(const struct crema_device *dev,
                               const struct crema_op *op,
                               struct crema_port in[], struct crema_port out[])
{
    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want =
                crema_layout_dense(&op->in[i]->shape, i == 0   ? CREMA_U8
                                                      : i == 1 ? CREMA_I32
                                                               : CREMA_F32);
    out[0].want = wanted(dev, op, out[0].reader);
}

const struct cuda_kernel crema_cuda_input[] = {
    { .type = &crema_op_pictures, .launch = pictures, .lead = -1 },
    { .type = NULL },
};
