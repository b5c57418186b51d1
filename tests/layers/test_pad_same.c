/* test_pad_same.c - convolution_param { pad_same: true } against the same
 * convolution of a picture whose margin is written out. */
#include "support/net_text.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What Keras gives for padding="same": the margin on all sides is `total`, half
 * of it in front, the odd one behind. */
static const struct {
    int size, kernel, stride, dilation, out, before, after;
} cases[] = {
    { 28, 11, 4, 1, 7, 3, 4 }, /* AlexNet for MNIST */
    { 28, 5, 1, 1, 28, 2, 2 }, { 28, 4, 1, 1, 28, 1, 2 },
    { 7, 3, 2, 1, 4, 1, 1 },   { 8, 3, 2, 1, 4, 0, 1 },
    { 9, 1, 2, 1, 5, 0, 0 },   { 9, 3, 2, 2, 5, 2, 2 },
    { 6, 2, 3, 1, 2, 0, 0 },
};
enum { NCASES = sizeof cases / sizeof *cases, MOST = 40 };

/* One number each in kernel and bias; y, at most MOST x MOST, of a square x. */
static int convolve(int kernel, int stride, int dilation, const char *more,
                    int size, const float *x, float *y)
{
    const int64_t dims[4] = { 1, 1, size, size };
    const struct crema_model_options options = { .seed = 7 };
    struct crema_model *m;
    int64_t out[CREMA_MODEL_DIMS];
    char text[500];

    snprintf(text, sizeof text,
             "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { "
             "dim: [1, 1, %d, %d] } } }\n"
             "layer { name: 'y' type: 'Convolution' bottom: 'x' top: 'y' "
             "convolution_param { num_output: 1 kernel_size: %d stride: %d "
             "dilation: %d %s weight_filler { type: 'uniform' min: -1 max: 1 } "
             "} }\n",
             size, size, kernel, stride, dilation, more);
    m = opened_text(&options, text);
    good(crema_model_write(m, "x", 4, dims, x));
    good(crema_model_forward(m));
    ck_assert_int_eq(crema_model_shape(m, "y", out), 4);
    ck_assert_int_eq(out[2], out[3]);
    ck_assert_int_le(out[2], MOST);
    good(crema_model_read(m, "y", y, (size_t)(out[2] * out[3])));
    crema_model_free(m);
    return (int)out[2];
}

START_TEST(margins)
{
    int size = cases[_i].size, wide = size + cases[_i].before + cases[_i].after;
    float x[MOST * MOST], padded[MOST * MOST] = { 0 };
    float y[MOST * MOST], expected[MOST * MOST];

    for (int i = 0; i < size * size; i++) {
        x[i] = (float)(i * 7919 % 101) / 50 - 1;
        padded[(i / size + cases[_i].before) * wide + i % size +
               cases[_i].before] = x[i];
    }
    ck_assert_int_eq(convolve(cases[_i].kernel, cases[_i].stride,
                              cases[_i].dilation, "pad_same: true", size, x, y),
                     cases[_i].out);
    ck_assert_int_eq(convolve(cases[_i].kernel, cases[_i].stride,
                              cases[_i].dilation, "", wide, padded, expected),
                     cases[_i].out);
    for (int i = 0; i < cases[_i].out * cases[_i].out; i++)
        ck_assert_msg(fabsf(y[i] - expected[i]) <= 1e-5f,
                      "element %d is %g, not %g", i, (double)y[i],
                      (double)expected[i]);
}
END_TEST

static void on_cpu(void)
{
    open_device("cpu");
}

int main(void)
{
    Suite *suite = suite_create("pad_same");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, on_cpu, close_device);
    tcase_add_loop_test(tc, margins, 0, NCASES);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
