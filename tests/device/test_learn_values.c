/* test_learn_values.c - what changes weights and statistics, held against
 * numbers worked out by hand, on ref. */
#include "device/rig.h"

/* g = 0.5 dw + 0.1 w;  h = 0.9 h + 0.5 * 2 g;  w -= h */
START_TEST(update)
{
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 2,
                                    .scale = 0.5f,
                                    .decay = 0.1f,
                                    .momentum = 0.9f };
    struct crema_tensor *w, *h, *dw;
    struct run r;

    begin(&r);
    w = param(&r, CREMA_SHAPE(3), V(1, -2, 0));
    h = param(&r, CREMA_SHAPE(3), V(0, 1, 0));
    dw = input(&r, CREMA_SHAPE(3), V(4, 2, -1));
    crema_update(r.p, &u, w, dw, h, NULL, NULL, NULL);
    good(&r, run(&r, 1, NULL, NULL));
    param_is(&r, 1, 3, V(2.1f, 1.7f, -0.5f));
    param_is(&r, 0, 3, V(-1.1f, -3.7f, 0.5f));
    end(&r);
}
END_TEST

/* Decay apart from the gradient, and a rate of the weight's own: r = (1 - 0.5)
 * 2 |w| / |g| = 5 / 2.5 = 2, times 0.5. */
START_TEST(update_by_own_rate)
{
    const struct crema_local_rate l = { .eta = 2,
                                        .scale = 0.5f,
                                        .momentum = 0.5f };
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 1,
                                    .scale = 0.5f,
                                    .decay = 0.25f,
                                    .decouples = true };
    struct crema_tensor *w, *h, *dw;
    struct run r;

    begin(&r);
    w = param(&r, CREMA_SHAPE(2), V(3, 4));
    h = param(&r, CREMA_SHAPE(2), NULL);
    dw = input(&r, CREMA_SHAPE(2), V(3, 4));
    crema_update(r.p, &u, w, dw, h, NULL, NULL,
                 crema_local_rate(r.p, &l, w, dw, NULL, NULL, NULL));
    good(&r, run(&r, 1, NULL, NULL));
    param_is(&r, 1, 2, V(1.5f, 2));
    param_is(&r, 0, 2, V(3 * 0.75f - 1.5f, 4 * 0.75f - 2));
    end(&r);
}
END_TEST

/* L1: decay sign(w); clipped to norm 5 of 10: dw halves. */
START_TEST(update_clipped)
{
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 1,
                                    .scale = 1,
                                    .decay = 0.1f,
                                    .l1 = true };
    struct crema_tensor *dw, *w, *h;
    struct run r;

    begin(&r);
    w = param(&r, CREMA_SHAPE(2), V(2, -3));
    h = param(&r, CREMA_SHAPE(2), NULL);
    dw = input(&r, CREMA_SHAPE(2), V(6, -8));
    crema_update(r.p, &u, w, dw, h, NULL, crema_clip_factor(r.p, 5, 1, &dw),
                 NULL);
    good(&r, run(&r, 1, NULL, NULL));
    param_is(&r, 0, 2, V(2 - 0.5f * 3.1f, -3 + 0.5f * 4.1f));
    end(&r);
}
END_TEST

START_TEST(clip_factor)
{
    const float threshold[] = { 13, 12.9f, 0 }, want[] = { 1, 12.9f / 13, 0 };
    struct crema_tensor *x[2];
    struct run r;
    float y;

    begin(&r);
    x[0] = input(&r, CREMA_SHAPE(2), V(3, 4));
    x[1] = input(&r, CREMA_SHAPE(1), V(12));
    good(&r, run(&r, 1, crema_clip_factor(r.p, threshold[_i], 2, x), &y));
    equal(&y, &want[_i], 1);
    end(&r);
}
END_TEST

/* More gradients than one op can read. */
START_TEST(clip_factor_of_many)
{
    struct crema_tensor *x[70];
    const float want = 0.5f, two = 2;
    struct run r;
    float y;

    begin(&r);
    for (int i = 0; i < 70; i++) x[i] = input(&r, CREMA_SHAPE(1), &two);
    good(&r, run(&r, 1, crema_clip_factor(r.p, sqrtf(70), 70, x), &y));
    equal(&y, &want, 1);
    end(&r);
}
END_TEST

START_TEST(accumulate_and_clear)
{
    struct crema_tensor *sum, *other;
    struct run r;

    begin(&r);
    sum = param(&r, CREMA_SHAPE(2), V(1, 2));
    other = param(&r, CREMA_SHAPE(2), V(5, 6));
    crema_accumulate(r.p, sum, input(&r, CREMA_SHAPE(2), V(0.5f, -1)));
    crema_clear(r.p, other);
    good(&r, run(&r, 3, NULL, NULL));
    param_is(&r, 0, 2, V(2.5f, -1));
    param_is(&r, 1, 2, V(0, 0));
    end(&r);
}
END_TEST

/* Twice: means 2, variances 1 (biased) of two values a channel. */
START_TEST(batch_norm_statistics)
{
    struct crema_tensor *mean, *var, *y, *s[3];
    float got[4];
    struct run r;

    begin(&r);
    s[0] = param(&r, CREMA_SHAPE(2), NULL);
    s[1] = param(&r, CREMA_SHAPE(2), NULL);
    s[2] = param(&r, CREMA_SHAPE(1), NULL);
    y = crema_batch_norm(r.p, 0, input(&r, CREMA_SHAPE(2, 2), V(1, 4, 3, 0)),
                         &mean, &var);
    crema_batch_norm_update(r.p, 0.5f, 2, mean, var, s[0], s[1], s[2]);
    good(&r, run(&r, 2, y, got));
    equal(got, V(-1, 1, 1, -1), 4);
    param_is(&r, 0, 2, V(3, 3));
    param_is(&r, 1, 2, V(3, 12));
    param_is(&r, 2, 1, V(1.5f));
    end(&r);
}
END_TEST

/* The same averaged: r m + (1 - r) new, and the biased variance. */
START_TEST(running_averages)
{
    struct crema_tensor *mean, *var, *y, *s[2];
    float got[4];
    struct run r;

    begin(&r);
    for (int i = 0; i < 2; i++) s[i] = param(&r, CREMA_SHAPE(2), NULL);
    y = crema_batch_norm(r.p, 0, input(&r, CREMA_SHAPE(2, 2), V(1, 4, 3, 0)),
                         &mean, &var);
    crema_batch_norm_update(r.p, 0.75f, 2, mean, var, s[0], s[1], NULL);
    good(&r, run(&r, 2, y, got));
    param_is(&r, 0, 2, V(0.875f, 0.875f));
    param_is(&r, 1, 2, V(0.4375f, 1.75f));
    end(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("learn values");
    TCase *t = tcase_create("ref");

    tcase_add_test(t, update);
    tcase_add_test(t, update_clipped);
    tcase_add_test(t, update_by_own_rate);
    tcase_add_loop_test(t, clip_factor, 0, 3);
    tcase_add_test(t, clip_factor_of_many);
    tcase_add_test(t, accumulate_and_clear);
    tcase_add_test(t, batch_norm_statistics);
    tcase_add_test(t, running_averages);
    suite_add_tcase(s, t);
    return run_suite(s);
}
