/* layer_cases.c - a table of layers as a test program. */
#include "support/layer_cases.h"
#include "support/suite.h"

#include <check.h>

static const struct layer_case *cases;

START_TEST(gradients)
{
    const struct layer_case *c = &cases[_i];

    gradient_check_layers(c->title, c->inputs, c->layers, true);
}
END_TEST

int run_layer_cases(const char *suite, const struct layer_case *table, int n)
{
    Suite *s = suite_create(suite);
    TCase *t = tcase_create("ref");

    cases = table;
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, gradients, 0, n);
    suite_add_tcase(s, t);
    return run_suite(s);
}
