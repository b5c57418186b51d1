/* test_augment.c - what is done to pictures before they are cropped, step by
 * step, against values computed by hand or another way. */
#include "data_floor/pictures.h"
#include "support/suite.h"

#include "data/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 4000 };

/* 1 channel, given row by row. */
static struct crema_image image_of(int height, int width, const uint8_t *bytes)
{
    struct crema_image image = { 0 };

    OK(crema_image_reserve(ctx, "given", height, width, 1, &image));
    memcpy(image.pixels, bytes, (size_t)(height * width));
    return image;
}

/* ---- resizing -------------------------------------------------------------
 */

static void resampled(Crema__ResizeParameter__InterpMode mode,
                      const struct crema_image *in, int height, int width,
                      struct crema_image *out)
{
    struct crema_room room = { 0 };

    OK(crema_image_resample(ctx, mode, &room, in, height, width, out));
    free(room.data);
}

START_TEST(area_is_an_average)
{
    const uint8_t bytes[] = { 10, 20, 30, 50, 70, 91, 0, 6, 255, 90, 60, 30 };
    /* 2 x 6 to 1 x 4: each output is 1.5 inputs wide */
    const double want[] = { (10 + 0.5 * 20 + 0 + 0.5 * 6) / 3,
                            (0.5 * 20 + 30 + 0.5 * 6 + 255) / 3,
                            (50 + 0.5 * 70 + 90 + 0.5 * 60) / 3,
                            (0.5 * 70 + 91 + 0.5 * 60 + 30) / 3 };
    struct crema_image in = image_of(2, 6, bytes), out = { 0 };

    resampled(CREMA__RESIZE_PARAMETER__INTERP_MODE__AREA, &in, 1, 4, &out);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(out.pixels[i], (int)rint(want[i]));
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

START_TEST(nearest_takes_the_pixel_before)
{
    const uint8_t bytes[] = { 10, 20, 30, 40, 50 };
    struct crema_image in = image_of(1, 5, bytes), out = { 0 };

    resampled(CREMA__RESIZE_PARAMETER__INTERP_MODE__NEAREST, &in, 1, 8, &out);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(out.pixels[i], bytes[i * 5 / 8]);
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

/* Between pixels 2 and 3, at a quarter: weights by the definitions. */
START_TEST(cubic_and_lanczos_by_their_kernels)
{
    const uint8_t bytes[] = { 10, 200, 30, 140, 50, 61, 77, 250 };
    struct crema_image in = image_of(1, 8, bytes), out = { 0 };
    double d[] = { 1.25, 0.25, 0.75, 1.75 }, a = -0.75, cubic = 0, sum = 0;
    double lanczos = 0;

    for (int k = 0; k < 4; k++) {
        double x = d[k],
               w = x < 1 ? (a + 2) * x * x * x - (a + 3) * x * x + 1
                         : a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a;

        cubic += w * bytes[1 + k];
    }
    for (int k = -1; k < 7; k++) { /* eight about 2.25, the edge repeated */
        double x = M_PI * (2.25 - k), w = sin(x) / x * sin(x / 4) / (x / 4);

        lanczos += w * bytes[k < 0 ? 0 : k];
        sum += w;
    }
    /* twice as wide: output 5 lies at 5.5 / 2 - 0.5 = 2.25 */
    resampled(CREMA__RESIZE_PARAMETER__INTERP_MODE__CUBIC, &in, 1, 16, &out);
    ck_assert_int_eq(out.pixels[5], (int)rint(cubic));
    resampled(CREMA__RESIZE_PARAMETER__INTERP_MODE__LANCZOS4, &in, 1, 16, &out);
    ck_assert_int_eq(out.pixels[5], (int)rint(lanczos / sum));
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

START_TEST(aspects_are_kept)
{
    static const struct {
        Crema__ResizeParameter__ResizeMode mode;
        int height, width, to_height, to_width;
    } cases[] = {
        { CREMA__RESIZE_PARAMETER__RESIZE_MODE__WARP, 30, 60, 20, 24 },
        { CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_SMALL_SIZE, 30, 60, 20,
          40 },
        { CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_SMALL_SIZE, 60, 30, 48,
          24 },
        { CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_LARGE_SIZE_AND_PAD, 30, 60,
          20, 24 },
    };
    struct crema_resize_rule rule = { .height = 20, .width = 24 };
    struct crema_scratch scratch = { 0 };
    struct crema_image in, out = { 0 };

    rule.mode = cases[_i].mode;
    rule.npads = 1;
    rule.pad[0] = 9;
    rule.pad_mode = CREMA__RESIZE_PARAMETER__PAD_MODE__CONSTANT;
    in = random_image(cases[_i].height, cases[_i].width, 3, 5);
    memset(in.pixels, 100, (size_t)(in.height * in.width * 3));
    OK(crema_resize_apply(ctx, &rule, false, NULL, &scratch, &in, &out));
    ck_assert_int_eq(out.height, cases[_i].to_height);
    ck_assert_int_eq(out.width, cases[_i].to_width);
    for (int y = 0; y < out.height; y++) /* 12 rows, 4 of padding above */
        ck_assert_int_eq(out.pixels[y * out.width * 3 + 7],
                         _i == 3 && (y < 4 || y >= 16) ? 9 : 100);
    crema_image_free(&in);
    crema_image_free(&out);
    crema_scratch_free(&scratch);
}
END_TEST

START_TEST(frames_go_on_beyond_edges)
{
    static const struct {
        Crema__ResizeParameter__PadMode mode;
        uint8_t want[9];
    } cases[] = {
        { CREMA__RESIZE_PARAMETER__PAD_MODE__CONSTANT,
          { 7, 7, 7, 1, 2, 3, 7, 7, 7 } },
        { CREMA__RESIZE_PARAMETER__PAD_MODE__MIRRORED,
          { 2, 3, 2, 1, 2, 3, 2, 1, 2 } },
        { CREMA__RESIZE_PARAMETER__PAD_MODE__REPEAT_NEAREST,
          { 1, 1, 1, 1, 2, 3, 3, 3, 3 } },
    };
    const uint8_t bytes[] = { 1, 2, 3 }, fill[] = { 7 };
    struct crema_image in = image_of(1, 3, bytes), out = { 0 };

    OK(crema_image_frame(ctx, &in, 0, 3, 1, 9, cases[_i].mode, fill, &out));
    ck_assert_mem_eq(out.pixels, cases[_i].want, 9);
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

/* ---- turning --------------------------------------------------------------
 */

START_TEST(quarters_are_exact)
{
    struct crema_image in = random_image(9, 9, 3, 3), out = { 0 };

    OK(crema_image_rotate(ctx, &in, 0, &out));
    ck_assert_mem_eq(out.pixels, in.pixels, 9 * 9 * 3);
    OK(crema_image_rotate(ctx, &in, 90, &out)); /* anticlockwise */
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 9; x++)
            for (int c = 0; c < 3; c++)
                ck_assert_int_le(abs(out.pixels[((8 - x) * 9 + y) * 3 + c] -
                                     in.pixels[(y * 9 + x) * 3 + c]),
                                 1);
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

/* A plane v = 100 + 2 x - y turns into a plane: away from the edges. */
START_TEST(turned_planes_are_planes)
{
    struct crema_image in = random_image(31, 31, 1, 3), out = { 0 };
    double angle = 20 * M_PI / 180;

    for (int i = 0; i < 31 * 31; i++)
        in.pixels[i] = (uint8_t)(100 + 2 * (i % 31) - i / 31);
    OK(crema_image_rotate(ctx, &in, 20, &out));
    for (int y = 8; y < 23; y++)
        for (int x = 8; x < 23; x++) {
            double u = 15 + cos(angle) * (x - 15) - sin(angle) * (y - 15);
            double v = 15 + sin(angle) * (x - 15) + cos(angle) * (y - 15);

            ck_assert_double_le(
                fabs(out.pixels[y * 31 + x] - (100 + 2 * u - v)), 0.51);
        }
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

/* ---- colours --------------------------------------------------------------
 */

static struct crema_image distorted(const struct crema_distort_rule *rule,
                                    uint64_t ordinal, uint8_t b, uint8_t g,
                                    uint8_t r)
{
    struct crema_draws draws = crema_draws("distort", 3, ordinal);
    struct crema_image image = random_image(1, 1, 3, 0);

    image.pixels[0] = b;
    image.pixels[1] = g;
    image.pixels[2] = r;
    crema_distort(rule, &draws, &image);
    return image;
}

static void becomes(const struct crema_distort_rule *rule, uint8_t b, uint8_t g,
                    uint8_t r, int b1, int g1, int r1)
{
    struct crema_image image = distorted(rule, 1, b, g, r);

    ck_assert_int_eq(image.pixels[0], b1);
    ck_assert_int_eq(image.pixels[1], g1);
    ck_assert_int_eq(image.pixels[2], r1);
    crema_image_free(&image);
}

START_TEST(factors_by_hand)
{
    struct crema_distort_rule rule = { .contrast_prob = 1,
                                       .contrast_lower = 1.5f,
                                       .contrast_upper = 1.5f };

    becomes(&rule, 11, 100, 200, 16, 150, 255); /* 16.5 to even */
    rule = (struct crema_distort_rule){ .saturation_prob = 1 };
    becomes(&rule, 11, 100, 200, 200, 200, 200); /* V stays */
    rule.saturation_lower = rule.saturation_upper = 0.5f;
    becomes(&rule, 0, 100, 200, 100, 150, 200); /* H stays: g in the middle */
    becomes(&rule, 70, 70, 70, 70, 70, 70);
    rule.saturation_lower = rule.saturation_upper = 100;
    becomes(&rule, 100, 150, 200, 0, 100, 200); /* S is 1 at most */
    rule = (struct crema_distort_rule){ 0 };
    becomes(&rule, 1, 2, 3, 1, 2, 3);
}
END_TEST

static int cmp(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* Hue turns, the greatest and least byte stay; a third of the circle is an
 * exchange of channels. */
START_TEST(hues_turn)
{
    const struct crema_distort_rule rule = { .hue_prob = 1, .hue_delta = 90 };
    int most[3] = { 0 };

    for (uint64_t i = 0; i < N; i++) {
        struct crema_image image = distorted(&rule, i, 40, 90, 220);

        for (int c = 0; c < 3; c++) most[c] += image.pixels[c] == 220;
        qsort(image.pixels, 3, 1, cmp);
        ck_assert_int_eq(image.pixels[0], 40);
        ck_assert_int_eq(image.pixels[2], 220);
        crema_image_free(&image);
    }
    for (int c = 0; c < 3; c++) ck_assert_int_lt(abs(most[c] - N / 3), 150);
}
END_TEST

START_TEST(brightness_is_even)
{
    const struct crema_distort_rule rule = { .brightness_prob = 0.5f,
                                             .brightness_delta = 32 };
    double sum = 0;
    int same = 0;

    for (uint64_t i = 0; i < N; i++) {
        struct crema_image image = distorted(&rule, i, 100, 110, 120);
        int by = image.pixels[0] - 100;

        ck_assert_int_le(abs(by), 32);
        ck_assert_int_eq(image.pixels[1], 110 + by);
        ck_assert_int_eq(image.pixels[2], 120 + by);
        sum += by;
        same += by == 0;
        crema_image_free(&image);
    }
    ck_assert_double_lt(fabs(sum / N), 1); /* 4 standard deviations: 0.8 */
    ck_assert_int_lt(abs(same - N / 2 - N / 128), 150);
}
END_TEST

START_TEST(noise_by_hand)
{
    struct crema_draws draws = crema_draws("noise", 3, 1);
    struct crema_image image = random_image(1, 1, 3, 0);
    struct crema_noise_rule rule = { .prob = 1, .decolorize = true };

    memcpy(image.pixels, (uint8_t[]){ 11, 100, 200 }, 3);
    crema_noise(&rule, true, &draws, &image);
    for (int c = 0; c < 3; c++) /* 0.299 200 + 0.587 100 + 0.114 11 */
        ck_assert_int_eq(image.pixels[c], 120);
    rule = (struct crema_noise_rule){ 1, false, true, true, 0, 0, { 0 } };
    crema_noise(&rule, true, &draws, &image);
    ck_assert_int_eq(image.pixels[0], 255 - 96);
    rule = (struct crema_noise_rule){ .prob = 1, .pepper = 1, .nvalues = 3 };
    memcpy(rule.value, (uint8_t[]){ 5, 6, 7 }, 3);
    crema_noise(&rule, false, &draws, &image); /* TEST */
    ck_assert_int_eq(image.pixels[0], 255 - 96);
    crema_noise(&rule, true, &draws, &image);
    ck_assert_mem_eq(image.pixels, rule.value, 3);
    crema_image_free(&image);
}
END_TEST

/* ---- erasing --------------------------------------------------------------
 */

/* The rectangle of changed bytes of 20 x 30 at 5, 6 of 40 x 50: its sizes. */
static bool erased(const struct crema_erase_rule *rule, uint64_t ordinal,
                   int *height, int *width)
{
    struct crema_draws draws = crema_draws("erase", 3, ordinal);
    struct crema_image image = random_image(40, 50, 3, 1);
    int top = 99, left = 99, bottom = -1, right = -1;

    for (int i = 0; i < 40 * 50 * 3; i++) image.pixels[i] = 128;
    crema_erase(rule, &draws, 5, 6, 20, 30, &image);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 50; x++)
            if (memcmp(image.pixels + (y * 50 + x) * 3, "\x80\x80\x80", 3)) {
                top = y < top ? y : top;
                bottom = y > bottom ? y : bottom;
                left = x < left ? x : left;
                right = x > right ? x : right;
            }
    crema_image_free(&image);
    if (bottom < 0) return false;
    ck_assert(top >= 5 && bottom < 25 && left >= 6 && right < 36);
    *height = bottom - top + 1;
    *width = right - left + 1;
    return true;
}

START_TEST(rectangles_are_erased)
{
    const struct crema_erase_rule rule = { 0.25f, 0.2f, 0.4f, 0.5f, 1 };
    int times = 0;

    for (uint64_t i = 0; i < N; i++) {
        int height, width;

        if (!erased(&rule, i, &height, &width)) continue;
        times++;
        ck_assert(width >= 6 && width <= 12);
        ck_assert(height >= width / 2 && height <= width);
    }
    ck_assert_int_lt(abs(times - N / 4), 120);
}
END_TEST

START_TEST(normal_numbers)
{
    double sum = 0, squares = 0;

    for (uint64_t i = 0; i < N; i++) {
        struct crema_draws draws = crema_draws("lighting", 3, i);

        for (int k = 0; k < 3; k++) {
            double v = (double)crema_draw_normal(&draws);

            sum += v;
            squares += v * v;
        }
    }
    ck_assert_double_lt(fabs(sum / (3 * N)), 0.04);
    ck_assert_double_lt(fabs(squares / (3 * N) - 1), 0.06);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("augment");
    TCase *t = tcase_create("steps");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, area_is_an_average);
    tcase_add_test(t, nearest_takes_the_pixel_before);
    tcase_add_test(t, cubic_and_lanczos_by_their_kernels);
    tcase_add_loop_test(t, aspects_are_kept, 0, 4);
    tcase_add_loop_test(t, frames_go_on_beyond_edges, 0, 3);
    tcase_add_test(t, quarters_are_exact);
    tcase_add_test(t, turned_planes_are_planes);
    tcase_add_test(t, factors_by_hand);
    tcase_add_test(t, hues_turn);
    tcase_add_test(t, brightness_is_even);
    tcase_add_test(t, noise_by_hand);
    tcase_add_test(t, rectangles_are_erased);
    tcase_add_test(t, normal_numbers);
    suite_add_tcase(s, t);
    return run_suite(s);
}
