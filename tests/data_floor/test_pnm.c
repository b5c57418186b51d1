/* test_pnm.c - PBM, PGM and PPM pictures: OpenCV 4.6's pixels, and refusals. */
#include "data/image.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct crema_ctx *ctx;

static void setup(void)
{
    ctx = crema_ctx_new(NULL, NULL);
}

static void teardown(void)
{
    crema_ctx_free(ctx);
}

static void check_pixels(const char *file, size_t length,
                         enum crema_image_mode mode, int channels,
                         const uint8_t *want, size_t n)
{
    struct crema_image image = { 0 };
    enum crema_status status =
        crema_image_decode(ctx, "picture", file, length, mode, &image);

    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(ctx));
    ck_assert_int_eq(image.channels, channels);
    ck_assert_uint_eq(
        (size_t)image.height * (size_t)image.width * (size_t)image.channels, n);
    ck_assert_mem_eq(image.pixels, want, n);
    crema_image_free(&image);
}

/* A string's bytes, which may be 0, without the one behind them. */
#define FILE_OF(text) text, sizeof(text) - 1

static const struct {
    const char *file;
    size_t length;
    uint8_t grey[5];
    size_t pixels;
    uint8_t colour[6]; /* of the first two pixels */
} table[] = {
    { FILE_OF("P6\n2 1\n255\n\xc8\x64\x32\x0a\x5a\xfa"),
      { 124, 84 },
      2,
      { 50, 100, 200, 250, 90, 10 } },
    { FILE_OF("P6 2 1 100 \x64\x32\x14\x0a\x5a\x00"), /* not spread */
      { 62, 56 },
      2,
      { 20, 50, 100, 0, 90, 10 } },
    { FILE_OF("P5\n# 7 8\n2 # x\n1\n15\n\x00\x07"),
      { 0, 7 },
      2,
      { 0, 0, 0, 7, 7, 7 } },
    { FILE_OF("P5 2 1 1000\n\x01\x02\x03\xe8"),
      { 1, 3 },
      2,
      { 1, 1, 1, 3, 3, 3 } },
    { FILE_OF("P5\r\n2 1\r\n255\r\n\x0a\xc8"), /* one byte behind the number */
      { 10, 10 },
      2,
      { 10, 10, 10, 10, 10, 10 } },
    { FILE_OF("P2\n3 1\n7\n1 9 3"),
      { 36, 255, 109 },
      3,
      { 36, 36, 36, 255, 255, 255 } },
    { FILE_OF("P3 2 1 255 1 200 30 0 0 300\n"),
      { 121, 29 },
      2,
      { 30, 200, 1, 255, 0, 0 } },
    { FILE_OF("P1\n5 1\n101 10\n"),
      { 0, 255, 0, 0, 255 },
      5,
      { 0, 0, 0, 255, 255, 255 } },
    { FILE_OF("P4\n5 1\n\xb0"),
      { 0, 255, 0, 0, 255 },
      5,
      { 0, 0, 0, 255, 255, 255 } },
};

START_TEST(pixels)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct crema_image_size size;
        struct crema_image image = { 0 };

        ck_assert(crema_image_header(table[i].file, table[i].length, &size));
        ck_assert_int_eq(size.height, 1);
        ck_assert_uint_eq((size_t)size.width, table[i].pixels);
        check_pixels(table[i].file, table[i].length, CREMA_IMAGE_GRAY, 1,
                     table[i].grey, table[i].pixels);
        ck_assert_int_eq(crema_image_decode(ctx, "picture", table[i].file,
                                            table[i].length, CREMA_IMAGE_COLOR,
                                            &image),
                         CREMA_OK);
        ck_assert_mem_eq(image.pixels, table[i].colour, 6);
        crema_image_free(&image);
    }
    check_pixels(FILE_OF("P5 1 1 255 x"), CREMA_IMAGE_UNCHANGED, 1,
                 (const uint8_t *)"x", 1);
    check_pixels(FILE_OF("P6 1 1 255 xyz"), CREMA_IMAGE_UNCHANGED, 3,
                 (const uint8_t *)"zyx", 3);
}
END_TEST

START_TEST(refusals)
{
    static const struct {
        const char *file;
        size_t length;
        const char *why;
    } bad[] = {
        { FILE_OF("P5 2 2 255 abc"), "cut short" },
        { FILE_OF("P6 1 1 65535 abcde"), "cut short" },
        { FILE_OF("P4 9 2 abc"), "cut short" },
        { FILE_OF("P2 2 2 255 1 2 3"), "cut short" },
        { FILE_OF("P2 2 1 255 1 x"), "damaged" },
        { FILE_OF("P5 2 1 0 ab"), "header" },
        { FILE_OF("P5 2 1 65536 abcd"), "header" },
        { FILE_OF("P5 0 1 255 ab"), "header" },
        { FILE_OF("P5 2"), "header" },
        { FILE_OF("P5 99999999999 1 255 ab"), "header" },
        { FILE_OF("P5 2000000000 2000000000 255 ab"), "cut short" },
        { FILE_OF("P5 -2 1 255 ab"), "header" },
        { FILE_OF("P7 2 1 255 ab"), "not a JPEG" },
    };
    struct crema_image image = { 0 };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(crema_image_decode(ctx, "picture", bad[i].file,
                                            bad[i].length, CREMA_IMAGE_COLOR,
                                            &image),
                         CREMA_EINVAL);
        ck_assert_msg(strstr(crema_ctx_message(ctx), bad[i].why) != NULL, "%s",
                      crema_ctx_message(ctx));
    }
    ck_assert_int_eq(crema_image_decode(ctx, "picture",
                                        FILE_OF("P5 1 1 999 ab"),
                                        CREMA_IMAGE_UNCHANGED, &image),
                     CREMA_EUNSUPPORTED);
    crema_image_free(&image);
}
END_TEST

START_TEST(written_and_read)
{
    uint8_t values[] = {
        1, 2, 3, 4, 5, 6, 250, 251, 252, 0, 10, 13, 32, 35, 9
    };
    struct crema_image image = { .height = 1, .width = 5, .channels = 3 };
    uint8_t *bytes;
    size_t length;

    image.pixels = values;
    for (; image.channels > 0; image.channels -= 2) {
        ck_assert_int_eq(crema_image_encode(ctx, &image,
                                            crema_image_format_named(".PPM"),
                                            &bytes, &length),
                         CREMA_OK);
        check_pixels((const char *)bytes, length, CREMA_IMAGE_UNCHANGED,
                     image.channels, values, 5 * (size_t)image.channels);
        free(bytes);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pnm");
    TCase *t = tcase_create("pnm");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, pixels);
    tcase_add_test(t, refusals);
    tcase_add_test(t, written_and_read);
    suite_add_tcase(s, t);
    return run_suite(s);
}
