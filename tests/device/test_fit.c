/* test_fit.c - a net that does not fit is refused before memory is taken, and
 * the batch_size that is named does fit. */
#include "support/suite.h"

#include "device/backend.h"
#include "device/program/passes.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t left;

static enum crema_status room(struct crema_device *dev, size_t *l, size_t *all)
{
    (void)dev;
    *l = left;
    *all = 64 << 20;
    return CREMA_OK;
}

static const struct crema_backend *const none[] = { NULL };
static const struct crema_device_type type = {
    .name = "small", .host = true, .backends = none, .room = room
};

static struct crema_ctx *ctx;

/* 3 x 32 x 32 numbers a picture; layer "wide" makes 40 x 32 x 32 of them. */
static enum crema_status try_batch(int64_t batch)
{
    const struct crema_conv conv = { 2,        { 1, 1 }, { 1, 1 },
                                     { 0, 0 }, { 1, 1 }, 1 };
    struct crema_device dev = { .type = &type, .ctx = ctx, .name = "tiny GPU" };
    struct crema_heap heap = { .dev = &dev };
    struct crema_param w = { .name = "w",
                             .shape = CREMA_SHAPE(40, 3, 1, 1),
                             .dev = &dev };
    struct crema_program *p;
    struct crema_tensor *x, *y;
    enum crema_status status;

    ck_assert_int_eq(crema_program_open(&dev, &heap, true, &p), CREMA_OK);
    x = crema_program_input(p, &CREMA_SHAPE(batch, 3, 32, 32), CREMA_F32);
    p->layer = "wide";
    y = crema_conv(p, &conv, x, crema_program_param(p, &w, true), NULL);
    p->layer = "narrow";
    y = crema_pooling(
        p, &(struct crema_pool){ .kernel = { 2, 2 }, .stride = { 2, 2 } }, y,
        NULL);
    crema_program_keep(y);
    crema_program_end(p, CREMA_FORWARD);
    status = crema_program_prepare(p);
    ck_assert(status == CREMA_OK || (!heap.data && !p->kept));
    crema_program_free(p);
    crema_heap_release(&heap);
    crema_param_release(&w);
    return status;
}

START_TEST(the_named_batch_fits)
{
    long long fits;

    ctx = crema_ctx_new(NULL, NULL);
    left = 8 << 20;
    ck_assert_int_eq(try_batch(100), CREMA_ENOMEM);
    ck_assert_msg(strstr(ctx->message, "tiny GPU has 8.4 of 67.1 MB left") &&
                      strstr(ctx->message, "layer \"wide\"") &&
                      strstr(ctx->message, "instead of 100"),
                  "%s", ctx->message);
    ck_assert_int_eq(sscanf(strstr(ctx->message, "batch_size of"),
                            "batch_size of %lld", &fits),
                     1);
    ck_assert_int_gt(fits, 1);
    ck_assert_int_eq(try_batch(fits), CREMA_OK);
    ck_assert_int_eq(try_batch(fits + fits / 8 + 2), CREMA_ENOMEM);
    left = 100000;
    ck_assert_int_eq(try_batch(100), CREMA_ENOMEM);
    ck_assert_ptr_nonnull(strstr(ctx->message, "no batch_size would fit"));
    crema_ctx_free(ctx);
}
END_TEST

/* 256 numbers a picture become 4096 by weights whose gradient, 4 MiB, is as
 * large however many pictures there are. */
static enum crema_status try_trained(int64_t batch)
{
    struct crema_device dev = { .type = &type, .ctx = ctx, .name = "tiny GPU" };
    struct crema_heap heap = { .dev = &dev };
    struct crema_param w = { .name = "w",
                             .shape = CREMA_SHAPE(4096, 256),
                             .dev = &dev };
    struct crema_program *p;
    struct crema_tensor *x, *t, *y;
    enum crema_status status;

    ck_assert_int_eq(crema_program_open(&dev, &heap, true, &p), CREMA_OK);
    x = crema_program_input(p, &CREMA_SHAPE(batch, 256), CREMA_F32);
    t = crema_program_param(p, &w, true);
    p->layer = "full";
    y = crema_inner_product(p, false, x, t, NULL);
    crema_program_end(p, CREMA_FORWARD);
    crema_program_seed(p, y, crema_fill(p, &y->shape, 1));
    ck_assert_int_eq(crema_program_differentiate(p), CREMA_OK);
    crema_program_keep(crema_reduce(p, CREMA_REDUCE_SQUARES, 1, 0, 2, t->grad));
    crema_program_end(p, CREMA_UPDATE);
    status = crema_program_prepare(p);
    crema_program_free(p);
    crema_heap_release(&heap);
    crema_param_release(&w);
    return status;
}

START_TEST(gradients_stay_as_large)
{
    long long fits;

    ctx = crema_ctx_new(NULL, NULL);
    left = 8 << 20;
    ck_assert_int_eq(try_trained(1000), CREMA_ENOMEM);
    ck_assert_int_eq(sscanf(strstr(ctx->message, "batch_size of"),
                            "batch_size of %lld", &fits),
                     1);
    ck_assert_int_gt(fits, 1);
    ck_assert_msg(try_trained(fits) == CREMA_OK, "%s", ctx->message);
    left = 4 << 20;
    ck_assert_int_eq(try_trained(1000), CREMA_ENOMEM);
    ck_assert_ptr_nonnull(strstr(ctx->message, "no batch_size would fit"));
    crema_ctx_free(ctx);
}
END_TEST

static enum crema_status full(struct crema_device *dev, size_t bytes,
                              void **out)
{
    *out = NULL;
    return crema_fail(dev->ctx, CREMA_ENOMEM, "%zu bytes are not free", bytes);
}

/* Weights that find no room are named. */
START_TEST(weights_are_named)
{
    static const struct crema_device_type crowded = { .name = "crowded",
                                                      .backends = none,
                                                      .alloc = full };
    const struct crema_shape s = CREMA_SHAPE(3, 5);
    const struct crema_layout l = crema_layout_dense(&s, CREMA_F32);
    struct crema_device dev = { .type = &crowded };
    struct crema_param w = { .name = "fc6[0]", .shape = s, .dev = &dev };

    dev.ctx = ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(crema_param_settle(&w, &l), CREMA_ENOMEM);
    ck_assert_str_eq(ctx->message, "weights \"fc6[0]\": 60 bytes are not free");
    ck_assert(!w.data && !w.settled);
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fit");
    TCase *t = tcase_create("memory");

    tcase_add_test(t, the_named_batch_fits);
    tcase_add_test(t, gradients_stay_as_large);
    tcase_add_test(t, weights_are_named);
    suite_add_tcase(s, t);
    return run_suite(s);
}
