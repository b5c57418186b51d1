/* test_mistakes.c - the surest mistakes are kept, in order, whatever the order
 * they come in. */
#include "mistakes.h"
#include "support/suite.h"

#include <check.h>

START_TEST(order)
{
    static const float score[] = { 0.5f, 0.9f, 0.4f, 0.7f, 0.9f, 0.95f };
    static const uint64_t expected[] = { 5, 1, 4 };
    const float values[4] = { -1, 1, 0, 1 };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct mistakes m;

    ck_assert_int_eq(mistakes_open(ctx, 3, 1, 2, 2, &m), CREMA_OK);
    for (uint64_t i = 0; i < sizeof score / sizeof *score; i++) {
        const struct mistake new = { .record = i, .score = score[i] };

        ck_assert_int_eq(mistakes_offer(&m, &new, values), CREMA_OK);
    }
    ck_assert_int_eq(m.n, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(m.item[i].record, expected[i]);
        ck_assert_int_eq(m.item[i].pixels[0], 0);
        ck_assert_int_eq(m.item[i].pixels[1], 255);
        ck_assert_int_eq(m.item[i].pixels[2], 128);
    }
    mistakes_free(&m);
    crema_ctx_free(ctx);
}
END_TEST

START_TEST(colours)
{
    /* blue, green, red of one pixel */
    const float values[3] = { 0, 5, 10 };
    const struct mistake new = { .score = 1 };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct mistakes m;

    ck_assert_int_eq(mistakes_open(ctx, 1, 3, 1, 1, &m), CREMA_OK);
    ck_assert_int_eq(mistakes_offer(&m, &new, values), CREMA_OK);
    ck_assert_int_eq(m.item[0].pixels[0], 0);
    ck_assert_int_eq(m.item[0].pixels[1], 128);
    ck_assert_int_eq(m.item[0].pixels[2], 255);
    mistakes_free(&m);
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mistakes");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, order);
    tcase_add_test(tc, colours);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
