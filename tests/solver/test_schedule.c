/* test_schedule.c - each lr_policy against values worked out by hand. */
#include "solver/solver.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static int32_t stepvalues[] = { 10, 20, 20, 30 };

/* base_lr 0.5, gamma 0.25, power 2, stepsize 7, max_iter 100 */
static const struct {
    const char *policy;
    int iter;
    double rate;
} cases[] = {
    { "fixed", 0, 0.5 },
    { "fixed", 99, 0.5 },
    { "step", 0, 0.5 },
    { "step", 6, 0.5 },
    { "step", 7, 0.125 },
    { "step", 14, 0.03125 },
    { "exp", 0, 0.5 },
    { "exp", 3, 0.0078125 },
    { "inv", 0, 0.5 },
    { "inv", 4, 0.125 },    /* (1 + 0.25 4)^-2 */
    { "inv", 12, 0.03125 }, /* (1 + 0.25 12)^-2 */
    { "multistep", 9, 0.5 },
    { "multistep", 10, 0.125 },
    { "multistep", 19, 0.125 },
    { "multistep", 20, 0.0078125 }, /* 20 stands twice */
    { "multistep", 1000, 0.5 / 256 },
    { "poly", 0, 0.5 },
    { "poly", 50, 0.125 },
    { "poly", 90, 0.005 },
    { "poly", 100, 0 },
    { "poly", 200, 0 },
    { "sigmoid", 7, 0.25 },
    { "sigmoid", 11, 0.3655292893 }, /* 0.5 / (1 + e^-1) */
    { "sigmoid", 3, 0.1344707107 },
};
enum { CASES = sizeof cases / sizeof *cases };

static Crema__SolverParameter parameter(void)
{
    Crema__SolverParameter p;

    crema__solver_parameter__init(&p);
    p.base_lr = 0.5f;
    p.gamma = 0.25f;
    p.power = 2;
    p.stepsize = 7;
    p.max_iter = 100;
    p.stepvalue = stepvalues;
    p.n_stepvalue = 4;
    return p;
}

START_TEST(rate)
{
    const struct crema_schedule *s = crema_schedule_find(cases[_i].policy);
    Crema__SolverParameter p = parameter();
    int step = 0;

    ck_assert_ptr_nonnull(s);
    ck_assert_double_eq_tol(s->rate(&p, cases[_i].iter, &step), cases[_i].rate,
                            1e-9);
}
END_TEST

/* What was passed is kept, as in Caffe's state: it never goes back. */
START_TEST(multistep_keeps_its_step)
{
    const struct crema_schedule *s = crema_schedule_find("multistep");
    Crema__SolverParameter p = parameter();
    int step = 2;

    ck_assert_double_eq_tol(s->rate(&p, 0, &step), 0.03125, 1e-9);
    ck_assert_int_eq(step, 2);
    s->rate(&p, 30, &step);
    ck_assert_int_eq(step, 4);
}
END_TEST

START_TEST(all_are_known_by_name)
{
    int n = 0;

    for (; crema_schedule_nth(n); n++)
        ck_assert_ptr_eq(crema_schedule_find(crema_schedule_nth(n)->name),
                         crema_schedule_nth(n));
    ck_assert_int_eq(n, 7);
    ck_assert_ptr_null(crema_schedule_find("linear"));
    ck_assert_ptr_null(crema_schedule_find(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *all = tcase_create("rates");

    tcase_add_loop_test(all, rate, 0, CASES);
    tcase_add_test(all, multistep_keeps_its_step);
    tcase_add_test(all, all_are_known_by_name);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
