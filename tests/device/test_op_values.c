/* test_op_values.c - ops held against numbers worked out by hand, on ref. */
#include "device/rig.h"

/* P = (3/4, 1/4), T = (0.9, 0.1): 2 (0.9 log 4/3 + 0.1 log 4) */
START_TEST(smoothed_loss)
{
    const struct crema_softmax_loss l = { .axis = 1, .smoothing = 0.2f };
    struct crema_tensor *x, *label, *weight;
    float loss;
    struct run r;

    begin(&r);
    x = input(&r, CREMA_SHAPE(1, 2), V(1.0986123f, 0));
    label = input(&r, CREMA_SHAPE(1), V(0));
    weight = input(&r, CREMA_SHAPE(2), V(2, 5));
    good(&r,
         run(&r, 1, crema_softmax_with_loss(r.p, &l, x, label, weight, NULL),
             &loss));
    ck_assert_float_eq_tol(loss, 0.7950865f, 1e-6f);
    end(&r);
}
END_TEST

static float accuracy(struct run *r, int k, struct crema_shape x,
                      const float *scores, struct crema_shape labels,
                      const float *label, float *each)
{
    const struct crema_accuracy a = { 1, k, true, 9 };
    struct crema_tensor *per_class, *y;
    float got;

    begin(r);
    y = crema_top_accuracy(r->p, &a, input(r, x, scores),
                           input(r, labels, label), &per_class);
    crema_program_keep(per_class);
    good(r, run(r, 1, y, &got));
    if (each) good(r, crema_tensor_read(r->dev, per_class, each));
    end(r);
    return got;
}

START_TEST(accuracies)
{
    const float nan = NAN;
    float each[3];
    struct run r;

    /* a tie counts against the true class */
    ck_assert_float_eq(accuracy(&r, 1, CREMA_SHAPE(2, 3), V(1, 1, 0, 0, 2, 1),
                                CREMA_SHAPE(2), V(0, 1), each),
                       0.5f);
    equal(each, V(0, 1, 0), 3);
    ck_assert_float_eq(accuracy(&r, 2, CREMA_SHAPE(2, 3), V(1, 1, 0, 0, 2, 1),
                                CREMA_SHAPE(2), V(0, 2), NULL),
                       1);
    /* a NaN of the true class counts as right */
    ck_assert_float_eq(accuracy(&r, 1, CREMA_SHAPE(1, 3), V(nan, 1, 2),
                                CREMA_SHAPE(1), V(0), NULL),
                       1);
    /* all ignored */
    ck_assert_float_eq(accuracy(&r, 1, CREMA_SHAPE(1, 3), V(3, 1, 2),
                                CREMA_SHAPE(1), V(9), NULL),
                       0);
    /* positions, one of them ignored */
    ck_assert_float_eq(accuracy(&r, 1, CREMA_SHAPE(1, 2, 3),
                                V(1, 0, 1, 0, 1, 0), CREMA_SHAPE(1, 3),
                                V(0, 9, 1), NULL),
                       0.5f);
}
END_TEST

static const struct {
    float label;
    const char *message;
} bad_labels[] = {
    { 3,
      "layer \"l\": label 3 at index 1 is not one of the 3 classes, 0 to 2" },
    { -1, "label -1 at index 1" },
    { 1e30f, "label 1e+30 at index 1" },
    { NAN, "label nan at index 1" },
};

START_TEST(labels)
{
    const struct crema_softmax_loss loss = { .axis = 1,
                                             .ignores = true,
                                             .ignore_label = 255 };
    float label[3] = { 2, bad_labels[_i].label, 255 }, y;
    struct crema_tensor *t;
    struct run r;

    begin(&r);
    t = input(&r, CREMA_SHAPE(3), label);
    t = crema_softmax_with_loss(
        r.p, &loss, input(&r, CREMA_SHAPE(3, 3), V(1, 2, 3, 1, 2, 3, 1, 2, 3)),
        t, NULL, NULL);
    ck_assert_int_eq(r.in[0]->labels, 3);
    ck_assert(r.in[0]->ignores);
    ck_assert_int_eq(run(&r, 1, t, &y), CREMA_EINVAL);
    ck_assert_msg(strstr(r.ctx->message, bad_labels[_i].message), "%s",
                  r.ctx->message);
    end(&r);
}
END_TEST

/* Of two readers the stricter one counts. */
START_TEST(labels_of_two_readers)
{
    struct crema_tensor *t;
    struct run r;

    begin(&r);
    t = input(&r, CREMA_SHAPE(1), V(0));
    crema_expect_labels(t, 10, true, 255);
    crema_expect_labels(t, 5, true, 255);
    ck_assert_int_eq(t->labels, 5);
    ck_assert(t->ignores);
    crema_expect_labels(t, 7, false, 0);
    ck_assert_int_eq(t->labels, 5);
    ck_assert(!t->ignores);
    end(&r);
}
END_TEST

/* MAX: the first of equal ones; a window without an element gives 0, -1. */
START_TEST(pooling_mask)
{
    const struct crema_pool pool = {
        CREMA_POOL_MAX, { 1, 2 }, { 1, 4 }, { 0, 0 }, true
    };
    struct crema_tensor *mask, *y;
    float got[2];
    struct run r;

    begin(&r);
    y = crema_pooling(
        r.p, &pool, input(&r, CREMA_SHAPE(1, 1, 1, 4), V(-2, -2, 5, 6)), &mask);
    ck_assert_int_eq(y->shape.dim[3], 2);
    crema_program_keep(mask);
    good(&r, run(&r, 1, y, got));
    equal(got, V(-2, 0), 2);
    good(&r, crema_tensor_read(r.dev, mask, got));
    equal(got, V(0, -1), 2);
    end(&r);
}
END_TEST

