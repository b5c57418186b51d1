/* test_grey.c - grey of colours as each format's reader has it. */
#include "data/codec.h"
#include "data_floor/pictures.h"
#include "support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

START_TEST(grey_of_png_colours)
{
    uint32_t seed = 5;

    for (int v = 0; v < 256; v++) ck_assert_int_eq(crema_grey_png(v, v, v), v);
    for (int i = 0; i < 1000; i++) {
        int r = next_random(&seed) & 255, g = next_random(&seed) & 255;
        int b = next_random(&seed) & 255;
        double y = (9797.0 * r + 19234.0 * g + 3737.0 * b) / 32768;

        if (r == g && g == b) continue;
        ck_assert_int_eq(crema_grey_png(r, g, b), (int)floor(y));
    }
    ck_assert_int_eq(crema_grey_bmp(255, 255, 255), 255);
    ck_assert_int_eq(crema_grey_bmp(255, 0, 0), 76);
    ck_assert_int_eq(crema_grey_png16(65535, 65535, 65535), 255);
}
END_TEST

/* A PNG that tells its gamma: mixed in linear light; greys stay as they are. */
START_TEST(grey_with_gamma)
{
    struct crema_grey_gamma tables;
    uint32_t seed = 6;

    ck_assert(crema_grey_gamma_init(&tables, 45455, 0));
    for (int v = 0; v < 256; v++) {
        uint32_t deep = (uint32_t)v * 257;

        ck_assert_int_eq(crema_grey_gamma(&tables, v, v, v), v);
        ck_assert_int_eq(crema_grey_gamma16(&tables, deep, deep, deep), v);
    }
    for (int i = 0; i < 1000; i++) {
        uint32_t r = next_random(&seed) & 255, g = next_random(&seed) & 255;
        uint32_t b = next_random(&seed) & 255;
        double y = .299 * pow(r / 255., 2.2) + .587 * pow(g / 255., 2.2) +
                   .114 * pow(b / 255., 2.2);
        double want = 255 * pow(y, 1 / 2.2);

        if (want > 80) /* below, 8 bits of linear light are few */
            ck_assert_double_le(
                fabs(crema_grey_gamma(&tables, (int)r, (int)g, (int)b) - want),
                4);
        ck_assert_double_le(
            fabs(crema_grey_gamma16(&tables, r * 257, g * 257, b * 257) - want),
            2);
    }
}
END_TEST

/* libpng leaves out a power within 5 % of 1, that into linear light and the one
 * back each for itself: results of libpng 1.6.39. */
START_TEST(grey_with_gamma_near_one)
{
    static const struct {
        uint32_t gamma;
        int first, second; /* of 200,100,50 and of 10,90,250 */
        bool bent;
    } table[] = {
        { 94999, 125, 86, true },   { 95000, 120, 81, true },
        { 95238, 124, 84, false },  { 95239, 124, 84, false },
        { 105000, 124, 84, false }, { 105001, 120, 79, true },
        { 105263, 119, 79, true },  { 105264, 123, 83, true },
    };
    struct crema_grey_gamma tables;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool bent = crema_grey_gamma_init(&tables, table[i].gamma, 0);

        ck_assert_int_eq(bent, table[i].bent);
        if (!bent) continue;
        ck_assert_int_eq(crema_grey_gamma(&tables, 200, 100, 50),
                         table[i].first);
        ck_assert_int_eq(crema_grey_gamma(&tables, 10, 90, 250),
                         table[i].second);
    }
}
END_TEST

/* Of 16 bits fewer are looked at where the file says that fewer count: results
 * of libpng 1.6.39. */
START_TEST(grey_with_gamma_and_few_bits)
{
    static const struct {
        int bits, first, second;
    } table[] = {
        { 0, 128, 59 }, { 1, 128, 58 },  { 5, 128, 58 },
        { 9, 127, 58 }, { 10, 128, 59 }, { 16, 128, 59 },
    };
    struct crema_grey_gamma tables;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ck_assert(crema_grey_gamma_init(&tables, 45455, table[i].bits));
        ck_assert_int_eq(crema_grey_gamma16(&tables, 54812, 8055, 22070),
                         table[i].first);
        ck_assert_int_eq(crema_grey_gamma16(&tables, 8466, 17780, 14271),
                         table[i].second);
    }
}
END_TEST

