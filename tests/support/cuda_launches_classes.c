/* cuda_launches_classes.c - the launchers of kernels/classes.cu as loops. */
#include "support/cuda_launches.h"

static int lanes_of(const struct crema_axis *a)
{
    return a->inner < 32 ? 32 : 1;
}

int crema_cuda_softmax(cudaStream_t s, const struct crema_axis *a, int type,
                       const void *x, float *y)
{
    int lanes = lanes_of(a);

    (void)s;
    EACH(i, a->length ? a->outer * a->inner : 0)
    {
        float most = -INFINITY, sum = 0;

        for (int l = 0; l < lanes; l++)
            most = fmaxf(most, crema_part_of_most(a, type, x, i, l, lanes));
        for (int l = 0; l < lanes; l++)
            sum += crema_part_of_exp(a, type, x, most, y, i, l, lanes);
        for (int l = 0; l < lanes; l++)
            crema_part_of_division(a, sum, y, i, l, lanes);
    }
    return 0;
}

int crema_cuda_softmax_bwd(cudaStream_t s, const struct crema_axis *a, int type,
                           const float *y, const float *dy, void *dx)
{
    int lanes = lanes_of(a);

    (void)s;
    EACH(i, a->outer * a->inner)
    {
        float dot = 0;

        for (int l = 0; l < lanes; l++)
            dot += crema_part_of_dot(a, y, dy, i, l, lanes);
        for (int l = 0; l < lanes; l++)
            crema_part_of_softmax_bwd(a, type, y, dy, dot, dx, i, l, lanes);
    }
    return 0;
}

static float normalizer_of(const struct crema_labels *l, float normalizer,
                           const float *label)
{
    float valid = 0;

    EACH(i, l->axis.outer * l->axis.inner)
    valid += crema_at_label(l, label, i) != CREMA_IGNORED;
    return normalizer > 0 ? normalizer : fmaxf(valid, 1.0f);
}

int crema_cuda_loss(cudaStream_t s, const struct crema_labels *l,
                    float normalizer, const float *prob, const float *label,
                    float *loss)
{
    float sum[CREMA_BLOCK] = { 0 };

    (void)s;
    EACH(i, l->axis.outer * l->axis.inner)
    sum[i % CREMA_BLOCK] +=
        crema_at_loss(l, prob, i, crema_at_label(l, label, i));
    *loss = tree_sum(sum, CREMA_BLOCK) / normalizer_of(l, normalizer, label);
    return 0;
}

int crema_cuda_loss_bwd(cudaStream_t s, const struct crema_labels *l,
                        float normalizer, const float *prob, const float *label,
                        const float *dloss, float *room, int type, void *dx)
{
    (void)s;
    *room = *dloss / normalizer_of(l, normalizer, label);
    EACH(i, crema_count3(&l->axis))
    crema_store(dx, type, i, crema_at_loss_bwd(l, prob, label, *room, i));
    return 0;
}

static float hit(const struct crema_labels *l, int top_k, int type,
                 const void *x, const float *label, int64_t i)
{
    int64_t at = crema_at_label(l, label, i);
    int better = 0;

    for (int lane = 0; lane < 32 && at >= 0; lane++)
        better += crema_part_of_better(&l->axis, type, x, i, at, lane, 32);
    return crema_at_hit(at, better, top_k);
}

int crema_cuda_accuracy(cudaStream_t s, const struct crema_labels *l, int top_k,
                        int type, const void *x, const float *label,
                        float *room, float *accuracy, float *per_class)
{
    int64_t positions = l->axis.outer * l->axis.inner;
    float hits = 0, valid = 0;

    (void)s;
    EACH(i, positions)
    {
        room[i] = hit(l, top_k, type, x, label, i);
        if (room[i] == -1.0f) continue;
        hits += room[i];
        valid++;
    }
    *accuracy = valid > 0 ? hits / valid : 0;
    EACH(c, per_class ? l->axis.length : 0)
    per_class[c] = crema_at_class_accuracy(l, label, room, c);
    return 0;
}
