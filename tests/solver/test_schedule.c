/* test_schedule.c - each lr_policy against values worked out by hand. */
#include "solver/policies.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static int32_t stepvalues[] = { 10, 20, 20, 30 };

static int32_t stageiters[] = { 10, 20 };
static float stagerates[] = { 0.25f, 0.75f };

/* base_lr 0.5, gamma 0.25, power 2, stepsize 7, max_iter 100; sgdr: period 10,
 * p_mult 2, lr_mult 0.5 */
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
    { "cosine", 0, 0.5 },
    { "cosine", 25, 0.4267766953 }, /* 0.25 (1 + cos(pi / 4)) */
    { "cosine", 50, 0.25 },
    { "cosine", 100, 0 },
    { "cosine", 150, 0 },
    { "multifixed", 0, 0.25 },
    { "multifixed", 10, 0.25 },
    { "multifixed", 11, 0.75 },
    { "multifixed", 1000, 0.75 },
    { "sgdr", 0, 0.5 },
    { "sgdr", 5, 0.25 },
    { "sgdr", 10, 0.25 }, /* again, half as high */
    { "sgdr", 20, 0.125 },
    { "sgdr", 30, 0.125 },
    { "sgdr", 60, 0.0183058262 }, /* 3 of 4 of the wave: 0.0625 (1 + cos) */
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
    p.stageiter = stageiters;
    p.stagelr = stagerates;
    p.n_stageiter = p.n_stagelr = 2;
    p.period = 10;
    p.p_mult = 2;
    p.lr_mult = 0.5f;
    return p;
}

START_TEST(rate)
{
    const struct crema_schedule *s = crema_schedule_find(cases[_i].policy);
    Crema__SolverParameter p = parameter();
    struct crema_pace pace = CREMA_PACE;

    ck_assert_ptr_nonnull(s);
    ck_assert_double_eq_tol(crema_schedule_rate(s, &p, cases[_i].iter, &pace),
                            cases[_i].rate, 1e-9);
}
END_TEST

/* What was passed is kept, as in Caffe's state: it never goes back. */
START_TEST(multistep_keeps_its_step)
{
    const struct crema_schedule *s = crema_schedule_find("multistep");
    Crema__SolverParameter p = parameter();
    struct crema_pace pace = { .step = 2 };

    ck_assert_double_eq_tol(s->rate(&p, 0, &pace), 0.03125, 1e-9);
    ck_assert_int_eq(pace.step, 2);
    s->rate(&p, 30, &pace);
    ck_assert_int_eq(pace.step, 4);
}
END_TEST

/* ---- before and below what the policy says ------------------------------ */

static double rate_of(const Crema__SolverParameter *p, const char *policy,
                      int iter)
{
    struct crema_pace pace = CREMA_PACE;

    return crema_schedule_rate(crema_schedule_find(policy), p, iter, &pace);
}

START_TEST(warm_up_is_linear)
{
    Crema__SolverParameter p = parameter();

    p.warmup_iter = 20;
    p.warmup_start_lr = 0.1f;
    ck_assert_double_eq_tol(rate_of(&p, "step", 0), 0.1, 1e-7);
    ck_assert_double_eq_tol(rate_of(&p, "step", 5), 0.2, 1e-7);
    ck_assert_double_eq_tol(rate_of(&p, "step", 19), 0.48, 1e-7);
    ck_assert_double_eq_tol(rate_of(&p, "step", 20), 0.03125, 1e-9);
    /* The wave begins where warm-up ends. */
    ck_assert_double_eq_tol(rate_of(&p, "cosine", 20), 0.5, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "cosine", 60), 0.25, 1e-9);
}
END_TEST

START_TEST(ramp_up_is_quadratic)
{
    Crema__SolverParameter p = parameter();

    p.rampup_interval = 10;
    p.rampup_lr = 0.25f;
    ck_assert_double_eq_tol(rate_of(&p, "fixed", 0), 0.25, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "fixed", 4), 0.29, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "fixed", 10), 0.5, 1e-9);
}
END_TEST

START_TEST(rates_have_a_floor)
{
    Crema__SolverParameter p = parameter();

    p.min_lr = 0.125f;
    ck_assert_double_eq_tol(rate_of(&p, "poly", 0), 0.5, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "poly", 50), 0.21875, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "poly", 100), 0.125, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "cosine", 50), 0.3125, 1e-9);
    ck_assert_double_eq_tol(rate_of(&p, "exp", 5), 0.125, 1e-9);
}
END_TEST

/* ---- plateau ------------------------------------------------------------- */

/* The figure of each iteration, windows of 2, then 3. */
START_TEST(plateau_falls_when_nothing_improves)
{
    static const double figures[] = { 5, 4, 4, 4, 3.5, 4, 4, 4, 4, 4, 4, 4 };
    static const int steps[] = { 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2 };
    static int32_t windows[] = { 2, 3 };
    const struct crema_schedule *s = crema_schedule_find("plateau");
    Crema__SolverParameter p = parameter();
    struct crema_pace pace = CREMA_PACE;

    p.plateau_winsize = windows;
    p.n_plateau_winsize = 2;
    for (int i = 0; i < 12; i++) {
        pace.figure = figures[i];
        ck_assert_double_eq_tol(crema_schedule_rate(s, &p, i, &pace),
                                0.5 * pow(0.25, steps[i]), 1e-9);
    }
    ck_assert_double_eq(pace.best, 3.5);
    ck_assert_int_eq(pace.last_event, 7);
}
END_TEST

/* ---- momentum and decay -------------------------------------------------- */

START_TEST(courses)
{
    Crema__SolverParameter p = parameter();

    p.momentum = 0.5f;
    p.weight_decay = 0.25f;
    p.max_weight_decay = 0.75f;
    p.weight_decay_power = 2;
    ck_assert_double_eq(crema_course_momentum("fixed")->value(&p, 50, 1), 0.5);
    ck_assert_double_eq_tol(crema_course_momentum("poly")->value(&p, 50, 1),
                            0.745, 1e-7);
    /* (1 - sqrt(0.25) / 2)^2 */
    ck_assert_double_eq_tol(crema_course_momentum("opt")->value(&p, 50, 0.25),
                            0.5625, 1e-9);
    p.has_max_momentum = 1;
    p.max_momentum = 0.5f;
    ck_assert_double_eq(crema_course_momentum("opt")->value(&p, 50, 0.25), 0.5);
    ck_assert_double_eq(crema_course_decay("fixed")->value(&p, 50, 1), 0.25);
    ck_assert_double_eq(crema_course_decay("poly")->value(&p, 50, 1), 0.375);
    ck_assert_ptr_null(crema_course_decay("opt"));
    ck_assert_ptr_null(crema_course_momentum("linear"));
}
END_TEST

START_TEST(all_are_known_by_name)
{
    int n = 0;

    for (; crema_schedule_nth(n); n++)
        ck_assert_ptr_eq(crema_schedule_find(crema_schedule_nth(n)->name),
                         crema_schedule_nth(n));
    ck_assert_int_eq(n, 11);
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
    tcase_add_test(all, warm_up_is_linear);
    tcase_add_test(all, ramp_up_is_quadratic);
    tcase_add_test(all, rates_have_a_floor);
    tcase_add_test(all, plateau_falls_when_nothing_improves);
    tcase_add_test(all, courses);
    tcase_add_test(all, all_are_known_by_name);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
