/* test_image.c - pictures to the bit as OpenCV gives them to Caffe.
 *
 * The folders plain, gray and resize of tests/data/images hold what the
 * original convert_imageset stored for each line of list.txt, [c][h][w].
 */
#include "data/codec.h"
#include "data/list.h"
#include "data_floor/pictures.h"

#include "base/file.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#define IMAGES TEST_DATA "/images/"

/* --- against the original --- */

/* Bytes of a .npy file, whose header tells where they begin. */
static char *load_npy(const char *path, const uint8_t **bytes, size_t *count)
{
    size_t length, head;
    char *data;

    OK(crema_file_read(ctx, path, &data, &length));
    head = 10 + (size_t)(uint8_t)data[8] + 256 * (size_t)(uint8_t)data[9];
    *bytes = (const uint8_t *)data + head;
    *count = length - head;
    return data;
}

static void compare(const struct crema_image *image, const char *folder,
                    size_t line)
{
    size_t area = (size_t)image->height * (size_t)image->width;
    size_t channels = (size_t)image->channels, count;
    char path[512];
    const uint8_t *want;
    char *npy;

    snprintf(path, sizeof path, IMAGES "%s/%02zu.npy", folder, line);
    npy = load_npy(path, &want, &count);
    ck_assert_uint_eq(count, area * channels);
    for (size_t i = 0; i < area; i++)
        for (size_t c = 0; c < channels; c++)
            ck_assert_msg(want[c * area + i] == image->pixels[i * channels + c],
                          "%s: pixel %zu, channel %zu: %d, expected %d", path,
                          i, c, image->pixels[i * channels + c],
                          want[c * area + i]);
    free(npy);
}

START_TEST(same_as_the_original)
{
    struct crema_image image = { 0 }, small = { 0 };
    struct crema_list list;

    OK(crema_list_read(ctx, IMAGES "list.txt", &list));
    ck_assert_uint_eq(list.count, 16);
    for (size_t i = 0; i < list.count; i++) {
        char path[512];

        snprintf(path, sizeof path, IMAGES "img/%s", list.items[i].name);
        OK(crema_image_read(ctx, path, CREMA_IMAGE_COLOR, &image));
        compare(&image, "plain", i);
        OK(crema_image_resize(ctx, &image, 24, 20, &small));
        compare(&small, "resize", i);
        OK(crema_image_read(ctx, path, CREMA_IMAGE_GRAY, &image));
        compare(&image, "gray", i);
    }
    crema_list_free(&list);
    crema_image_free(&image);
    crema_image_free(&small);
}
END_TEST

static const struct {
    const char *name;
    int channels; /* unchanged; 0: refused */
} unchanged[] = {
    { "a_444.jpg", 3 },   { "d_gray.jpg", 1 },  { "sub/f_rgb.png", 3 },
    { "g_gray.png", 1 },  { "h_rgba.png", 4 },  { "k_la.png", 4 },
    { "l_1bit.png", 1 },  { "o_16bit.png", 0 }, { "p_rgb.bmp", 3 },
    { "m_exif6.jpg", 3 },
};

START_TEST(unchanged_keeps_channels_and_turn)
{
    struct crema_image image = { 0 }, turned = { 0 };
    char path[512];

    snprintf(path, sizeof path, IMAGES "img/%s", unchanged[_i].name);
    if (unchanged[_i].channels == 0) {
        ck_assert_int_eq(
            crema_image_read(ctx, path, CREMA_IMAGE_UNCHANGED, &image),
            CREMA_EUNSUPPORTED);
    } else {
        OK(crema_image_read(ctx, path, CREMA_IMAGE_UNCHANGED, &image));
        ck_assert_int_eq(image.channels, unchanged[_i].channels);
        OK(crema_image_read(ctx, path, CREMA_IMAGE_COLOR, &turned));
        ck_assert_int_eq(image.height != turned.height,
                         strstr(path, "exif6") != NULL);
    }
    crema_image_free(&image);
    crema_image_free(&turned);
}
END_TEST

/* --- turning --- */

/*  0 1 2     what each orientation makes of it */
/*  3 4 5 */
static const struct {
    int width;
    uint8_t pixels[6];
} turned[9] = {
    { 3, { 0, 1, 2, 3, 4, 5 } }, { 3, { 0, 1, 2, 3, 4, 5 } },
    { 3, { 2, 1, 0, 5, 4, 3 } }, { 3, { 5, 4, 3, 2, 1, 0 } },
    { 3, { 3, 4, 5, 0, 1, 2 } }, { 2, { 0, 3, 1, 4, 2, 5 } },
    { 2, { 3, 0, 4, 1, 5, 2 } }, { 2, { 5, 2, 4, 1, 3, 0 } },
    { 2, { 2, 5, 1, 4, 0, 3 } },
};

