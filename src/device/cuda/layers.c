/* layers.c - launches of pooling, normalization and classification. */
#include "device/cuda/kernels.h"

#include <math.h>

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

/* dy as it comes, ws as forward left it. */
static void pool_bwd_ports(const struct crema_op *op, struct crema_port in[],
                           struct crema_port out[])
{
    in[0].want = crema_cuda_like(&op->in[0]->shape, in[0].have, op->storage);
    in[1].want = *in[1].have;
    out[0].want = crema_cuda_like(&op->out[0]->shape, in[0].have, op->storage);
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

static int pool(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_pool_shape p =
        pool_shape(op, op->in[0], op->out[0], op->out[1]);
    int type = crema_cuda_type(op->in[0]);

    (void)scratch;
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

static int pool_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_pool_shape p =
        pool_shape(op, op->out[0], op->in[0], op->in[1]);
    int type = crema_cuda_type(op->in[0]);

    (void)scratch;
    return takes_maximum(op)
               ? crema_cuda_pool_max_bwd(s, &p, type, crema_in(op, 0),
                                         crema_in(op, 1), crema_out(op, 0))
               : crema_cuda_pool_ave_bwd(s, &p, type, crema_in(op, 0),
                                         crema_out(op, 0));
}

/* ---- normalization ------------------------------------------------------- */

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

/* Without statistics; the others lie as `like` does. */
static struct crema_normed normed(const struct crema_op *op,
                                  const struct crema_tensor *like, bool relu)
{
    const struct crema_batch_norm *params = op->params;

    return (struct crema_normed){ .axis = crema_cuda_channels(like),
                                  .eps = params->eps,
                                  .floor = relu ? 0.0f : -INFINITY,
                                  .type = crema_cuda_type(like) };
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
                                  .v = crema_in(op, 0),
                                  .type = n.type };
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
                                   .norm = *n,
                                   .type = n->type };

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
    const struct crema_normed n = {
        .axis = { 1, op->in[0]->shape.dim[0], 1 },
        .eps = params->eps,
        .floor = -INFINITY,
        .mean = crema_in(op, 0),
        .var = crema_in(op, 1),
        .factor = crema_in(op, 2),
        .s = crema_in(op, 3),
        .b = crema_in(op, 4),
    };

    (void)scratch;
    return crema_cuda_affine(s, &n, crema_in(op, 5), crema_out(op, 0),
                             crema_out(op, 1));
}

static int batch_norm_update(cudaStream_t s, const struct crema_op *op,
                             void *scratch)
{
    const struct crema_batch_norm_update *u = op->params;
    float *factor = op->in[4] ? op->in[4]->data : NULL;
    struct crema_new_statistics new = crema_new_statistics(u, !factor);

    (void)scratch;
    return crema_cuda_running(s, u->fraction, new.mean, new.var,
                              crema_shape_count(&op->in[0]->shape),
                              crema_in(op, 0), crema_in(op, 1), op->in[2]->data,
                              op->in[3]->data, factor);
}

/* ---- scale --------------------------------------------------------------- */

/* A scale: one number a channel, or one an element: then any order will do.
 * Scales and their gradients are float32. */
struct scale_plan {
    const struct crema_tensor *x;
    const struct crema_layout *have; /* of x, where it is followed */
    enum crema_type type;            /* of x */
};

static struct crema_layout scale_layout(const struct scale_plan *p,
                                        const struct crema_tensor *t,
                                        bool is_scale)
{
    return crema_cuda_like(
        &t->shape, crema_shape_equal(&t->shape, &p->x->shape) ? p->have : NULL,
        is_scale ? CREMA_F32 : p->type);
}

/* lead: the input that is x; in[i] is a scale where bit i of `scales` is set,
 * an output where that of `gradients` is. */
static void scale_ports(const struct crema_op *op, int lead,
                        const struct crema_tensor *s, unsigned scales,
                        unsigned gradients, struct crema_port in[],
                        struct crema_port out[])
{
    const struct crema_along *params = op->params;
    struct scale_plan p = { op->in[lead], NULL, op->storage };

    if ((params->axis == 1 && s->shape.ndims == 1) ||
        crema_shape_equal(&s->shape, &p.x->shape))
        p.have = in[lead].have;
    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want = scale_layout(&p, op->in[i], scales >> i & 1);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i])
            out[i].want = scale_layout(&p, op->out[i], gradients >> i & 1);
}

static const struct crema_tensor *either(struct crema_tensor *const *t)
{
    return t[0] ? t[0] : t[1];
}

static void scale_fwd_ports(const struct crema_op *op, struct crema_port in[],
                            struct crema_port out[])
{
    scale_ports(op, 0, either(op->in + 1), 2 | 4, 0, in, out);
}

static void scale_data_ports(const struct crema_op *op, struct crema_port in[],
                             struct crema_port out[])
{
    scale_ports(op, 1, op->in[0], 1, 0, in, out);
}

static void scale_params_ports(const struct crema_op *op,
                               struct crema_port in[], struct crema_port out[])
{
    scale_ports(op, 0, either(op->out), 0, 1 | 2, in, out);
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
    const struct crema_scaled by = {
        .axis = scale_axis(op, op->in[0], either(op->in + 1)),
        .s = crema_in(op, 1),
        .b = crema_in(op, 2),
        .relu = op->relu,
    };

    (void)scratch;
    return crema_cuda_scale(s, &by, crema_cuda_type(op->in[0]), crema_in(op, 0),
                            crema_out(op, 0));
}

