/* sides.c - what the convolutions of our own begin with: the sides of their
 * tensors, and a call with scratch memory. */
#include "device/cpu/conv/conv.h"

#include <stdlib.h>
#include <string.h>

struct crema_cpu_sides crema_cpu_sides(const struct crema_conv *c,
                                       const struct crema_shape *x,
                                       const struct crema_shape *w,
                                       const struct crema_shape *y)
{
    return (struct crema_cpu_sides){
        .n = x->dim[0],
        .c = x->dim[1],
        .xh = x->dim[2],
        .xw = x->dim[3],
        .k = y->dim[1],
        .yh = y->dim[2],
        .yw = y->dim[3],
        .kh = w->dim[2],
        .kw = w->dim[3],
        .stride_h = c->stride[0],
        .stride_w = c->stride[1],
        .pad_h = c->pad[0],
        .pad_w = c->pad[1],
    };
}

static enum crema_status bind(struct crema_call *call, struct crema_op *op,
                              void *scratch)
{
    (void)op;
    ((struct crema_cpu_conv_call *)call)->scratch = scratch;
    return CREMA_OK;
}

static void free_call(struct crema_call *call)
{
    free(call);
}

enum crema_status crema_cpu_conv_leave(struct crema_device *dev,
                                       struct crema_op *op,
                                       const struct crema_cpu_conv_call *call,
                                       size_t size)
{
    struct crema_cpu_conv_call *c = malloc(size);

    if (!c) return crema_no_memory(dev->ctx, op->type->name);
    memcpy(c, call, size);
    c->base.bind = bind;
    c->base.free = free_call;
    c->base.info = CREMA_CPU_OWN;
    c->base.dev = dev;
    op->call = &c->base;
    return CREMA_OK;
}
