/* test_module.c - devices by name: without a GPU "cuda" says why, "auto" does
 * without. */
#include "device/backend.h"
#include "device/module.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct crema_ctx *ctx;

static void begin(void)
{
    ctx = calloc(1, sizeof *ctx);
    ck_assert_ptr_nonnull(ctx);
}

static void end(void)
{
    free(ctx);
}

static int gpus(void)
{
    const char *why;

    return crema_module_count(&why);
}

START_TEST(auto_always_opens)
{
    struct crema_device *dev;

    ck_assert_int_eq(crema_device_open(ctx, "auto", 1, &dev), CREMA_OK);
    ck_assert_str_eq(ctx->message, "");
    if (gpus() == 0) ck_assert_str_eq(crema_device_kind(dev), "cpu");
    crema_device_free(dev);
}
END_TEST

/* One line that names the reason. */
START_TEST(cuda_says_why)
{
    struct crema_device *dev;
    enum crema_status status = crema_device_open(ctx, "cuda", 1, &dev);

    if (status == CREMA_OK) {
        crema_device_free(dev);
        return;
    }
    ck_assert_ptr_null(strchr(ctx->message, '\n'));
    ck_assert_uint_gt(strlen(ctx->message), 10);
    if (gpus() == 0) {
        ck_assert_int_eq(status, CREMA_EUNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(ctx->message, "driver"));
    }
}
END_TEST

START_TEST(unknown_names)
{
    static const char *const names[] = { "gpu",     "cuda:",   "cuda:x",
                                         "cuda:-1", "cuda:0x", "" };
    struct crema_device *dev;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_int_eq(crema_device_open(ctx, names[i], 1, &dev),
                         CREMA_EINVAL);
}
END_TEST

START_TEST(beyond_the_last_gpu)
{
    struct crema_device *dev;

    ck_assert_int_eq(crema_device_open(ctx, "cuda:1023", 1, &dev),
                     CREMA_EUNSUPPORTED);
    ck_assert_ptr_null(strchr(ctx->message, '\n'));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("devices by name");
    TCase *tc = tcase_create("names");

    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, auto_always_opens);
    tcase_add_test(tc, cuda_says_why);
    tcase_add_test(tc, unknown_names);
    tcase_add_test(tc, beyond_the_last_gpu);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
