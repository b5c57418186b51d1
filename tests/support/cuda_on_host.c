/* cuda_on_host.c - the CUDA device without CUDA: its stream is time itself,
 * and ref stands in for the libraries. */
#include "support/cuda_on_host.h"

#include "device/cuda/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 4096 };

cudaStream_t crema_cuda_stream(const struct crema_device *dev)
{
    (void)dev;
    return NULL;
}

enum crema_status crema_cuda_launch_failed(struct crema_device *dev,
                                           const struct crema_op *op, int error)
{
    return crema_fail(dev->ctx, CREMA_EDEVICE, "%s: error %d", op->type->name,
                      error);
}

/* ---- in the libraries' place --------------------------------------------- */

static bool channels_last(const struct crema_device *dev)
{
    return strstr(dev->name, "last") != NULL;
}

/* A dense copy of t, with its values where it is read. */
static bool dense_copy(const struct crema_tensor *t, bool read,
                       struct crema_tensor *out)
{
    int64_t count = crema_shape_count(&t->shape);

    *out = *t;
    out->layout = crema_layout_dense(&t->shape, CREMA_F32);
    out->data = calloc((size_t)count + 1, sizeof(float));
    if (out->data && read)
        crema_layout_unpack(&t->layout, t->data, 0, count, out->data);
    return out->data != NULL;
}

static void relu(struct crema_tensor *t)
{
    float *y = t->data;

    for (int64_t i = 0; i < crema_shape_count(&t->shape); i++)
        y[i] = y[i] > 0 ? y[i] : 0;
}

/* ref over dense copies; what it wrote goes back. */
static enum crema_status run_library(struct crema_call *call,
                                     struct crema_op *op)
{
    struct crema_tensor room[5], *ports[5] = { NULL };
    struct crema_op shadow = *op;
    enum crema_status status = CREMA_OK;

    shadow.in = ports;
    shadow.out = ports + op->nin;
    for (int i = 0; i < op->nin + op->nout; i++) {
        bool read = i < op->nin;
        const struct crema_tensor *t = read ? op->in[i] : op->out[i - op->nin];

        if (!t) continue;
        ports[i] = &room[i];
        if (!dense_copy(t, read, &room[i]))
            status = crema_no_memory(call->dev->ctx, "a copy");
    }
    if (!status) status = op->type->ref(call->dev->ctx, &shadow);
    if (!status && op->relu) relu(shadow.out[0]);
    for (int i = 0; i < op->nout && !status; i++)
        if (op->out[i])
            crema_layout_pack(&op->out[i]->layout, op->out[i]->data, 0,
                              crema_shape_count(&op->out[i]->shape),
                              shadow.out[i]->data);
    for (int i = 0; i < op->nin + op->nout; i++)
        if (ports[i]) free(ports[i]->data);
    return status;
}

static void free_library(struct crema_call *call)
{
    free(call);
}

static bool is_conv(const struct crema_op *op)
{
    return strncmp(op->type->name, "conv", 4) == 0 && op->type->flops;
}

static struct crema_layout library_layout(const struct crema_device *dev,
                                          const struct crema_op *op,
                                          const struct crema_tensor *t)
{
    return is_conv(op) && channels_last(dev) && t->shape.ndims > 2
               ? crema_layout_channels_last(&t->shape, CREMA_F32)
               : crema_layout_dense(&t->shape, CREMA_F32);
}

static enum crema_status plan_library(struct crema_device *dev,
                                      struct crema_op *op,
                                      struct crema_port in[],
                                      struct crema_port out[])
{
    if (!is_conv(op) && strncmp(op->type->name, "inner", 5))
        return CREMA_EUNSUPPORTED;
    op->call = calloc(1, sizeof *op->call);
    if (!op->call) return crema_no_memory(dev->ctx, "a call");
    op->call->run = run_library;
    op->call->free = free_library;
    for (int i = 0; i < op->nin; i++)
        if (op->in[i]) in[i].want = library_layout(dev, op, op->in[i]);
    for (int i = 0; i < op->nout; i++)
        if (op->out[i]) out[i].want = library_layout(dev, op, op->out[i]);
    return CREMA_OK;
}

static bool fuses_relu(const struct crema_op *op)
{
    return op->type->flops != NULL;
}

static const struct crema_backend libraries = {
    .name = "in the libraries' place",
    .plan = plan_library,
    .fuses_relu = fuses_relu,
};

/* ---- memory: the host's, which nobody is told ---------------------------- */

static enum crema_status alloc_memory(struct crema_device *dev, size_t bytes,
                                      void **out)
{
    size_t whole = (bytes + ALIGN) / ALIGN * ALIGN;

    *out = aligned_alloc(ALIGN, whole);
    if (!*out) return crema_no_memory(dev->ctx, "device memory");
    memset(*out, 0, whole);
    return CREMA_OK;
}

static void free_memory(struct crema_device *dev, void *memory)
{
    (void)dev;
    free(memory);
}

static enum crema_status copy(struct crema_device *dev, void *to,
                              const void *from, size_t bytes)
{
    (void)dev;
    memcpy(to, from, bytes);
    return CREMA_OK;
}

static enum crema_status clear_memory(struct crema_device *dev, void *memory,
                                      size_t bytes)
{
    (void)dev;
    memset(memory, 0, bytes);
    return CREMA_OK;
}

static const struct crema_backend *const backends[] = { &libraries,
                                                        &crema_cuda_kernels,
                                                        NULL };

static const struct crema_device_type cuda_on_host = {
    .name = CUDA_ON_HOST,
    .backends = backends,
    .alloc = alloc_memory,
    .free = free_memory,
    .upload = copy,
    .download = copy,
    .clear = clear_memory,
};

enum crema_status cuda_on_host_open(struct crema_ctx *ctx, const char *name,
                                    struct crema_device **out)
{
    struct crema_device *dev = calloc(1, sizeof *dev);

    if (!dev) return crema_no_memory(ctx, "a device");
    dev->type = &cuda_on_host;
    dev->ctx = ctx;
    snprintf(dev->name, sizeof dev->name, "%s", name);
    *out = dev;
    return CREMA_OK;
}

/* ---- the device's own code, as it is ------------------------------------- */

#include "device/cuda/elementwise.c"
#include "device/cuda/kernels.c"
#include "device/cuda/layers.c"
#include "device/cuda/learning.c"
#include "device/cuda/ports.c"
