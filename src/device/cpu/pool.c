/* pool.c - pooling on oneDNN, in the layout that X has.
 *
 * A window that Caffe lets reach past the input becomes padding on the right.
 * oneDNN divides an average by the whole window or by its elements; Caffe by
 * what lies on the padded input, which is one of the two unless there is
 * padding and a window reaches past it.  Left to windows.c: that case, windows
 * without any element, indices of maxima as a blob, and in bf16 maxima of more
 * elements than a byte counts, whose places oneDNN 2.6 gets wrong.
 */
#include "device/cpu/onednn.h"
#include "device/ops/params.h"

#include <string.h>

/* d as the gradient's hint needs it; false when the library's numbers would
 * not be Caffe's. */
static bool describe(const struct crema_pool *pool, const struct crema_shape *x,
                     const struct crema_shape *y, struct crema_dn *d)
{
    bool whole = true, none = true; /* whole windows; no padding */

    for (int i = 0; i < 2; i++) {
        int64_t end = (y->dim[2 + i] - 1) * pool->stride[i] + pool->kernel[i];
        int64_t past = end - x->dim[2 + i] - pool->pad[i];

        d->kernel[i] = pool->kernel[i];
        d->stride[i] = pool->stride[i];
        d->left[i] = pool->pad[i];
        d->right[i] = past > 0 ? past : 0;
        if (d->right[i] >= pool->kernel[i] || d->left[i] >= pool->kernel[i])
            return false;
        whole = whole && past <= pool->pad[i];
        none = none && pool->pad[i] == 0;
    }
    d->method = pool->method == CREMA_POOL_MAX ? dnnl_pooling_max
                : whole ? dnnl_pooling_avg_include_padding
                        : dnnl_pooling_avg_exclude_padding;
    return pool->method == CREMA_POOL_MAX || whole || none;
}

static bool misplaces(const struct crema_pool *pool, enum crema_type type)
{
    return type == CREMA_BF16 && pool->method == CREMA_POOL_MAX &&
           pool->kernel[0] * pool->kernel[1] > 255;
}

enum crema_status crema_cpu_pool(struct crema_device *dev, struct crema_op *op,
                                 struct crema_port in[],
                                 struct crema_port out[])
{
    static const struct crema_dn_arg args[] = {
        { 0, DNNL_ARG_SRC, dnnl_query_src_md, 0 },
        { CREMA_DN_OUT, DNNL_ARG_DST, dnnl_query_dst_md, 0 },
        { CREMA_DN_OUT + 1, DNNL_ARG_WORKSPACE, dnnl_query_workspace_md, 0 },
        { 0 },
    };
    const struct crema_pool_params *params = op->params;
    const struct crema_shape *x = &op->in[0]->shape, *y = &op->out[0]->shape;
    struct crema_dn d = { .train = op->in[0]->needs_grad };

    if (params->mask || crema_shape_count(y) == 0 ||
        misplaces(&params->pool, op->storage) ||
        !describe(&params->pool, x, y, &d))
        return crema_cpu_windows(dev, op, in, out);
    d.x = in[0].have ? crema_layout_as(in[0].have, op->storage)
                     : crema_layout_dense(x, op->storage);
    d.y = crema_dn_any(y, op->storage);
    return crema_dn_plan(dev, op, CREMA_DN_POOL, &d, NULL, args, in, out);
}

enum crema_status crema_cpu_pool_bwd(struct crema_device *dev,
                                     struct crema_op *op,
                                     struct crema_port in[],
                                     struct crema_port out[])
{
    static const struct crema_dn_arg args[] = {
        { 0, DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0 },
        { 1, DNNL_ARG_WORKSPACE, dnnl_query_workspace_md, 0 },
        { CREMA_DN_OUT, DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md, 0 },
        { 0 },
    };
    const struct crema_pool_params *params = op->params;
    const struct crema_op *f = op->forward;
    struct crema_dn d = { .train = true };

    if (strcmp(f->call->info, CREMA_CPU_OWN) == 0 ||
        !describe(&params->pool, &f->in[0]->shape, &f->out[0]->shape, &d))
        return crema_cpu_windows_bwd(dev, op, in, out);
    d.x = crema_layout_as(&f->want[0], op->storage);
    d.y = crema_layout_as(&f->out[0]->layout, op->storage);
    return crema_dn_plan(dev, op, CREMA_DN_POOL_BWD, &d, &d, args, in, out);
}
