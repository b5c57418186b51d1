/* test_boxes.c - boxes, worked out by hand. */
#include "layers/boxes.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>

static const struct crema_box unit = { 0, 0, 1, 1 };

static void same_box(struct crema_box a, struct crema_box b)
{
    ck_assert_float_eq_tol(a.left, b.left, 1e-6f);
    ck_assert_float_eq_tol(a.top, b.top, 1e-6f);
    ck_assert_float_eq_tol(a.right, b.right, 1e-6f);
    ck_assert_float_eq_tol(a.bottom, b.bottom, 1e-6f);
}

START_TEST(areas_and_overlaps)
{
    const struct crema_box half = { 0.5f, 0, 1.5f, 1 }, beside = { 1, 0, 2, 1 };
    const struct crema_box inside = { 0.25f, 0.25f, 0.75f, 0.75f };

    ck_assert_float_eq(crema_box_area(&unit), 1);
    ck_assert_float_eq(crema_box_area(&inside), 0.25f);
    ck_assert_float_eq(crema_box_overlap(&unit, &unit), 1);
    ck_assert_float_eq_tol(crema_box_overlap(&unit, &half), 1 / 3.0f, 1e-6f);
    ck_assert_float_eq(crema_box_overlap(&unit, &inside), 0.25f);
    ck_assert_float_eq(crema_box_overlap(&unit, &beside), 0);
}
END_TEST

START_TEST(odd_boxes)
{
    const struct crema_box turned = { 1, 1, 0, 0 }, line = { 0, 0, 1, 0 };
    const struct crema_box nan = { NAN, 0, 1, 1 };
    const struct crema_box all = { -INFINITY, -INFINITY, INFINITY, INFINITY };
    const struct crema_box *odd[] = { &turned, &line, &nan };

    for (int i = 0; i < 3; i++) {
        ck_assert_float_eq(crema_box_area(odd[i]), 0);
        ck_assert_float_eq(crema_box_overlap(odd[i], odd[i]), 0);
        ck_assert_float_eq(crema_box_overlap(odd[i], &unit), 0);
        ck_assert_float_eq(crema_box_overlap(&unit, odd[i]), 0);
    }
    ck_assert_float_eq(crema_box_overlap(&all, &unit), 0);
}
END_TEST

static const struct crema_box prior = { 0.2f, 0.4f, 0.6f, 0.6f };
static const float variance[4] = { 0.1f, 0.1f, 0.2f, 0.2f };

/* code, its variance and the box that it says of `prior` */
static const struct {
    enum crema_box_code how;
    const float *variance;
    float code[4];
    struct crema_box box;
} codes[] = {
    { CREMA_BOX_CORNER,
      NULL,
      { 0.1f, -0.1f, 0.2f, 0.3f },
      { 0.3f, 0.3f, 0.8f, 0.9f } },
    { CREMA_BOX_CORNER,
      variance,
      { 1, -1, 1, 1.5f },
      { 0.3f, 0.3f, 0.8f, 0.9f } },
    /* centre 0.4 + 0.5 0.4, 0.5 - 0.5 0.2; size 2 0.4, 0.2 / 2 */
    { CREMA_BOX_CENTER_SIZE,
      NULL,
      { 0.5f, -0.5f, 0.6931472f, -0.6931472f },
      { 0.2f, 0.35f, 1, 0.45f } },
    { CREMA_BOX_CENTER_SIZE,
      variance,
      { 5, -5, 3.465736f, -3.465736f },
      { 0.2f, 0.35f, 1, 0.45f } },
    { CREMA_BOX_CORNER_SIZE,
      NULL,
      { 0.5f, 1, -0.25f, 2 },
      { 0.4f, 0.6f, 0.5f, 1 } },
    { CREMA_BOX_CORNER_SIZE,
      variance,
      { 5, 10, -1.25f, 10 },
      { 0.4f, 0.6f, 0.5f, 1 } },
};

START_TEST(codes_both_ways)
{
    float code[4];

    same_box(crema_box_decode(codes[_i].how, &prior, codes[_i].variance,
                              codes[_i].code),
             codes[_i].box);
    crema_box_encode(codes[_i].how, &prior, codes[_i].variance, &codes[_i].box,
                     code);
    for (int k = 0; k < 4; k++)
        ck_assert_float_eq_tol(code[k], codes[_i].code[k], 2e-5f);
}
END_TEST

/* Four boxes of width 1: 1 is box 0 moved by a quarter (overlap 0.6), 2 by a
 * half (1/3; with 1 0.6), 3 is elsewhere. */
static const struct crema_box row[] = {
    { 0, 0, 1, 1 },
    { 0.25f, 0, 1.25f, 1 },
    { 0.5f, 0, 1.5f, 1 },
    { 3, 0, 4, 1 },
};

static const struct {
    struct crema_suppression how;
    float score[4];
    int64_t n;
    int32_t kept[4];
} suppressions[] = {
    { { 0.5f, 1, -1, 0 }, { 0.9f, 0.8f, 0.7f, 0.6f }, 3, { 0, 2, 3 } },
    { { 0.5f, 1, -1, 0 }, { 0.7f, 0.9f, 0.8f, 1 }, 2, { 3, 1 } },
    { { 0.3f, 1, -1, 0 }, { 0.9f, 0.8f, 0.7f, 0.6f }, 2, { 0, 3 } },
    { { 0.7f, 1, -1, 0 }, { 1, 1, 1, 1 }, 4, { 0, 1, 2, 3 } },
    { { 0.7f, 1, 2, 0 }, { 1, 3, 2, 1 }, 2, { 1, 2 } },
    { { 0.7f, 1, 0, 0 }, { 1, 3, 2, 1 }, 0, { 0 } },
    /* the threshold falls to 0.595 with the first */
    { { 0.7f, 0.85f, -1, 0 }, { 4, 3, 2, 1 }, 3, { 0, 2, 3 } },
    { { 0.7f, 1, -1, 1.5f }, { 4, 3, 2, 1 }, 0, { 0 } },
    { { 0.5f, 1, -1, 0 }, { NAN, 0.8f, NAN, 0.6f }, 2, { 1, 3 } },
};

START_TEST(suppression)
{
    struct crema_scored list[4];
    int64_t n;

    for (int i = 0; i < 4; i++)
        list[i] = (struct crema_scored){ suppressions[_i].score[i], i };
    n = crema_box_suppress(&suppressions[_i].how, row, 4, list);
    ck_assert_int_eq(n, suppressions[_i].n);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(list[i].box, suppressions[_i].kept[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("boxes");
    TCase *t = tcase_create("boxes");

    tcase_add_test(t, areas_and_overlaps);
    tcase_add_test(t, odd_boxes);
    tcase_add_loop_test(t, codes_both_ways, 0, sizeof codes / sizeof *codes);
    tcase_add_loop_test(t, suppression, 0,
                        sizeof suppressions / sizeof *suppressions);
    suite_add_tcase(s, t);
    return run_suite(s);
}
