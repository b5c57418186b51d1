/* libraries.c - what NVIDIA's libraries do: convolution by cuDNN, fully
 * connected by cuBLAS. */
#include "device/cuda/libraries.h"

static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              struct crema_port in[], struct crema_port out[])
{
    const struct crema_op_type *t = op->type;

    if (t == &crema_op_conv || t == &crema_op_conv_bwd_data ||
        t == &crema_op_conv_bwd_weights)
        return crema_cuda_plan_conv(dev, op, in, out);
    if (t == &crema_op_inner_product || t == &crema_op_inner_product_bwd_data ||
        t == &crema_op_inner_product_bwd_weights)
        return crema_cuda_plan_product(dev, op, in, out);
    return CREMA_EUNSUPPORTED;
}

/* Inside cuDNN's kernel or in one pass behind it: always. */
static bool fuses_relu(const struct crema_op *op)
{
    return op->type == &crema_op_conv || op->type == &crema_op_inner_product;
}

const struct crema_backend crema_cuda_libraries = {
    .name = "cudnn",
    .plan = plan,
    .fuses_relu = fuses_relu,
};
