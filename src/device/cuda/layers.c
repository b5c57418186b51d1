/* layers.c - launches of pooling, normalization and classification. */
#include "device/cuda/kernels.h"

/* ---- pooling ------------------------------------------------------------- */

/* ws lies as y does, unless it is a blob that others read. */
static void pool_ports(const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    const struct crema_pool_params *params = op->params;

    crema_cuda_all_dense(op, in, out);
    if (!in[0].have || !crema_cuda_channels_last(in[0].have)) return;
    in[0].want = crema_layout_channels_last(&op->in[0]->shape, CREMA_F32);
    out[0].want = crema_layout_channels_last(&op->out[0]->shape, CREMA_F32);
    if (op->out[1]->shape.ndims == 4 && !params->mask)
        out[1].want = out[0].want;
}

/* dy as it comes, ws as forward left it. */
static void pool_bwd_ports(const struct crema_op *op, struct crema_port in[],
                           struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    if (in[1].have) in[1].want = *in[1].have;
    if (!in[0].have || !crema_cuda_channels_last(in[0].have)) return;
    in[0].want = crema_layout_channels_last(&op->in[0]->shape, CREMA_F32);
    out[0].want = crema_layout_channels_last(&op->out[0]->shape, CREMA_F32);
}

static struct crema_pool_shape pool_shape(const struct crema_op *op,
                                          const struct crema_tensor *x,
                                          const struct crema_tensor *y,
                                          const struct crema_tensor *ws)
{
    const struct crema_pool_params *params = op->params;
    struct crema_pool_shape p = { .x = crema_cuda_planes(x),
                                  .y = crema_cuda_planes(y) };

    p.ws = p.y;
    p.ws.last = ws && crema_cuda_channels_last(&ws->layout);
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

static int pool(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_pool_shape p =
        pool_shape(op, op->in[0], op->out[0], op->out[1]);

    (void)scratch;
    return takes_maximum(op)
               ? crema_cuda_pool_max(s, &p, crema_in(op, 0), crema_out(op, 0),
                                     crema_out(op, 1))
               : crema_cuda_pool_ave(s, &p, crema_in(op, 0), crema_out(op, 0));
}

static int pool_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_pool_shape p =
        pool_shape(op, op->out[0], op->in[0], op->in[1]);

    (void)scratch;
    return takes_maximum(op)
               ? crema_cuda_pool_max_bwd(s, &p, crema_in(op, 0),
                                         crema_in(op, 1), crema_out(op, 0))
               : crema_cuda_pool_ave_bwd(s, &p, crema_in(op, 0),
                                         crema_out(op, 0));
}

/* ---- normalization ------------------------------------------------------- */

static int lrn(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_axis a = crema_cuda_channels(op->in[0]);

    (void)scratch;
    return crema_cuda_lrn(s, op->params, &a, crema_in(op, 0), crema_out(op, 0));
}

static int lrn_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_axis a = crema_cuda_channels(op->in[0]);

    (void)scratch;
    return crema_cuda_lrn_bwd(s, op->params, &a, crema_in(op, 0),
                              crema_in(op, 1), crema_out(op, 0));
}

/* The mean first, the variance round it second, then y. */
static int batch_norm(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_axis a = crema_cuda_channels(op->in[0]);
    int64_t m = a.outer * a.inner;
    float factor = m ? 1.0f / (float)m : 0.0f;
    float *mean = crema_out(op, 1), *var = crema_out(op, 2);
    struct crema_summands sum = { .what = CREMA_SUM_V,
                                  .axis = a,
                                  .v = crema_in(op, 0) };
    int error = crema_cuda_sums(s, &sum, factor, mean, NULL);

    (void)scratch;
    sum.what = CREMA_SUM_SQUARES;
    sum.mean = mean;
    if (!error) error = crema_cuda_sums(s, &sum, factor, var, NULL);
    if (error) return error;
    return crema_cuda_batch_norm(s, &a, params->eps, mean, var, crema_in(op, 0),
                                 crema_out(op, 0));
}

/* dot[C] and sum[C] */
static size_t two_sums(const struct crema_op *op)
{
    return 2 * sizeof(float) * (size_t)op->in[0]->shape.dim[1];
}

static int batch_norm_bwd(cudaStream_t s, const struct crema_op *op,
                          void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    const float *mean = crema_in(op, 2), *var = crema_in(op, 3);
    struct crema_axis a = crema_cuda_channels(op->in[0]);
    struct crema_summands what = { CREMA_SUM_NORMALIZED, a, dy, x, mean };
    float *dot = scratch, *sum = dot + a.length;
    int error = crema_cuda_sums(s, &what, 1.0f, dot, sum);

    if (error) return error;
    return crema_cuda_batch_norm_bwd(s, &a, params->eps, mean, var, dot, sum, x,
                                     dy, crema_out(op, 0));
}

