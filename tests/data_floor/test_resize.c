/* test_resize.c - resizing as the rules say it, a pixel at a time. */
#include "data_floor/pictures.h"
#include "support/suite.h"

#include <math.h>

struct axis {
    int first, second, w0, w1;
};

static struct axis axis_of(int i, int in, int out, bool column)
{
    double scale = 1.0 / ((double)out / in);
    float f = (float)((i + 0.5) * scale - 0.5);
    int s = (int)floorf(f);
    struct axis a;

    f -= (float)s;
    if (column && s < 0) s = 0, f = 0;
    if (column && s >= in - 1) s = in - 1, f = 0;
    a.w0 = (int)rintf((1 - f) * 2048);
    a.w1 = (int)rintf(f * 2048);
    a.first = s < 0 ? 0 : s >= in ? in - 1 : s;
    a.second = s + 1 < 0 ? 0 : s + 1 >= in ? in - 1 : s + 1;
    return a;
}

static int expected(const struct crema_image *in, const struct crema_image *out,
                    int y, int x, int c)
{
    struct axis row = axis_of(y, in->height, out->height, false);
    struct axis column = axis_of(x, in->width, out->width, true);
    const uint8_t *p = in->pixels;
    int stride = in->width * in->channels;
    int t[2];

    for (int k = 0; k < 2; k++) {
        const uint8_t *line = p + (k ? row.second : row.first) * stride;

        t[k] = line[column.first * in->channels + c] * column.w0 +
               line[column.second * in->channels + c] * column.w1;
    }
    return (((row.w0 * (t[0] >> 4)) >> 16) + ((row.w1 * (t[1] >> 4)) >> 16) +
            2) >>
           2;
}

static const int sizes[][4] = {
    { 13, 17, 40, 31 }, { 31, 48, 20, 24 },  { 64, 48, 32, 25 },
    { 5, 7, 5, 14 },    { 1, 1, 9, 9 },      { 90, 3, 2, 80 },
    { 17, 13, 17, 6 },  { 75, 100, 51, 51 }, { 3, 2, 3, 5499 },
    { 2, 9, 5, 131 },
};

START_TEST(resize_by_the_rules)
{
    for (int channels = 1; channels <= 3; channels += 2) {
        const int *s = sizes[_i];
        struct crema_image in = random_image(s[0], s[1], channels, 7);
        struct crema_image out = { 0 };

        OK(crema_image_resize(ctx, &in, s[2], s[3], &out));
        for (int y = 0; y < s[2]; y++)
            for (int x = 0; x < s[3]; x++)
                for (int c = 0; c < channels; c++)
                    ck_assert_int_eq(out.pixels[(y * s[3] + x) * channels + c],
                                     expected(&in, &out, y, x, c));
        crema_image_free(&in);
        crema_image_free(&out);
    }
}
END_TEST

START_TEST(resize_by_two_is_a_mean)
{
    struct crema_image in = random_image(64, 48, 3, 1), out = { 0 };
    int stride = 48 * 3;

    OK(crema_image_resize(ctx, &in, 32, 24, &out));
    for (int y = 0; y < 32; y++)
        for (int i = 0; i < 24 * 3; i++) {
            const uint8_t *p =
                in.pixels + 2 * y * stride + 2 * (i / 3) * 3 + i % 3;

            ck_assert_int_eq(out.pixels[y * 24 * 3 + i],
                             (p[0] + p[3] + p[stride] + p[stride + 3] + 2) >>
                                 2);
        }
    OK(crema_image_resize(ctx, &in, 64, 48, &out));
    ck_assert_mem_eq(in.pixels, out.pixels, 64 * 48 * 3);
    crema_image_free(&in);
    crema_image_free(&out);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("resize");
    TCase *t = tcase_create("resize");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, resize_by_the_rules, 0,
                        sizeof sizes / sizeof *sizes);
    tcase_add_test(t, resize_by_two_is_a_mean);
    suite_add_tcase(s, t);
    return run_suite(s);
}
