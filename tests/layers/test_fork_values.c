/* test_fork_values.c - fields of forks that change a result: to what. */
#include "support/net_text.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>

enum { COUNT = 50 };

/* A net of one layer, from x, 1 x 1 x 5 x 10, to y. */
static struct crema_model *open_layer(const char *layer, bool train)
{
    const struct crema_model_options options = { .train = train, .seed = 1 };
    char text[400];

    snprintf(text, sizeof text,
             "layer { name: 'x' type: 'Input' top: 'x' "
             "input_param { shape { dim: [1, 1, 5, 10] } } }\n"
             "layer { name: 'y' bottom: 'x' top: 'y' %s }\n",
             layer);
    return opened_text(&options, text);
}

/* y of ones that went through a dropout of ratio .75 */
static void drop(const char *more, bool train, float y[COUNT])
{
    const int64_t dims[] = { 1, 1, 5, 10 };
    char layer[200];
    float x[COUNT];
    struct crema_model *m;

    snprintf(layer, sizeof layer,
             "type: 'Dropout' dropout_param { dropout_ratio: .75 %s }", more);
    m = open_layer(layer, train);
    for (int i = 0; i < COUNT; i++) x[i] = 1;
    good(crema_model_write(m, "x", 4, dims, x));
    good(crema_model_forward(m));
    good(crema_model_read(m, "y", y, COUNT));
    crema_model_free(m);
}

/* The same elements are dropped, and what is kept stays as it is. */
START_TEST(dropout_that_scales_in_test)
{
    float usual[COUNT], y[COUNT];
    int kept = 0;

    drop("", true, usual);
    drop("scale_train: false", true, y);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_float_eq(y[i], usual[i] / 4);
        kept += y[i] == 1;
    }
    ck_assert_int_gt(kept, 0);
    ck_assert_int_lt(kept, COUNT / 2);
    drop("scale_train: false", false, y);
    for (int i = 0; i < COUNT; i++) ck_assert_float_eq(y[i], 0.25f);
}
END_TEST

/* 5 x 10 by windows of 2, 3 apart: rounded up 2 x 4, else 2 x 3. */
START_TEST(pooling_that_rounds_down)
{
    static const struct {
        const char *field;
        int64_t columns;
    } cases[] = {
        { "", 4 },
        { "torch_pooling: false", 4 },
        { "torch_pooling: true", 3 },
        { "ceil_mode: false", 3 },
        { "round_mode: FLOOR", 3 },
    };
    char layer[200];
    int64_t dims[CREMA_MODEL_DIMS];
    struct crema_model *m;

    snprintf(layer, sizeof layer,
             "type: 'Pooling' pooling_param { kernel_size: 2 stride: 3 %s }",
             cases[_i].field);
    m = open_layer(layer, false);
    ck_assert_int_eq(crema_model_shape(m, "y", dims), 4);
    ck_assert_int_eq(dims[2], 2);
    ck_assert_int_eq(dims[3], cases[_i].columns);
    crema_model_free(m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("values of fields of forks");
    TCase *t = tcase_create("ref");

    tcase_add_checked_fixture(t, open_ref, close_device);
    tcase_add_test(t, dropout_that_scales_in_test);
    tcase_add_loop_test(t, pooling_that_rounds_down, 0, 5);
    suite_add_tcase(s, t);
    return run_suite(s);
}
