/* layers.c - launches of pooling, normalization and classification. */
#include "device/cuda/kernels.h"

#include <math.h>

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

/* Without statistics; the others lie as `like` does. */
static struct crema_normed normed(const struct crema_op *op,
                                  const struct crema_tensor *like, bool relu)
{
    const struct crema_batch_norm *params = op->params;

    return (struct crema_normed){ .axis = crema_cuda_channels(like),
                                  .eps = params->eps,
                                  .floor = relu ? 0.0f : -INFINITY };
}

/* The mean first, the variance round it second, then y. */
static int batch_norm(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_normed n = normed(op, op->in[0], op->relu);
    int64_t m = n.axis.outer * n.axis.inner;
    float factor = m ? 1.0f / (float)m : 0.0f;
    float *mean = crema_out(op, 1), *var = crema_out(op, 2);
    struct crema_summands sum = { .what = CREMA_SUM_V,
                                  .axis = n.axis,
                                  .v = crema_in(op, 0) };
    int error = crema_cuda_sums(s, &sum, factor, mean, NULL);

    (void)scratch;
    sum.what = CREMA_SUM_SQUARES;
    sum.mean = mean;
    if (!error) error = crema_cuda_sums(s, &sum, factor, var, NULL);
    if (error) return error;
    n.mean = mean;
    n.var = var;
    n.s = crema_in(op, 1);
    n.b = crema_in(op, 2);
    return crema_cuda_normalize(s, &n, crema_in(op, 0), crema_in(op, 3),
                                crema_out(op, 0));
}

/* dot[C] and sum[C] */
static size_t two_sums(const struct crema_op *op)
{
    return 2 * sizeof(float) * (size_t)op->in[1]->shape.dim[1];
}

/* ds and db, which are the sums that dx wants too, then dx. */
static int norm_bwd(cudaStream_t s, const struct crema_op *op,
                    const struct crema_normed *n, bool batch, float *room)
{
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    float *ds = crema_out(op, 1), *db = crema_out(op, 2);
    float *dot = ds ? ds : room, *sum = db ? db : room + n->axis.length;
    struct crema_summands what = { .what = CREMA_SUM_NORMALIZED,
                                   .axis = n->axis,
                                   .v = dy,
                                   .w = x,
                                   .norm = *n };

    if (batch || ds || db) {
        int error = crema_cuda_sums(s, &what, 1.0f, dot, sum);

        if (error) return error;
    }
    if (!op->out[0]) return 0;
    return crema_cuda_normalize_bwd(s, n, batch ? dot : NULL, sum, x, dy,
                                    crema_out(op, 0));
}

static int batch_norm_bwd(cudaStream_t s, const struct crema_op *op,
                          void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_normed n = normed(op, op->in[1], params->passes);

    n.mean = crema_in(op, 2);
    n.var = crema_in(op, 3);
    n.s = crema_in(op, 4);
    n.b = crema_in(op, 5);
    return norm_bwd(s, op, &n, true, scratch);
}

static int batch_norm_global(cudaStream_t s, const struct crema_op *op,
                             void *scratch)
{
    struct crema_normed n = normed(op, op->in[0], op->relu);

    (void)scratch;
    n.mean = crema_in(op, 1);
    n.var = crema_in(op, 2);
    n.factor = crema_in(op, 3);
    n.s = crema_in(op, 4);
    n.b = crema_in(op, 5);
    return crema_cuda_normalize(s, &n, crema_in(op, 0), NULL, crema_out(op, 0));
}

static int batch_norm_global_bwd(cudaStream_t s, const struct crema_op *op,
                                 void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_normed n = normed(op, op->in[1], params->passes);

    n.mean = crema_in(op, 2);
    n.var = crema_in(op, 3);
    n.factor = crema_in(op, 4);
    n.s = crema_in(op, 5);
    n.b = crema_in(op, 6);
    return norm_bwd(s, op, &n, false, scratch);
}

static int batch_norm_affine(cudaStream_t s, const struct crema_op *op,
                             void *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_normed n = { { 1, op->in[0]->shape.dim[0], 1 },
                              params->eps,
                              -INFINITY,
                              crema_in(op, 0),
                              crema_in(op, 1),
                              crema_in(op, 2),
                              crema_in(op, 3),
                              crema_in(op, 4) };

    (void)scratch;
    return crema_cuda_affine(s, &n, crema_in(op, 5), crema_out(op, 0),
                             crema_out(op, 1));
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
                            crema_in(op, 2), op->relu, crema_out(op, 0));
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
    { &crema_op_batch_norm, batch_norm, 0, NULL, NULL, .relu = true },
    { &crema_op_batch_norm_bwd, batch_norm_bwd, 1, NULL, two_sums },
    { &crema_op_batch_norm_global, batch_norm_global, 0, NULL, NULL,
      .relu = true },
    { &crema_op_batch_norm_global_bwd, batch_norm_global_bwd, 1, NULL,
      two_sums },
    { &crema_op_batch_norm_affine, batch_norm_affine, -1, NULL, NULL },
    { &crema_op_batch_norm_update, batch_norm_update, -1, NULL, NULL },
    { &crema_op_scale, scale, -1, scale_fwd_ports, NULL, .relu = true },
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
