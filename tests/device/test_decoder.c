/* test_decoder.c - who decodes JPEGs, as the user and the device say, and what
 * keeps a library from it; with a stand-in for nvJPEG. */
#include "device/device.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAND_IN BUILD_DIR "/libnvjpeg_stand_in.so"
#define OK(call) ck_assert_msg((call) == CREMA_OK, "%s", crema_ctx_message(ctx))

static struct crema_ctx *ctx;
static char said[4096];

static void listen(void *user, enum crema_log_level level, const char *line)
{
    size_t used = strlen(said);

    (void)user;
    (void)level;
    snprintf(said + used, sizeof said - used, "%s\n", line);
}

static void setup(void)
{
    ctx = crema_ctx_new(listen, NULL);
    said[0] = '\0';
    setenv("CREMA_NVJPEG", STAND_IN, 1);
    unsetenv("NVJPEG_STAND_IN");
}

static void teardown(void)
{
    crema_ctx_free(ctx);
}

static struct crema_device *open_device(void)
{
    struct crema_device *dev;

    OK(cuda_on_host_open(ctx, CUDA_ON_HOST, &dev));
    return dev;
}

START_TEST(choices)
{
    struct crema_device *dev = open_device();

    ck_assert_ptr_null(crema_device_decoder(dev, true)); /* nobody asked */
    OK(crema_device_decode(dev, "cpu"));
    ck_assert_ptr_null(crema_device_decoder(dev, true));
    ck_assert_str_eq(said, "");
    OK(crema_device_decode(dev, "auto"));
    ck_assert_ptr_null(crema_device_decoder(dev, false)); /* is measured */
    ck_assert_str_eq(crema_device_decoder(dev, true),
                     "nvJPEG 13.99, the GPU's cores");
    ck_assert_ptr_nonnull(crema_device_decoder(dev, true));
    ck_assert_str_eq(
        said, "JPEG records: decoded by nvJPEG 13.99, the GPU's cores\n");
    crema_device_be_deterministic(dev);
    ck_assert_ptr_null(crema_device_decoder(dev, true));
    OK(crema_device_decode(dev, "gpu"));
    ck_assert_ptr_nonnull(crema_device_decoder(dev, false));
    ck_assert_int_eq(crema_device_decode(dev, "tpu"), CREMA_EINVAL);
    crema_device_free(dev);
}
END_TEST

/* What keeps the library from being used, and how it is said. */
static const struct {
    const char *library, *mode, *why;
} lacks[] = {
    { "/nowhere/libnvjpeg.so", "", "CREMA_NVJPEG: /nowhere/libnvjpeg.so" },
    { BUILD_DIR "/my_layers.so", "", "nvJPEG lacks nvjpegGetProperty" },
    { STAND_IN, "asleep", "nvJPEG does not start: the GPU is another (7)" },
    { STAND_IN, "rgb", "nvJPEG makes another picture of a known one" },
};
enum { LACKS = sizeof lacks / sizeof *lacks };

START_TEST(unusable_libraries)
{
    struct crema_device *dev = open_device();

    setenv("CREMA_NVJPEG", lacks[_i].library, 1);
    setenv("NVJPEG_STAND_IN", lacks[_i].mode, 1);
    OK(crema_device_decode(dev, "auto"));
    ck_assert_ptr_null(crema_device_decoder(dev, true));
    ck_assert_ptr_null(crema_device_decoder(dev, true));
    ck_assert_msg(strstr(said, "decoded by the processor: ") &&
                      strstr(said, lacks[_i].why),
                  "%s", said);
    ck_assert_int_eq(crema_device_decode(dev, "gpu"), CREMA_EUNSUPPORTED);
    ck_assert_msg(strstr(ctx->message, lacks[_i].why) != NULL, "%s",
                  ctx->message);
    crema_device_free(dev);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("decoder");
    TCase *t = tcase_create("nvJPEG");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, choices);
    tcase_add_loop_test(t, unusable_libraries, 0, LACKS);
    suite_add_tcase(s, t);
    return run_suite(s);
}
