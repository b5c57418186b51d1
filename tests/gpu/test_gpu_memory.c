/* test_gpu_memory.c - a GPU's memory: zero when fresh, copied in order, and
 * refused with a reason. */
#include "gpu/opened.h"

#include <string.h>

START_TEST(fresh_is_zero)
{
    enum { COUNT = 100003 };
    float *host = malloc(sizeof *host * COUNT);
    void *memory;

    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(crema_device_alloc(dev, 4 * COUNT, &memory), CREMA_OK);
        ck_assert_uint_eq((uintptr_t)memory % 256, 0);
        memset(host, 0xff, 4 * COUNT);
        ck_assert_int_eq(crema_device_download(dev, host, memory, 4 * COUNT),
                         CREMA_OK);
        for (int i = 0; i < COUNT; i++) ck_assert(host[i] == 0);
        memset(host, 0x5a, 4 * COUNT);
        ck_assert_int_eq(crema_device_upload(dev, memory, host, 4 * COUNT),
                         CREMA_OK);
        crema_device_release(dev, memory);
    }
    free(host);
}
END_TEST

/* The host's copy may be changed as soon as upload returns. */
START_TEST(uploads_are_in_order)
{
    enum { ROUNDS = 200 };
    uint32_t value, back;
    void *memory;

    ck_assert_int_eq(crema_device_alloc(dev, 4, &memory), CREMA_OK);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        value = i;
        ck_assert_int_eq(crema_device_upload(dev, memory, &value, 4), CREMA_OK);
        value = ~0u;
    }
    ck_assert_int_eq(crema_device_download(dev, &back, memory, 4), CREMA_OK);
    ck_assert_uint_eq(back, ROUNDS - 1);
    crema_device_release(dev, memory);
}
END_TEST

START_TEST(too_much_is_refused)
{
    void *memory = NULL;

    ck_assert_int_eq(crema_device_alloc(dev, (size_t)1 << 46, &memory),
                     CREMA_ENOMEM);
    ck_assert_ptr_null(memory);
    ck_assert_ptr_nonnull(strstr(ctx->message, "out of memory"));
    ck_assert_int_eq(crema_device_alloc(dev, 1 << 20, &memory), CREMA_OK);
    crema_device_release(dev, memory);
}
END_TEST

START_TEST(no_such_gpu)
{
    struct crema_device *other;

    ck_assert_int_ne(crema_device_open(ctx, "cuda:99", 0, &other), CREMA_OK);
    ck_assert_ptr_nonnull(strstr(ctx->message, "99"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memory of a GPU");
    TCase *tc = tcase_create("memory");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, fresh_is_zero);
    tcase_add_test(tc, uploads_are_in_order);
    tcase_add_test(tc, too_much_is_refused);
    tcase_add_test(tc, no_such_gpu);
    suite_add_tcase(s, tc);
    return gpu_main(s);
}