START_TEST(orientations)
{
    struct crema_image image = { 0 };

    OK(crema_image_reserve(ctx, "turn", 2, 3, 1, &image));
    for (int i = 0; i < 6; i++) image.pixels[i] = (uint8_t)i;
    OK(crema_image_turn(ctx, "turn", _i, &image));
    ck_assert_int_eq(image.width, turned[_i].width);
    ck_assert_mem_eq(image.pixels, turned[_i].pixels, 6);
    crema_image_free(&image);
}
END_TEST

START_TEST(orientation_in_exif)
{
    static const uint8_t big[] = { 'M',  'M', 0, 42, 0, 0, 0, 8, 0, 1, 1,
                                   0x12, 0,   3, 0,  0, 0, 1, 0, 6, 0, 0 };
    static const uint8_t little[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12,
                                      1,   3,   0,  1, 0, 0, 0, 8, 0, 0, 0 };

    ck_assert_int_eq(crema_exif_orientation(big, sizeof big), 6);
    ck_assert_int_eq(crema_exif_orientation(little, sizeof little), 8);
    for (size_t n = 0; n < sizeof big; n++)
        ck_assert_int_eq(crema_exif_orientation(big, n), 1);
}
END_TEST

/* --- bad input --- */

START_TEST(cut_files)
{
    static const char *const names[] = { "sub/f_rgb.png", "p_rgb.bmp",
                                         "a_444.jpg", "l_1bit.png" };
    struct crema_image image = { 0 };
    char path[512], *bytes;
    size_t length;

    snprintf(path, sizeof path, IMAGES "img/%s", names[_i]);
    OK(crema_file_read(ctx, path, &bytes, &length));
    for (size_t n = 0; n < length; n += n < 64 ? 1 : 7) {
        char *exact = malloc(n ? n : 1); /* the sanitizer sees its end */
        enum crema_status status;

        memcpy(exact, bytes, n);
        status =
            crema_image_decode(ctx, "cut", exact, n, CREMA_IMAGE_COLOR, &image);
        if (strstr(path, ".jpg") == NULL)
            ck_assert_msg(status == CREMA_EINVAL, "%s cut at %zu", path, n);
        if (status != CREMA_OK)
            ck_assert_msg(strncmp(ctx->message, "cut: ", 5) == 0, "%s",
                          ctx->message);
        free(exact);
    }
    free(bytes);
    crema_image_free(&image);
}
END_TEST

/* A JPEG cut in its data still is a picture, as OpenCV has it. */
START_TEST(cut_jpeg_is_filled_in)
{
    struct crema_image image = { 0 }, whole = { 0 };
    char *bytes;
    size_t length;

    OK(crema_file_read(ctx, IMAGES "img/j_q20.jpg", &bytes, &length));
    OK(crema_image_decode(ctx, "cut", bytes, length - 60, CREMA_IMAGE_COLOR,
                          &image));
    OK(crema_image_decode(ctx, "whole", bytes, length, CREMA_IMAGE_COLOR,
                          &whole));
    ck_assert_int_eq(image.height, whole.height);
    ck_assert_mem_eq(image.pixels, whole.pixels, (size_t)whole.width * 3);
    free(bytes);
    crema_image_free(&image);
    crema_image_free(&whole);
}
END_TEST

/* A whole picture is not damaged, one cut in its data is, one turned, too. */
START_TEST(damage_is_noted)
{
    struct crema_image image = { 0 };
    size_t length;
    char *bytes;

    OK(crema_file_read(ctx, IMAGES "img/m_exif6.jpg", &bytes, &length));
    OK(crema_image_decode(ctx, "cut", bytes, length - 20, CREMA_IMAGE_COLOR,
                          &image));
    ck_assert(image.damaged);
    OK(crema_image_decode(ctx, "whole", bytes, length, CREMA_IMAGE_COLOR,
                          &image));
    ck_assert(!image.damaged);
    crema_image_free(&image);
    free(bytes);
}
END_TEST

/* Four inks as stored, 255 is none: light less the ink, times what black lets
 * by. */
