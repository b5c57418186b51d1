/* classes.c - launches of classification: scores and their gradient in the op's
 * own type. */
#include "device/cuda/kernels.h"

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

const struct cuda_kernel crema_cuda_classes[] = {
    { &crema_op_softmax, softmax, -1, scores_ports, NULL, false },
    { &crema_op_softmax_bwd, softmax_bwd, -1, scores_bwd_ports, NULL, false },
    { &crema_op_softmax_loss, softmax_loss, -1, scores_ports, NULL, false },
    { &crema_op_softmax_loss_bwd, softmax_loss_bwd, -1, scores_bwd_ports,
      one_float, false },
    { &crema_op_accuracy, accuracy, -1, scores_ports, one_a_label, false },
    { NULL, NULL, 0, NULL, NULL, false },
};
