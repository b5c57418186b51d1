/* kernels.c - the backend of our own kernels: everything that NVIDIA's
 * libraries do not do as Caffe does, or not deterministically. */
#include "device/cuda/kernels.h"

#include <stdlib.h>
#include <string.h>

static const struct cuda_kernel *const tables[] = {
    crema_cuda_elementwise, crema_cuda_pooling, crema_cuda_norms,
    crema_cuda_classes,     crema_cuda_by_rows, crema_cuda_planewise,
    crema_cuda_learning,    crema_cuda_input
};
enum { TABLES = sizeof tables / sizeof *tables };

struct kernel_call {
    struct crema_call base;
    const struct cuda_kernel *kernel;
    void *scratch;
    int njoined; /* ops launched together; 0: its own op alone */
    struct crema_op **joined;
};

static enum crema_status run(struct crema_call *base, struct crema_op *op)
{
    struct kernel_call *call = (struct kernel_call *)base;
    cudaStream_t stream = crema_cuda_stream(base->dev);
    int error = call->njoined ? crema_cuda_launch_updates(stream, call->njoined,
                                                          call->joined)
                              : call->kernel->launch(stream, op, call->scratch);

    return error ? crema_cuda_launch_failed(base->dev, op, error) : CREMA_OK;
}

static enum crema_status bind(struct crema_call *base, struct crema_op *op,
                              void *scratch)
{
    (void)op;
    ((struct kernel_call *)base)->scratch = scratch;
    return CREMA_OK;
}

static void free_call(struct crema_call *base)
{
    free(((struct kernel_call *)base)->joined);
    free(base);
}

static const struct cuda_kernel *find(const struct crema_op_type *type)
{
    for (int i = 0; i < TABLES; i++)
        for (const struct cuda_kernel *k = tables[i]; k->type; k++)
            if (k->type == type) return k;
    return NULL;
}

static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              struct crema_port in[], struct crema_port out[])
{
    const struct cuda_kernel *k = find(op->type);
    struct kernel_call *call;

    if (!k || (op->relu && !k->relu)) return CREMA_EUNSUPPORTED;
    call = calloc(1, sizeof *call);
    if (!call) return crema_no_memory(dev->ctx, "a kernel's call");
    call->base = (struct crema_call){
        .run = run, .bind = bind, .free = free_call, .info = "kernel"
    };
    call->kernel = k;
    if (k->scratch) call->base.scratch_bytes = k->scratch(op);
    if (op->type == &crema_op_pictures)
        crema_cuda_pictures_ports(dev, op, in, out);
    else if (k->ports)
        k->ports(op, in, out);
    else if (k->lead >= 0)
        crema_cuda_follow(op, k->lead, in, out);
    else
        crema_cuda_all_dense(op, in, out);
    op->call = &call->base;
    return CREMA_OK;
}

static enum crema_status join(struct crema_device *dev, int n,
                              struct crema_op *const ops[], int *joined)
{
    struct kernel_call *call = (struct kernel_call *)ops[0]->call;
    int count = 1;

    *joined = 1;
    if (ops[0]->type != &crema_op_update) return CREMA_OK;
    while (count < n && count < CREMA_JOINED &&
           crema_cuda_updates_join(ops[0], ops[count]))
        count++;
    if (count == 1) return CREMA_OK;
    call->joined = malloc((size_t)count * sizeof(struct crema_op *));
    if (!call->joined) return crema_no_memory(dev->ctx, "joined updates");
    memcpy(call->joined, ops, (size_t)count * sizeof(struct crema_op *));
    call->njoined = *joined = count;
    return CREMA_OK;
}

static bool fuses_relu(const struct crema_op *op)
{
    const struct cuda_kernel *k = find(op->type);

    return k && k->relu;
}

static bool fuses_others(const struct crema_op *op)
{
    return op->type == &crema_op_pool || op->type == &crema_op_pool_bwd ||
           op->type == &crema_op_unary_bwd;
}

const struct crema_backend crema_cuda_kernels = {
    .name = "kernels",
    .plan = plan,
    .join = join,
    .fuses_relu = fuses_relu,
    .fuses_others = fuses_others,
    .updates_copy = crema_cuda_updates_copy,
};