START_TEST(four_inks)
{
    enum { SIDE = 16 };
    static const uint8_t ink[4] = { 200, 100, 50, 220 };
    static const int want[3] = { 44, 87, 173 }; /* B, G, R */
    struct crema_image image = { 0 };
    uint8_t cmyk[SIDE * SIDE * 4], *made = NULL;
    unsigned long size = 0;
    tjhandle jpeg = tjInitCompress();

    for (size_t i = 0; i < sizeof cmyk; i++) cmyk[i] = ink[i % 4];
    ck_assert_int_eq(tjCompress2(jpeg, cmyk, SIDE, 0, SIDE, TJPF_CMYK, &made,
                                 &size, TJSAMP_444, 100, TJFLAG_ACCURATEDCT),
                     0);
    OK(crema_image_decode(ctx, "inks", made, size, CREMA_IMAGE_COLOR, &image));
    ck_assert_int_eq(image.channels, 3);
    for (int c = 0; c < 3; c++)
        ck_assert_int_le(abs(image.pixels[c] - want[c]), 3);
    OK(crema_image_decode(ctx, "inks", made, size, CREMA_IMAGE_GRAY, &image));
    ck_assert_int_eq(image.channels, 1);
    ck_assert_int_le(abs(image.pixels[0] - 108), 4);
    crema_image_free(&image);
    tjFree(made);
    tjDestroy(jpeg);
}
END_TEST

/* What a header says is what decoding gives. */
START_TEST(headers_tell_sizes)
{
    struct crema_image image = { 0 };
    struct crema_list list;

    OK(crema_list_read(ctx, IMAGES "list.txt", &list));
    for (size_t i = 0; i < list.count; i++) {
        struct crema_image_size size;
        char path[512], *bytes;
        size_t length;

        snprintf(path, sizeof path, IMAGES "img/%s", list.items[i].name);
        OK(crema_file_read(ctx, path, &bytes, &length));
        ck_assert(!crema_image_header(bytes, 12, &size));
        ck_assert_msg(crema_image_header(bytes, length, &size), "%s", path);
        if (crema_image_decode(ctx, path, bytes, length, CREMA_IMAGE_UNCHANGED,
                               &image) == CREMA_OK) {
            ck_assert_int_eq(size.height, image.height);
            ck_assert_int_eq(size.width, image.width);
        }
        free(bytes);
    }
    crema_image_free(&image);
    crema_list_free(&list);
}
END_TEST

START_TEST(huge_is_refused)
{
    struct crema_image image = { 0 };
    char *bytes;
    size_t length;

    OK(crema_file_read(ctx, IMAGES "img/p_rgb.bmp", &bytes, &length));
    bytes[18] = bytes[19] = bytes[20] = bytes[21] = 0x7f;
    ck_assert_int_eq(crema_image_decode(ctx, "huge", bytes, length,
                                        CREMA_IMAGE_COLOR, &image),
                     CREMA_EINVAL);
    free(bytes);
    ck_assert_int_eq(
        crema_image_reserve(ctx, "huge", 1 << 20, 1 << 20, 3, &image),
        CREMA_EINVAL);
    ck_assert_int_eq(
        crema_image_decode(ctx, "text", "hello", 5, CREMA_IMAGE_COLOR, &image),
        CREMA_EINVAL);
    ck_assert_str_eq(ctx->message, "text: not a JPEG, PNG, BMP or PPM picture");
    crema_image_free(&image);
}
END_TEST

/* --- writing --- */

static const enum crema_image_format formats[] = { CREMA_IMAGE_JPEG,
                                                   CREMA_IMAGE_PNG,
                                                   CREMA_IMAGE_BMP };

START_TEST(encode_and_decode)
{
    for (int channels = 1; channels <= 3; channels += 2) {
        struct crema_image in = random_image(9, 11, channels, 3), out = { 0 };
        uint8_t *bytes;
        size_t length;

        OK(crema_image_encode(ctx, &in, formats[_i], &bytes, &length));
        ck_assert_int_eq(crema_image_sniff(bytes, length), formats[_i]);
        OK(crema_image_decode(ctx, "made", bytes, length, CREMA_IMAGE_UNCHANGED,
                              &out));
        ck_assert_int_eq(out.channels, channels);
        ck_assert_int_eq(out.height, 9);
        ck_assert_int_eq(out.width, 11);
        if (formats[_i] != CREMA_IMAGE_JPEG)
            ck_assert_mem_eq(in.pixels, out.pixels, 9 * 11 * (size_t)channels);
        free(bytes);
        crema_image_free(&in);
        crema_image_free(&out);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("image");
    TCase *t = tcase_create("image");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, same_as_the_original);
    tcase_add_loop_test(t, unchanged_keeps_channels_and_turn, 0,
                        sizeof unchanged / sizeof *unchanged);
    tcase_add_loop_test(t, orientations, 0, 9);
    tcase_add_test(t, orientation_in_exif);
    tcase_add_loop_test(t, cut_files, 0, 4);
    tcase_add_test(t, cut_jpeg_is_filled_in);
    tcase_add_test(t, damage_is_noted);
    tcase_add_test(t, four_inks);
    tcase_add_test(t, headers_tell_sizes);
    tcase_add_test(t, huge_is_refused);
    tcase_add_loop_test(t, encode_and_decode, 0, 3);
    suite_add_tcase(s, t);
    return run_suite(s);
}
