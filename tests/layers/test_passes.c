/* test_passes.c - layers whose passes depend on the data or on those before. */
#include "support/net_text.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>

/* ---- Filter: sizes that only the data tell ------------------------------- */

static const char filtered[] =
    "layer { name: 'x' type: 'Input' top: 'x' "
    "input_param { shape { dim: 4 dim: 2 } } }"
    "layer { name: 's' type: 'Input' top: 's' "
    "input_param { shape { dim: 4 } } }"
    "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: 's' top: 'f' }"
    "layer { name: 'p' type: 'Power' bottom: 'f' top: 'y' "
    "power_param { scale: 2 } }";

START_TEST(filter)
{
    static const float x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const float select[5][4] = { { 0, 1, 0, 1 },
                                        { 1, 1, 1, 1 },
                                        { 0, 0, 0, 0 },
                                        { 0, 0, 1, 0 },
                                        { 1, 0, 0, 0 } };
    struct crema_model *m = opened_text(NULL, filtered);
    const int64_t images[] = { 4, 2 }, each[] = { 4 };

    for (int pass = 0; pass < 5; pass++) {
        int64_t dims[CREMA_MODEL_DIMS], n = 0;
        float y[8];

        good(crema_model_write(m, "x", 2, images, x));
        good(crema_model_write(m, "s", 1, each, select[pass]));
        good(crema_model_forward(m));
        for (int i = 0; i < 4; i++) n += select[pass][i] != 0;
        ck_assert_int_eq(crema_model_shape(m, "y", dims), 2);
        ck_assert_int_eq(dims[0], n);
        good(crema_model_read(m, "y", y, (size_t)n * 2));
        n = 0;
        for (int i = 0; i < 4; i++) {
            if (select[pass][i] == 0) continue;
            ck_assert_float_eq(y[n++], 2 * x[2 * i]);
            ck_assert_float_eq(y[n++], 2 * x[2 * i + 1]);
        }
    }
    crema_model_free(m);
}
END_TEST

/* ---- recurrent layers: what is carried from pass to pass ----------------- */

enum { STEPS = 6, IMAGES = 2, INPUTS = 3, HIDDEN = 4 };

static struct crema_model *recurrent(const char *type, int steps,
                                     const char *more)
{
    char text[1536];

    snprintf(text, sizeof text,
             "layer { name: 'x' type: 'Input' top: 'x' "
             "input_param { shape { dim: [%d, 2, 3] } } }"
             "layer { name: 'c' type: 'Input' top: 'c' "
             "input_param { shape { dim: [%d, 2] } } }"
             "layer { name: 'r' type: '%s' bottom: 'x' bottom: 'c' top: 'h' "
             "recurrent_param { num_output: 4 "
             "weight_filler { type: 'uniform' min: -.9 max: .9 } } }%s",
             steps, steps, type, more);
    return opened_text(NULL, text);
}

/* `steps` steps from step `first` on, by a net of that many; h: its blob
 * `name`.
 */
static void run(struct crema_model *m, const char *name, int first, int steps,
                float *h)
{
    const int64_t dims[] = { steps, IMAGES, INPUTS };
    float x[STEPS * IMAGES * INPUTS], cont[STEPS * IMAGES];

    for (int i = 0; i < steps * IMAGES * INPUTS; i++)
        x[i] = (float)((first * IMAGES * INPUTS + i) * 7 % 11) / 5 - 1;
    for (int i = 0; i < steps * IMAGES; i++)
        cont[i] = first * IMAGES + i >= IMAGES;
    good(crema_model_write(m, "x", 3, dims, x));
    good(crema_model_write(m, "c", 2, dims, cont));
    good(crema_model_forward(m));
    good(crema_model_read(m, name, h, (size_t)(steps * IMAGES * HIDDEN)));
}

/* Two passes over half the steps each are one over all. */
START_TEST(carried)
{
    const char *type = _i ? "RNN" : "LSTM";
    struct crema_model *whole = recurrent(type, STEPS, "");
    struct crema_model *half = recurrent(type, STEPS / 2, "");
    float a[STEPS * IMAGES * HIDDEN], b[STEPS * IMAGES * HIDDEN];

    for (int epoch = 0; epoch < 2; epoch++) {
        run(whole, "h", 0, STEPS, a);
        run(half, "h", 0, STEPS / 2, b);
        run(half, "h", STEPS / 2, STEPS / 2, b + STEPS / 2 * IMAGES * HIDDEN);
        for (int i = 0; i < STEPS * IMAGES * HIDDEN; i++)
            ck_assert_float_eq_tol(a[i], b[i], 1e-6f);
    }
    ck_assert_float_ne(a[0], a[(STEPS - 1) * IMAGES * HIDDEN]);
    crema_model_free(whole);
    crema_model_free(half);
}
END_TEST

/* A pass that is repeated for the sake of a size goes on but once. */
START_TEST(carried_once)
{
    static const char more[] =
        "layer { name: 's' type: 'Input' top: 's' "
        "input_param { shape { dim: 6 } } }"
        "layer { name: 'p' type: 'Power' bottom: 'h' top: 'y' }"
        "layer { name: 'f' type: 'Filter' bottom: 'h' bottom: 's' top: 'f' }";
    const char *type = _i ? "RNN" : "LSTM";
    struct crema_model *plain = recurrent(type, STEPS, "");
    struct crema_model *other = recurrent(type, STEPS, more);
    const int64_t each[] = { STEPS };
    float a[STEPS * IMAGES * HIDDEN], b[STEPS * IMAGES * HIDDEN];

    for (int pass = 0; pass < 3; pass++) {
        float select[STEPS] = { 0 };

        for (int i = 0; i <= pass; i++) select[2 * i] = 1;
        good(crema_model_write(other, "s", 1, each, select));
        run(plain, "h", pass * STEPS, STEPS, a);
        run(other, "y", pass * STEPS, STEPS, b);
        for (int i = 0; i < STEPS * IMAGES * HIDDEN; i++)
            ck_assert_float_eq(a[i], b[i]);
    }
    crema_model_free(plain);
    crema_model_free(other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("passes");
    TCase *t = tcase_create("ref");

    tcase_add_checked_fixture(t, open_ref, close_device);
    tcase_add_test(t, filter);
    tcase_add_loop_test(t, carried, 0, 2);
    tcase_add_loop_test(t, carried_once, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