/* The grey of a saturated JPEG is its Y plane, not the grey of its colours. */
START_TEST(grey_of_a_saturated_jpeg)
{
    struct crema_image in = { 0 }, colour = { 0 }, grey = { 0 };
    uint8_t *bytes;
    size_t length;
    int worst = 0;

    OK(crema_image_reserve(ctx, "saturated", 32, 32, 3, &in));
    for (int i = 0; i < 32 * 32; i++) {
        static const uint8_t colours[4][3] = {
            { 0, 0, 255 }, { 255, 0, 0 }, { 0, 255, 0 }, { 255, 0, 255 }
        };

        memcpy(in.pixels + 3 * i, colours[(i / 5 + i / 96) % 4], 3);
    }
    OK(crema_image_encode(ctx, &in, CREMA_IMAGE_JPEG, &bytes, &length));
    OK(crema_image_decode(ctx, "s", bytes, length, CREMA_IMAGE_COLOR, &colour));
    OK(crema_image_decode(ctx, "s", bytes, length, CREMA_IMAGE_GRAY, &grey));
    for (int i = 0; i < 32 * 32; i++) {
        const uint8_t *p = colour.pixels + 3 * i;
        int d = abs(crema_grey_bmp(p[2], p[1], p[0]) - grey.pixels[i]);

        if (d > worst) worst = d;
    }
    ck_assert_int_gt(worst, 10);
    free(bytes);
    crema_image_free(&in);
    crema_image_free(&colour);
    crema_image_free(&grey);
}
END_TEST

/* Four inks, of which 255 is none: red of cyan and black, and so on. */
START_TEST(jpeg_of_four_inks)
{
    static const uint8_t inks[4] = { 250, 100, 30, 200 };
    uint8_t cmyk[16 * 16 * 4];
    struct crema_image colour = { 0 }, grey = { 0 };
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    tjhandle jpeg = tjInitCompress();
    int want[3];

    for (size_t i = 0; i < sizeof cmyk; i++) cmyk[i] = inks[i % 4];
    for (int i = 0; i < 3; i++)
        want[i] = inks[3] - (((255 - inks[2 - i]) * inks[3]) >> 8);
    ck_assert_int_eq(tjCompress2(jpeg, cmyk, 16, 0, 16, TJPF_CMYK, &bytes,
                                 &length, TJSAMP_444, 100, 0),
                     0);
    tjDestroy(jpeg);
    OK(crema_image_decode(ctx, "inks", bytes, length, CREMA_IMAGE_COLOR,
                          &colour));
    OK(crema_image_decode(ctx, "inks", bytes, length, CREMA_IMAGE_GRAY, &grey));
    for (int i = 0; i < 16 * 16; i++) {
        for (int c = 0; c < 3; c++)
            ck_assert_int_le(abs(colour.pixels[3 * i + c] - want[c]), 3);
        ck_assert_int_eq(grey.pixels[i],
                         crema_grey_bmp(colour.pixels[3 * i + 2],
                                        colour.pixels[3 * i + 1],
                                        colour.pixels[3 * i]));
    }
    tjFree(bytes);
    crema_image_free(&colour);
    crema_image_free(&grey);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("grey");
    TCase *t = tcase_create("grey");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, grey_of_png_colours);
    tcase_add_test(t, grey_with_gamma);
    tcase_add_test(t, grey_with_gamma_near_one);
    tcase_add_test(t, grey_with_gamma_and_few_bits);
    tcase_add_test(t, grey_of_a_saturated_jpeg);
    tcase_add_test(t, jpeg_of_four_inks);
    suite_add_tcase(s, t);
    return run_suite(s);
}