static int batch_norm_global(cudaStream_t s, const struct crema_op *op,
                             void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_axis a = crema_cuda_channels(op->in[0]);

    (void)scratch;
    return crema_cuda_global_norm(s, &a, params->eps, crema_in(op, 1),
                                  crema_in(op, 2), crema_in(op, 3),
                                  crema_in(op, 0), crema_out(op, 0));
}

static int batch_norm_global_bwd(cudaStream_t s, const struct crema_op *op,
                                 void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_axis a = crema_cuda_channels(op->in[0]);

    (void)scratch;
    return crema_cuda_global_norm(s, &a, params->eps, NULL, crema_in(op, 1),
                                  crema_in(op, 2), crema_in(op, 0),
                                  crema_out(op, 0));
}

static int batch_norm_update(cudaStream_t s, const struct crema_op *op,
                             void *scratch)
{
    const struct crema_batch_norm_update *u = op->params;
    float unbias = u->m > 1 ? (float)u->m / (float)(u->m - 1) : 1.0f;

    (void)scratch;
    return crema_cuda_running(s, u->fraction, unbias,
                              crema_shape_count(&op->in[0]->shape),
                              crema_in(op, 0), crema_in(op, 1), op->in[2]->data,
                              op->in[3]->data, op->in[4]->data);
}

/* ---- scale --------------------------------------------------------------- */

/* One number a channel, or one an element: then any layout will do. */
static void scale_ports(const struct crema_op *op, int lead,
                        const struct crema_tensor *s, struct crema_port in[],
                        struct crema_port out[])
{
    const struct crema_along *params = op->params;

    if ((params->axis == 1 && s->shape.ndims == 1) ||
        crema_shape_equal(&s->shape, &op->in[lead]->shape))
        crema_cuda_follow(op, lead, in, out);
    else
        crema_cuda_all_dense(op, in, out);
}

static const struct crema_tensor *either(struct crema_tensor *const *t)
{
    return t[0] ? t[0] : t[1];
}

static void scale_fwd_ports(const struct crema_op *op, struct crema_port in[],
                            struct crema_port out[])
{
    scale_ports(op, 0, either(op->in + 1), in, out);
}

static void scale_data_ports(const struct crema_op *op, struct crema_port in[],
                             struct crema_port out[])
{
    scale_ports(op, 1, op->in[0], in, out);
}

static void scale_params_ports(const struct crema_op *op,
                               struct crema_port in[], struct crema_port out[])
{
    scale_ports(op, 0, either(op->out), in, out);
}

/* x as [outer][elements of s][inner] */
static struct crema_axis scale_axis(const struct crema_op *op,
                                    const struct crema_tensor *x,
                                    const struct crema_tensor *s)
{
    const struct crema_along *params = op->params;
    int end = params->axis + s->shape.ndims;

    if (params->axis == 1 && s->shape.ndims == 1) return crema_cuda_channels(x);
    return (struct crema_axis){
        crema_shape_product(&x->shape, 0, params->axis),
        crema_shape_count(&s->shape),
        crema_shape_product(&x->shape, end, x->shape.ndims),
    };
}

static int scale(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_axis a = scale_axis(op, op->in[0], either(op->in + 1));

    (void)scratch;
    return crema_cuda_scale(s, &a, crema_in(op, 0), crema_in(op, 1),
                            crema_in(op, 2), false, crema_out(op, 0));
}

static int scale_bwd_data(cudaStream_t s, const struct crema_op *op,
                          void *scratch)
{
    struct crema_axis a = scale_axis(op, op->in[1], op->in[0]);

    (void)scratch;
    return crema_cuda_scale(s, &a, crema_in(op, 1), crema_in(op, 0), NULL,
                            false, crema_out(op, 0));
}

static int scale_bwd_params(cudaStream_t s, const struct crema_op *op,
                            void *scratch)
{
    struct crema_summands sum = {
        .what = CREMA_SUM_PRODUCT,
        .axis = scale_axis(op, op->in[0], either(op->out)),
        .v = crema_in(op, 1),
        .w = crema_in(op, 0),
    };

    (void)scratch;
    return crema_cuda_sums(s, &sum, 1.0f, crema_out(op, 0), crema_out(op, 1));
}

/* ---- classification ------------------------------------------------------ */