static int scale_bwd_data(cudaStream_t s, const struct crema_op *op,
                          void *scratch)
{
    const struct crema_scaled by = {
        .axis = scale_axis(op, op->in[1], op->in[0]),
        .s = crema_in(op, 0),
    };

    (void)scratch;
    return crema_cuda_scale(s, &by, crema_cuda_type(op->in[1]), crema_in(op, 1),
                            crema_out(op, 0));
}

static int scale_bwd_params(cudaStream_t s, const struct crema_op *op,
                            void *scratch)
{
    struct crema_summands sum = {
        .what = CREMA_SUM_PRODUCT,
        .axis = scale_axis(op, op->in[0], either(op->out)),
        .v = crema_in(op, 1),
        .w = crema_in(op, 0),
        .type = crema_cuda_type(op->in[0]),
    };

    (void)scratch;
    return crema_cuda_sums(s, &sum, 1.0f, crema_out(op, 0), crema_out(op, 1));
}

/* ---- classification: scores and their gradient in the op's own type ------ */

static void scores_ports(const struct crema_op *op, struct crema_port in[],
                         struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    in[0].want = crema_layout_dense(&op->in[0]->shape, op->storage);
}

static void scores_bwd_ports(const struct crema_op *op, struct crema_port in[],
                             struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    out[0].want = crema_layout_dense(&op->out[0]->shape, op->storage);
}

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
    return crema_cuda_softmax(s, &a, crema_cuda_type(op->in[0]),
                              crema_in(op, 0), crema_out(op, 0));
}

static int softmax_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_along *params = op->params;
    struct crema_axis a = axis_of(op->in[0], params->axis);

    (void)scratch;
    return crema_cuda_softmax_bwd(s, &a, crema_cuda_type(op->out[0]),
                                  crema_in(op, 0), crema_in(op, 1),
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
    if (l->normalization == CREMA_NORMALIZE_FIXED) n = (double)l->fixed;
    return n > 1 ? (float)n : 1.0f;
}

/* weight: the input that has it. */
static struct crema_labels labels_of(const struct crema_op *op, int weight)
{
    const struct crema_softmax_loss *l = op->params;

    return (struct crema_labels){ .axis = axis_of(op->in[0], l->axis),
                                  .ignores = l->ignores,
                                  .ignore_label = l->ignore_label,
                                  .smoothing = l->smoothing,
                                  .weight = crema_in(op, weight) };
}

static int softmax_loss(cudaStream_t s, const struct crema_op *op,
                        void *scratch)
{
    const struct crema_softmax_loss *l = op->params;
    struct crema_labels labels = labels_of(op, 2);
    float *prob = crema_out(op, 1);
    int error = crema_cuda_softmax(s, &labels.axis, crema_cuda_type(op->in[0]),
                                   crema_in(op, 0), prob);

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
    struct crema_labels labels = labels_of(op, 3);

    return crema_cuda_loss_bwd(s, &labels, normalizer(l, &labels.axis),
                               crema_in(op, 0), crema_in(op, 1),
                               crema_in(op, 2), scratch,
                               crema_cuda_type(op->out[0]), crema_out(op, 0));
}

static size_t one_a_label(const struct crema_op *op)
{
    return sizeof(float) * (size_t)crema_shape_count(&op->in[1]->shape);
}

static int accuracy(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_accuracy *a = op->params;
    struct crema_labels labels = { .axis = axis_of(op->in[0], a->axis),
                                   .ignores = a->ignores,
                                   .ignore_label = a->ignore_label };

    return crema_cuda_accuracy(s, &labels, a->top_k, crema_cuda_type(op->in[0]),
                               crema_in(op, 0), crema_in(op, 1), scratch,
                               crema_out(op, 0), crema_out(op, 1));
}

const struct cuda_kernel crema_cuda_layers[] = {
    { &crema_op_pool, pool, -1, pool_ports, NULL, false },
    { &crema_op_pool_bwd, pool_bwd, -1, pool_bwd_ports, NULL, false },
    { &crema_op_pool_draw, pool_draw, -1, pool_ports, NULL, false },
    { &crema_op_lrn, lrn, 0, NULL, NULL, false },
    { &crema_op_lrn_bwd, lrn_bwd, 0, NULL, NULL, false },
    { &crema_op_batch_norm, batch_norm, 0, NULL, NULL, true },
    { &crema_op_batch_norm_bwd, batch_norm_bwd, 1, NULL, two_sums, false },
    { &crema_op_batch_norm_global, batch_norm_global, 0, NULL, NULL, true },
    { &crema_op_batch_norm_global_bwd, batch_norm_global_bwd, 1, NULL, two_sums,
      false },
    { &crema_op_batch_norm_affine, batch_norm_affine, -1, NULL, NULL, false },
    { &crema_op_batch_norm_update, batch_norm_update, -1, NULL, NULL, false },
    { &crema_op_scale, scale, -1, scale_fwd_ports, NULL, true },
    { &crema_op_scale_bwd_data, scale_bwd_data, -1, scale_data_ports, NULL,
      false },
    { &crema_op_scale_bwd_params, scale_bwd_params, -1, scale_params_ports,
      NULL, false },
    { &crema_op_softmax, softmax, -1, scores_ports, NULL, false },
    { &crema_op_softmax_bwd, softmax_bwd, -1, scores_bwd_ports, NULL, false },
    { &crema_op_softmax_loss, softmax_loss, -1, scores_ports, NULL, false },
    { &crema_op_softmax_loss_bwd, softmax_loss_bwd, -1, scores_bwd_ports,
      one_float, false },
    { &crema_op_accuracy, accuracy, -1, scores_ports, one_a_label, false },
    { NULL, NULL, 0, NULL, NULL, false },
};
