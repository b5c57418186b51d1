/* ports.c - layouts that own kernels read and write: dense, or with the
 * channels innermost; values in the type that the op asks for, everything else
 * as float32. */
#include "device/cuda/kernels.h"

bool crema_cuda_channels_last(const struct crema_layout *l)
{
    int64_t stride = 1;

    if (l->nblocks || l->ndims < 3 || crema_layout_is_dense(l)) return false;
    for (int i = l->ndims; i >= 1; i--) {
        int d = i == l->ndims ? 1 : i == 1 ? 0 : i;

        if (l->dim[d] != l->padded[d]) return false;
        if (l->dim[d] != 1 && l->stride[d] != stride) return false;
        stride *= l->dim[d];
    }
    return true;
}

/* The step of a dropout is a whole number; everything else is computed with. */
static enum crema_type type_of(const struct crema_tensor *t)
{
    return t->role == CREMA_INPUT && t->type == CREMA_I32 ? CREMA_I32
                                                          : CREMA_F32;
}

void crema_cuda_all_dense(const struct crema_op *op, struct crema_port in[],
                          struct crema_port out[])
{
    for (int i = 0; i < op->nin; i++)
        if (op->in[i])
            in[i].want =
                crema_layout_dense(&op->in[i]->shape, type_of(op->in[i]));
    for (int i = 0; i < op->nout; i++)
        if (op->out[i])
            out[i].want = crema_layout_dense(&op->out[i]->shape, CREMA_F32);
}

struct crema_layout crema_cuda_like(const struct crema_shape *s,
                                    const struct crema_layout *have,
                                    enum crema_type type)
{
    return have && have->ndims == s->ndims && crema_cuda_channels_last(have)
               ? crema_layout_channels_last(s, type)
               : crema_layout_dense(s, type);
}

void crema_cuda_follow(const struct crema_op *op, int lead,
                       struct crema_port in[], struct crema_port out[])
{
    const struct crema_tensor *t = op->in[lead];
    /* what changes params works on float32 */
    enum crema_type type = op->type->mutates ? CREMA_F32 : op->storage;
    struct crema_layout followed =
        crema_cuda_like(&t->shape, in[lead].have, type);

    crema_cuda_all_dense(op, in, out);
    for (int i = 0; i < op->nin; i++)
        if (op->in[i] && crema_shape_equal(&op->in[i]->shape, &t->shape))
            in[i].want = followed;
    for (int i = 0; i < op->nout; i++)
        if (op->out[i] && crema_shape_equal(&op->out[i]->shape, &t->shape))
            out[i].want = followed;
}

struct crema_axis crema_cuda_layout_channels(const struct crema_layout *l)
{
    struct crema_axis a = { l->dim[0], l->dim[1], 1 };

    for (int i = 2; i < l->ndims; i++) a.inner *= l->dim[i];
    if (crema_cuda_channels_last(l))
        a = (struct crema_axis){ a.outer * a.inner, a.length, 1 };
    return a;
}

struct crema_axis crema_cuda_channels(const struct crema_tensor *t)
{
    const struct crema_shape *s = &t->shape;
    struct crema_axis a = { s->dim[0], s->dim[1],
                            crema_shape_product(s, 2, s->ndims) };

    if (crema_cuda_channels_last(&t->layout))
        a = (struct crema_axis){ a.outer * a.inner, a.length, 1 };
    return a;
}

int crema_cuda_sum_channels(cudaStream_t s, const struct crema_tensor *t,
                            float *room, float *sums)
{
    const struct crema_summands what = {
        .what = CREMA_SUM_V,
        .axis = crema_cuda_channels(t),
        .v = t->data,
        .type = crema_cuda_type(t),
    };

    return crema_cuda_sums(s, &what, 1.0f, room, sums, NULL);
}

/* Spatial axes but the last are one: their order is that of a plane's rows. */
struct crema_planes crema_cuda_planes(const struct crema_tensor *t)
{
    const struct crema_shape *s = &t->shape;
    int last = s->ndims - 1;

    return (struct crema_planes){
        .n = s->dim[0],
        .c = s->dim[1],
        .h = crema_shape_product(s, 2, last),
        .w = s->dim[last],
        .last = crema_cuda_channels_last(&t->layout),
    };
}

const char *crema_cuda_lacks(int capability, enum crema_type type)
{
    if (type == CREMA_BF16 && capability < 80)
        return "GPUs can from compute capability 8.0 on";
    return type == CREMA_F16 && capability < 53
               ? "GPUs can from compute capability 5.3 on"
               : NULL;
}

const char *crema_cuda_lacks_tf32(int capability)
{
    return capability < 80 ? "GPUs can from compute capability 8.0 on" : NULL;
}