static struct crema_axis axis_of(const struct crema_tensor *x, int axis)
{
    struct crema_sides s = crema_sides(&x->shape, axis);

    return (struct crema_axis){ s.outer, s.length, s.inner };
}

static int softmax(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_along *params = op->params;
    struct crema_axis a = axis_of(op->in[0], params->axis);

    (void)scratch;
    return crema_cuda_softmax(s, &a, crema_in(op, 0), crema_out(op, 0));
}

static int softmax_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_along *params = op->params;
    struct crema_axis a = axis_of(op->in[0], params->axis);

    (void)scratch;
    return crema_cuda_softmax_bwd(s, &a, crema_in(op, 0), crema_in(op, 1),
                                  crema_out(op, 0));
}

/* 0: what is counted on the device. */
static float normalizer(const struct crema_softmax_loss *l,
                        const struct crema_axis *a)
{
    double n = 1;

    if (l->normalization == CREMA_NORMALIZE_VALID) return 0.0f;
    if (l->normalization == CREMA_NORMALIZE_FULL)
        n = (double)(a->outer * a->inner);
    if (l->normalization == CREMA_NORMALIZE_BATCH_SIZE) n = (double)a->outer;
    return n > 1 ? (float)n : 1.0f;
}

static int softmax_loss(cudaStream_t s, const struct crema_op *op,
                        void *scratch)
{
    const struct crema_softmax_loss *l = op->params;
    struct crema_labels labels = { axis_of(op->in[0], l->axis), l->ignores,
                                   l->ignore_label };
    float *prob = crema_out(op, 1);
    int error = crema_cuda_softmax(s, &labels.axis, crema_in(op, 0), prob);

    (void)scratch;
    if (error) return error;
    return crema_cuda_loss(s, &labels, normalizer(l, &labels.axis), prob,
                           crema_in(op, 1), crema_out(op, 0));
}

static size_t one_float(const struct crema_op *op)
{
    (void)op;
    return sizeof(float);
}

static int softmax_loss_bwd(cudaStream_t s, const struct crema_op *op,
                            void *scratch)
{
    const struct crema_softmax_loss *l = op->params;
    struct crema_labels labels = { axis_of(op->in[0], l->axis), l->ignores,
                                   l->ignore_label };

    return crema_cuda_loss_bwd(s, &labels, normalizer(l, &labels.axis),
                               crema_in(op, 0), crema_in(op, 1),
                               crema_in(op, 2), scratch, crema_out(op, 0));
}

static size_t one_a_label(const struct crema_op *op)
{
    return sizeof(float) * (size_t)crema_shape_count(&op->in[1]->shape);
}

static int accuracy(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_accuracy *a = op->params;
    struct crema_labels labels = { axis_of(op->in[0], a->axis), a->ignores,
                                   a->ignore_label };

    return crema_cuda_accuracy(s, &labels, a->top_k, crema_in(op, 0),
                               crema_in(op, 1), scratch, crema_out(op, 0),
                               crema_out(op, 1));
}

const struct cuda_kernel crema_cuda_layers[] = {
    { &crema_op_pool, pool, -1, pool_ports, NULL },
    { &crema_op_pool_bwd, pool_bwd, -1, pool_bwd_ports, NULL },
    { &crema_op_lrn, lrn, 0, NULL, NULL },
    { &crema_op_lrn_bwd, lrn_bwd, 0, NULL, NULL },
    { &crema_op_batch_norm, batch_norm, 0, NULL, NULL },
    { &crema_op_batch_norm_bwd, batch_norm_bwd, 0, NULL, two_sums },
    { &crema_op_batch_norm_global, batch_norm_global, 0, NULL, NULL },
    { &crema_op_batch_norm_global_bwd, batch_norm_global_bwd, 0, NULL, NULL },
    { &crema_op_batch_norm_update, batch_norm_update, -1, NULL, NULL },
    { &crema_op_scale, scale, -1, scale_fwd_ports, NULL },
    { &crema_op_scale_bwd_data, scale_bwd_data, -1, scale_data_ports, NULL },
    { &crema_op_scale_bwd_params, scale_bwd_params, -1, scale_params_ports,
      NULL },
    { &crema_op_softmax, softmax, -1, NULL, NULL },
    { &crema_op_softmax_bwd, softmax_bwd, -1, NULL, NULL },
    { &crema_op_softmax_loss, softmax_loss, -1, NULL, NULL },
    { &crema_op_softmax_loss_bwd, softmax_loss_bwd, -1, NULL, one_float },
    { &crema_op_accuracy, accuracy, -1, NULL, one_a_label },
    { NULL, NULL, 0, NULL, NULL },
};
