/* test_jpeg_plain.c - which JPEGs a device may be given. */
#include "data_floor/pictures.h"
#include "support/suite.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    bool plain;
} files[] = {
    { "a_444.jpg", true },         { "b_420.jpg", true },
    { "c_422_odd.jpg", true },     { "d_gray.jpg", false },
    { "e_prog.jpg", false },       { "g_gray.png", false },
    { "j_q20.jpg", true },         { "m_exif6.jpg", true },
    { "n_restart_opt.jpg", true }, { "p_rgb.bmp", false },
};
enum { FILES = sizeof files / sizeof *files };

static uint8_t *read_file(int i, size_t *length)
{
    char path[512], *bytes;

    snprintf(path, sizeof path, "%s/images/img/%s", TEST_DATA, files[i].name);
    OK(crema_file_read(ctx, path, &bytes, length));
    return (uint8_t *)bytes;
}

START_TEST(plain_ones)
{
    struct crema_image_size size, header;
    size_t length;
    uint8_t *bytes = read_file(_i, &length);

    ck_assert_int_eq(crema_jpeg_plain(bytes, length, &size), files[_i].plain);
    if (files[_i].plain) {
        ck_assert(crema_image_header(bytes, length, &header));
        ck_assert_int_eq(size.height, header.height);
        ck_assert_int_eq(size.width, header.width);
        ck_assert_int_eq(size.channels, 3);
    }
    free(bytes);
}
END_TEST

/* A cut one never is; nothing behind its end is looked at. */
START_TEST(cut_ones)
{
    struct crema_image_size size;
    size_t length;
    uint8_t *bytes = read_file(_i, &length);

    for (size_t n = 0; n < length; n++) {
        uint8_t *cut = malloc(n + 1);

        ck_assert_ptr_nonnull(cut);
        memcpy(cut, bytes, n);
        cut = realloc(cut, n ? n : 1);
        ck_assert(!crema_jpeg_plain(cut, n, &size));
        free(cut);
    }
    free(bytes);
}
END_TEST

/* What in a whole file makes it another kind: offset from a marker, a value. */
static const struct {
    uint8_t marker;
    int at;
    uint8_t value;
} changes[] = {
    { 0xc0, 0, 0xff },  /* nothing: it is so already */
    { 0xc0, 1, 0xc1 },  /* extended */
    { 0xc0, 1, 0xc2 },  /* progressive */
    { 0xc0, 4, 12 },    /* bits */
    { 0xc0, 9, 4 },     /* components */
    { 0xc0, 10, 'R' },  /* their names */
    { 0xc0, 11, 0x41 }, /* sampling: 4:1:1 */
    { 0xc0, 14, 0x21 }, /* of Cb */
    { 0xda, 4, 1 },     /* components of the scan */
    { 0xda, 12, 62 },   /* coefficients of it */
    { 0xda, 13, 1 },    /* bits of it */
    { 0xdb, 3, 255 },   /* length */
    { 0xc4, 1, 0xcc },  /* arithmetic codes */
};
enum { CHANGES = sizeof changes / sizeof *changes };

START_TEST(other_kinds)
{
    struct crema_image_size size;
    size_t length, at = 2;
    uint8_t *bytes = read_file(1, &length);

    ck_assert(crema_jpeg_plain(bytes, length, &size));
    while (bytes[at + 1] != changes[_i].marker)
        at += 2 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
    bytes[at + (size_t)changes[_i].at] = changes[_i].value;
    ck_assert_int_eq(crema_jpeg_plain(bytes, length, &size),
                     changes[_i].at == 0);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("jpeg_plain");
    TCase *t = tcase_create("files");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, plain_ones, 0, FILES);
    tcase_add_loop_test(t, cut_ones, 0, FILES);
    tcase_add_loop_test(t, other_kinds, 0, CHANGES);
    suite_add_tcase(s, t);
    return run_suite(s);
}
