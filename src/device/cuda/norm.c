/* norm.c - launches of batch normalization and scales. */
#include "device/cuda/kernels.h"

#include <math.h>

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
    int error = crema_cuda_sums(s, &sum, factor, scratch, mean, NULL);

    sum.what = CREMA_SUM_SQUARES;
    sum.mean = mean;
    if (!error) error = crema_cuda_sums(s, &sum, factor, scratch, var, NULL);
    if (error) return error;
    n.mean = mean;
    n.var = var;
    n.s = crema_in(op, 1);
    n.b = crema_in(op, 2);
    return crema_cuda_normalize(s, &n, crema_in(op, 0), crema_in(op, 3),
                                crema_out(op, 0));
}

static size_t sums_room(const struct crema_op *op)
{
    (void)op;
    return CREMA_SUM_ROOM;
}

/* The room of sums, then dot[C] and sum[C]. */
static size_t two_sums(const struct crema_op *op)
{
    return CREMA_SUM_ROOM + 2 * sizeof(float) * (size_t)op->in[1]->shape.dim[1];
}

/* ds and db, which are the sums that dx wants too, then dx.  batch: by the
 * batch's own statistics, else by running sums, which have a factor. */
static int norm_bwd(cudaStream_t s, const struct crema_op *op, bool batch,
                    float *scratch)
{
    const struct crema_batch_norm *params = op->params;
    struct crema_normed n = normed(op, op->in[1], params->passes);
    int scale = batch ? 4 : 5;
    float *room = scratch + CREMA_SUM_ROOM / sizeof(float);
    const float *x = crema_in(op, 0), *dy = crema_in(op, 1);
    float *ds = crema_out(op, 1), *db = crema_out(op, 2);
    float *dot = ds ? ds : room, *sum = db ? db : room + n.axis.length;
    struct crema_summands what = { .what = CREMA_SUM_NORMALIZED,
                                   .axis = n.axis,
                                   .v = dy,
                                   .w = x,
                                   .type = n.type };

    n.mean = crema_in(op, 2);
    n.var = crema_in(op, 3);
    n.factor = batch ? NULL : crema_in(op, 4);
    n.s = crema_in(op, scale);
    n.b = crema_in(op, scale + 1);
    what.norm = n;
    if (batch || ds || db) {
        int error = crema_cuda_sums(s, &what, 1.0f, scratch, dot, sum);

        if (error) return error;
    }
    if (!op->out[0]) return 0;
    return crema_cuda_normalize_bwd(s, &n, batch ? dot : NULL, sum, x, dy,
                                    crema_out(op, 0));
}

static int batch_norm_bwd(cudaStream_t s, const struct crema_op *op,
                          void *scratch)
{
    return norm_bwd(s, op, true, scratch);
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
    return norm_bwd(s, op, false, scratch);
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

    return crema_cuda_sums(s, &sum, 1.0f, scratch, crema_out(op, 0),
                           crema_out(op, 1));
}

const struct cuda_kernel crema_cuda_norms[] = {
    { &crema_op_batch_norm, batch_norm, 0, NULL, sums_room, true },
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
      sums_room, false },
    { NULL, NULL, 0, NULL, NULL, false },
};