/* Of the first two equal ones the second wins, of later ones the earlier. */
START_TEST(maximum_of_equals)
{
    struct crema_tensor *x[3], *y, *dy;
    const float four = 4;
    float got[1];
    struct run r;

    begin(&r);
    for (int i = 0; i < 3; i++) {
        x[i] = input(&r, CREMA_SHAPE(1), &four);
        x[i]->needs_grad = true;
    }
    y = crema_maximum(r.p, 3, x);
    dy = input(&r, CREMA_SHAPE(1), V(7));
    crema_program_end(r.p, CREMA_FORWARD);
    crema_program_seed(r.p, y, dy);
    good(&r, crema_program_differentiate(r.p));
    for (int i = 0; i < 3; i++) crema_program_keep(x[i]->grad);
    good(&r, run(&r, 1, y, got));
    for (int i = 0; i < 3; i++) {
        good(&r, crema_tensor_read(r.dev, x[i]->grad, got));
        ck_assert_float_eq(got[0], i == 1 ? 7 : 0);
    }
    end(&r);
}
END_TEST

enum { MASKED = 40000 };

static void mask(struct run *r, uint32_t seed, uint32_t stream, int steps,
                 float *out)
{
    static float ones[MASKED];

    for (int i = 0; i < MASKED; i++) ones[i] = 1;
    begin(r);
    good(r, run(r, steps,
                crema_dropout(r->p, 0.25f, seed, stream,
                              input(r, CREMA_SHAPE(MASKED), ones)),
                out));
    end(r);
}

START_TEST(dropout)
{
    static float a[MASKED], b[MASKED];
    int kept = 0;
    struct run r;

    mask(&r, 1, 2, 1, a);
    for (int i = 0; i < MASKED; i++) {
        ck_assert(a[i] == 0 || fabsf(a[i] - 4 / 3.0f) < 1e-6f);
        kept += a[i] != 0;
    }
    ck_assert_int_le(abs(kept - 30000), 400);
    mask(&r, 1, 2, 1, b);
    ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
    mask(&r, 1, 2, 2, b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
    mask(&r, 1, 3, 1, b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
    mask(&r, 2, 2, 1, b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
}
END_TEST

enum { WINDOWS = 40000 };

/* Windows of 2 x 2: shares of 0.1, 0.2, 0 and 0.7.  counts: how often each
 * element was drawn; y: what was. */
static void draw_windows(uint32_t seed, uint32_t stream, int steps,
                         int counts[4], float *y)
{
    static const float shares[4] = { 0.5f, 1, -3, 3.5f };
    static const struct crema_pool pool = { .kernel = { 2, 2 },
                                            .stride = { 2, 2 } };
    static float x[4 * WINDOWS];
    struct run r;

    for (int i = 0; i < 4 * WINDOWS; i++)
        x[i] = shares[i / (2 * WINDOWS) * 2 + i % 2];
    begin(&r);
    good(&r, run(&r, steps,
                 crema_pooling_draw(
                     r.p, &pool, seed, stream,
                     input(&r, CREMA_SHAPE(1, 1, 2, 2 * WINDOWS), x)),
                 y));
    end(&r);
    memset(counts, 0, 4 * sizeof *counts);
    for (int i = 0; i < WINDOWS; i++)
        for (int k = 0; k < 4; k++) counts[k] += y[i] == shares[k];
}

/* Each share within four standard deviations, at most 92 of 40000. */
START_TEST(draws)
{
    static float a[WINDOWS], b[WINDOWS];
    int counts[4];

    draw_windows(1, 2, 1, counts, a);
    ck_assert_int_le(abs(counts[0] - WINDOWS / 10), 240);
    ck_assert_int_le(abs(counts[1] - WINDOWS / 5), 320);
    ck_assert_int_eq(counts[2], 0);
    ck_assert_int_le(abs(counts[3] - WINDOWS / 10 * 7), 368);
    ck_assert_int_eq(counts[0] + counts[1] + counts[3], WINDOWS);
    draw_windows(1, 2, 1, counts, b);
    ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
    draw_windows(1, 2, 2, counts, b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
    draw_windows(1, 3, 1, counts, b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
    draw_windows(2, 2, 1, counts, b);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
}
END_TEST

/* Zeros alone, and below zero: the first. */
START_TEST(draws_without_shares)
{
    static const float x[8] = { -1, 0, -2, 0, 0, 0, -3, 0 };
    static const struct crema_pool pool = { .kernel = { 2, 2 },
                                            .stride = { 2, 2 } };
    float y[2];
    struct run r;

    begin(&r);
    good(&r, run(&r, 1,
                 crema_pooling_draw(r.p, &pool, 1, 2,
                                    input(&r, CREMA_SHAPE(1, 1, 2, 4), x)),
                 y));
    ck_assert_float_eq(y[0], -1);
    ck_assert_float_eq(y[1], -2);
    end(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("op values");
    TCase *t = tcase_create("ref");

    tcase_add_test(t, smoothed_loss);
    tcase_add_test(t, accuracies);
    tcase_add_loop_test(t, labels, 0, sizeof bad_labels / sizeof *bad_labels);
    tcase_add_test(t, labels_of_two_readers);
    tcase_add_test(t, pooling_mask);
    tcase_add_test(t, maximum_of_equals);
    tcase_add_test(t, dropout);
    tcase_add_test(t, draws);
    tcase_add_test(t, draws_without_shares);
    suite_add_tcase(s, t);
    return run_suite(s);
}
