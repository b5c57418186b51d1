/* opened.h - the GPU that a test runs on. */
#ifndef TESTS_GPU_OPENED_H
#define TESTS_GPU_OPENED_H

#include "gpu/gpu.h"

#include "device/backend.h"

static struct crema_ctx *ctx;
static struct crema_device *dev;
static struct crema_heap heap;

static inline void ok(enum crema_status status)
{
    ck_assert_msg(status == CREMA_OK, "%s", ctx->message);
}

static inline void setup(void)
{
    ctx = calloc(1, sizeof *ctx);
    ck_assert_ptr_nonnull(ctx);
    ok(crema_device_open(ctx, "cuda", 0, &dev));
    heap = (struct crema_heap){ .dev = dev };
}

static inline void teardown(void)
{
    crema_heap_release(&heap);
    crema_device_free(dev);
    free(ctx);
}

#endif
