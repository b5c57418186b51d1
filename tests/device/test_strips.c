/* test_strips.c - weights that do not lie as they are written, in strips: every
 * value arrives, and no strip moves much more than it holds. */
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* In bf16 with the channels innermost, C is padded to 8 in memory. */
enum { N = 1, C = 3, K = 50, R = 3, SIDE = 5, COUNT = K * C * R * R };

/* Bytes that went to the device or came from it. */
static size_t moved;

static enum crema_status move(struct crema_device *dev, void *to,
                              const void *from, size_t bytes)
{
    (void)dev;
    moved += bytes;
    memcpy(to, from, bytes);
    return CREMA_OK;
}

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_device_type type; /* the device's own, but for who moves */
    struct crema_heap heap;
    struct crema_param w;
    struct crema_program *p;
};

static void start(struct trial *t)
{
    const struct crema_conv conv = { 2,        { R, R }, { 1, 1 },
                                     { 1, 1 }, { 1, 1 }, 1 };
    struct crema_tensor *x;

    memset(t, 0, sizeof *t);
    t->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_int_eq(cuda_on_host_open(t->ctx, CUDA_ON_HOST_LAST, &t->dev),
                     CREMA_OK);
    ck_assert_int_eq(crema_device_set_math(t->dev, "bf16"), CREMA_OK);
    t->type = *t->dev->type;
    t->type.upload = move;
    t->type.download = move;
    t->dev->type = &t->type;
    t->heap.dev = t->dev;
    t->w = (struct crema_param){ .name = "w",
                                 .shape = CREMA_SHAPE(K, C, R, R),
                                 .dev = t->dev };
    ck_assert_int_eq(crema_program_open(t->dev, &t->heap, true, &t->p),
                     CREMA_OK);
    t->p->storage = t->dev->storage;
    x = crema_program_input(t->p, &CREMA_SHAPE(N, C, SIDE, SIDE), CREMA_F32);
    crema_program_keep(crema_conv(
        t->p, &conv, x, crema_program_param(t->p, &t->w, false), NULL));
    crema_program_end(t->p, CREMA_UPDATE);
    ck_assert_int_eq(crema_program_prepare(t->p), CREMA_OK);
    ck_assert(crema_layout_is_padded(&t->w.layout));
}

static void end(struct trial *t)
{
    crema_program_free(t->p);
    crema_param_release(&t->w);
    crema_heap_release(&t->heap);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

/* Written in strips of one size, read in strips of another. */
START_TEST(any_strips)
{
    static const int64_t sizes[] = { 1, 7, 27, 100, 1000, COUNT };
    float wanted[COUNT], got[COUNT];
    struct trial t;

    start(&t);
    for (int64_t i = 0; i < COUNT; i++) wanted[i] = (float)(i + 1);
    for (int64_t i = 0, n; i < COUNT; i += n) {
        n = COUNT - i < sizes[_i] ? COUNT - i : sizes[_i];
        ck_assert_int_eq(crema_param_write(&t.w, i, n, wanted + i), CREMA_OK);
    }
    for (int64_t i = 0, n; i < COUNT; i += n) {
        n = COUNT - i < sizes[5 - _i] ? COUNT - i : sizes[5 - _i];
        ck_assert_int_eq(crema_param_read(&t.w, i, n, got + i), CREMA_OK);
    }
    ck_assert_mem_eq(wanted, got, sizeof got);
    end(&t);
}
END_TEST

/* Beside the rows that it fills a strip has two in part. */
START_TEST(only_what_is_asked_for_moves)
{
    enum { STRIP = 5 * C * R * R + 1, STRIPS = (COUNT + STRIP - 1) / STRIP };
    struct trial t;
    float v[STRIP];

    start(&t);
    moved = 0;
    for (int64_t i = 0; i < COUNT; i += STRIP)
        ck_assert_int_eq(
            crema_param_read(&t.w, i, COUNT - i < STRIP ? COUNT - i : STRIP, v),
            CREMA_OK);
    ck_assert_uint_ge(moved, t.w.layout.bytes);
    ck_assert_uint_le(moved,
                      t.w.layout.bytes + 2 * STRIPS * t.w.layout.bytes / K);
    end(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("strips of weights");
    TCase *t = tcase_create("strips");

    tcase_add_loop_test(t, any_strips, 0, 6);
    tcase_add_test(t, only_what_is_asked_for_moves);
    suite_add_tcase(s, t);
    return run_suite(s);
}
