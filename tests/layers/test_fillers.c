/* test_fillers.c - what fillers draw has Caffe's statistics.
 *
 * The numbers of the table are Caffe's own, for 8 x 6 x 5 x 5 weights; its
 * generator is another one, so means and deviations agree within what 1200
 * draws allow.
 */
#include "layers/filler.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1200 };

#define FAN(name) CREMA__FILLER_PARAMETER__VARIANCE_NORM__##name

static const struct expected {
    const char *type;
    int norm, sparse;
    double mean, deviation, least, most; /* least, most: never beyond */
    int nonzero;
} cases[] = {
    { "constant", FAN(FAN_IN), -1, 0.25, 0, 0.25, 0.25, COUNT },
    { "uniform", FAN(FAN_IN), -1, 0.75, 0.7217, -0.5, 2, COUNT },
    { "gaussian", FAN(FAN_IN), -1, 0.5, 2, -10, 10, COUNT },
    { "gaussian", FAN(FAN_IN), 4, 0.25, 1.4361, -10, 10, COUNT / 2 },
    { "positive_unitball", FAN(FAN_IN), -1, 1 / 150.0, 0.00385, 0, 0.0155,
      COUNT },
    { "xavier", FAN(FAN_IN), -1, 0, 0.08165, -0.141422, 0.141422, COUNT },
    { "xavier", FAN(FAN_OUT), -1, 0, 0.07071, -0.122475, 0.122475, COUNT },
    { "xavier", FAN(AVERAGE), -1, 0, 0.07559, -0.130932, 0.130932, COUNT },
    { "msra", FAN(FAN_IN), -1, 0, 0.11547, -0.6, 0.6, COUNT },
    { "msra", FAN(FAN_OUT), -1, 0, 0.1, -0.5, 0.5, COUNT },
    { "msra", FAN(AVERAGE), -1, 0, 0.1069, -0.55, 0.55, COUNT },
    { "bilinear", FAN(FAN_IN), -1, 0.36, 0.22062, 0.1111111, 1, COUNT },
};

static const struct crema_shape shape = { 4, { 8, 6, 5, 5 } };

static Crema__FillerParameter filler(const struct expected *e, char *type)
{
    Crema__FillerParameter f = CREMA__FILLER_PARAMETER__INIT;

    f.type = strcpy(type, e->type);
    f.variance_norm = (Crema__FillerParameter__VarianceNorm)e->norm;
    f.sparse = e->sparse;
    f.value = 0.25f;
    f.min = -0.5f;
    f.max = 2;
    f.mean = 0.5f;
    f.std = 2;
    return f;
}

static void fill(const struct expected *e, uint32_t seed, int64_t piece,
                 float *out)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    const struct crema_stream stream = { seed, 5, 1, 0 };
    char type[32];
    Crema__FillerParameter f = filler(e, type);

    for (int64_t i = 0; i < COUNT; i += piece) {
        int64_t n = COUNT - i < piece ? COUNT - i : piece;

        ck_assert_int_eq(
            crema_filler_values(ctx, &f, &shape, stream, i, n, out + i),
            CREMA_OK);
    }
    crema_ctx_free(ctx);
}

START_TEST(statistics)
{
    const struct expected *e = &cases[_i];
    double sum = 0, squares = 0, noise;
    int nonzero = 0;
    float v[COUNT];

    fill(e, 1701, COUNT, v);
    for (int i = 0; i < COUNT; i++) {
        sum += v[i];
        nonzero += v[i] != 0;
        ck_assert_double_ge(v[i], e->least - 1e-6);
        ck_assert_double_le(v[i], e->most + 1e-6);
    }
    for (int i = 0; i < COUNT; i++) squares += pow(v[i] - sum / COUNT, 2);
    noise = 4 * e->deviation / sqrt(COUNT) + 1e-6;
    ck_assert_double_le(fabs(sum / COUNT - e->mean), noise);
    ck_assert_double_le(fabs(sqrt(squares / COUNT) - e->deviation),
                        0.08 * e->deviation + 1e-6);
    ck_assert_int_le(abs(nonzero - e->nonzero), e->sparse < 0 ? 1 : 70);
}
END_TEST

/* A value depends on seed and index alone. */
START_TEST(in_pieces)
{
    float whole[COUNT], pieces[COUNT], other[COUNT];

    fill(&cases[_i], 7, COUNT, whole);
    fill(&cases[_i], 7, 37, pieces);
    ck_assert_int_eq(memcmp(whole, pieces, sizeof whole), 0);
    fill(&cases[_i], 8, COUNT, other);
    if (strcmp(cases[_i].type, "constant") &&
        strcmp(cases[_i].type, "bilinear"))
        ck_assert_int_ne(memcmp(whole, other, sizeof whole), 0);
}
END_TEST

START_TEST(rows_of_the_unitball_sum_to_one)
{
    const struct expected e = { "positive_unitball", 0, -1, 0, 0, 0, 0, 0 };
    float v[COUNT];

    fill(&e, 3, COUNT, v);
    for (int row = 0; row < 8; row++) {
        double sum = 0;

        for (int i = 0; i < 150; i++) sum += v[row * 150 + i];
        ck_assert_double_le(fabs(sum - 1), 1e-5);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fillers");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, statistics, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(t, in_pieces, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, rows_of_the_unitball_sum_to_one);
    suite_add_tcase(s, t);
    return run_suite(s);
}
