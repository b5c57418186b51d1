/* softmax.c - softmax on oneDNN.
 *
 * Along the channels of an image the library is fast where they lie side by
 * side, so that is how it gets them.
 */
#include "device/cpu/onednn.h"
#include "device/ops/params.h"

static struct crema_layout side_by_side(const struct crema_shape *x, int axis)
{
    if (axis == 1 && crema_shape_product(x, 2, x->ndims) > 1)
        return crema_layout_channels_last(x, CREMA_F32);
    return crema_layout_dense(x, CREMA_F32);
}

static struct crema_dn describe(const struct crema_op *op,
                                const struct crema_shape *x)
{
    const struct crema_along *params = op->params;
    struct crema_dn d = { .axis = params->axis, .train = true };

    d.x = d.y = side_by_side(x, params->axis);
    return d;
}

enum crema_status crema_cpu_softmax(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    static const struct crema_dn_arg args[] = {
        { 0, DNNL_ARG_SRC, dnnl_query_src_md, 0 },
        { CREMA_DN_OUT, DNNL_ARG_DST, dnnl_query_dst_md, 0 },
        { 0 },
    };
    struct crema_dn d = describe(op, &op->in[0]->shape);

    if (d.x.bytes == 0) return CREMA_EUNSUPPORTED;
    return crema_dn_plan(dev, op, CREMA_DN_SOFTMAX, &d, NULL, args, in, out);
}

enum crema_status crema_cpu_softmax_bwd(struct crema_device *dev,
                                        struct crema_op *op,
                                        struct crema_port in[],
                                        struct crema_port out[])
{
    static const struct crema_dn_arg args[] = {
        { 0, DNNL_ARG_DST, dnnl_query_dst_md, 0 },
        { 1, DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0 },
        { CREMA_DN_OUT, DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md, 0 },
        { 0 },
    };
    struct crema_dn d = describe(op, &op->in[0]->shape);

    if (d.x.bytes == 0) return CREMA_EUNSUPPORTED;
    return crema_dn_plan(dev, op, CREMA_DN_SOFTMAX_BWD, &d, &d, args, in, out);
}
