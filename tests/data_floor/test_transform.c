/* test_transform.c - crop, mirror, mean and scale, against a loop that does
 * one number at a time. */
#include "data_floor/make_db.h"

#include "data/mean.h"
#include "data/transform.h"
#include "support/suite.h"

enum { C = 3, H = 11, W = 13, COUNT = C * H * W };

static uint8_t planes[COUNT], pixels[COUNT];
static float floats[COUNT], mean[COUNT];

static void setup(void)
{
    const int shape[3] = { C, H, W };

    open_scratch();
    for (int c = 0; c < C; c++)
        for (int i = 0; i < H * W; i++) {
            int at = c * H * W + i;

            planes[at] = pixels[i * C + c] = db_byte(3, at);
            floats[at] = (float)planes[at] + 0.25f;
            mean[at] = (float)(at % 50) * 0.5f;
        }
    OK(crema_mean_write(ctx, in_scratch("mean.binaryproto"), mean, shape));
}

static struct crema_sample sample_of(int kind)
{
    struct crema_sample s = { .channels = C, .height = H, .width = W };

    if (kind == 0) s.planes = planes;
    if (kind == 1) s.floats = floats;
    if (kind == 2) s.pixels = pixels;
    return s;
}

static struct crema_transform *
transform_of(const Crema__TransformationParameter *p, bool train)
{
    struct crema_transform_options o = { p, NULL, train, 42 };
    struct crema_transform *t;

    OK(crema_transform_new(ctx, &o, &t));
    return t;
}

static float input_of(int kind, int at)
{
    return kind == 1 ? floats[at] : (float)planes[at];
}

/* Holds the result for one ordinal against the formula. */
static void check(const Crema__TransformationParameter *p,
                  const struct crema_transform *t, int kind, uint64_t ordinal)
{
    struct crema_sample s = sample_of(kind);
    struct crema_choice choice = crema_transform_choose(t, &s, ordinal);
    struct crema_scratch room = { 0 };
    float out[COUNT];
    int shape[3], n = 0;

    OK(crema_transform_shape(ctx, t, "r", &s, shape));
    OK(crema_transform_apply(ctx, t, "r", &s, ordinal, &room, out));
    for (int c = 0; c < C; c++)
        for (int y = 0; y < shape[1]; y++)
            for (int x = 0; x < shape[2]; x++, n++) {
                int u = choice.mirror ? shape[2] - 1 - x : x;
                int at = (c * H + choice.top + y) * W + choice.left + u;
                float m = p->mean_file           ? mean[at]
                          : p->n_mean_value == 1 ? p->mean_value[0]
                          : p->n_mean_value      ? p->mean_value[c]
                                                 : 0;

                ck_assert_float_eq(out[n], (input_of(kind, at) - m) * p->scale);
            }
    crema_scratch_free(&room);
}

static float means[] = { 104, 117, 123 };

static void set(Crema__TransformationParameter *p, int which)
{
    crema__transformation_parameter__init(p);
    p->mirror = which & 1;
    p->crop_size = which & 2 ? 7 : 0;
    p->scale = which & 4 ? 0.017f : 1;
    p->mean_value = means;
    if ((which >> 3) % 4 == 1) p->n_mean_value = 1;
    if ((which >> 3) % 4 == 2) p->n_mean_value = 3;
    if ((which >> 3) % 4 == 3)
        p->mean_file = (char *)in_scratch("mean.binaryproto");
}

START_TEST(by_the_formula)
{
    Crema__TransformationParameter p;

    set(&p, _i);
    for (int train = 0; train < 2; train++) {
        struct crema_transform *t = transform_of(&p, train);

        for (int kind = 0; kind < 3; kind++)
            for (uint64_t ordinal = 0; ordinal < 8; ordinal++)
                check(&p, t, kind, ordinal);
        crema_transform_free(t);
    }
}
END_TEST

START_TEST(centred_in_test)
{
    Crema__TransformationParameter p;
    struct crema_sample s = sample_of(0);
    struct crema_transform *t;
    struct crema_choice choice;

    set(&p, 2);
    t = transform_of(&p, false);
    s.height = 12; /* (12 - 7) / 2 rounds down */
    choice = crema_transform_choose(t, &s, 5);
    ck_assert_int_eq(choice.top, 2);
    ck_assert_int_eq(choice.left, 3);
    ck_assert(!choice.mirror);
    crema_transform_free(t);
}
END_TEST

START_TEST(random_in_train)
{
    enum { N = 7000 };
    Crema__TransformationParameter p;
    struct crema_sample s = sample_of(0);
    int tops[5] = { 0 }, lefts[7] = { 0 }, mirrored = 0;
    struct crema_transform *t;

    set(&p, 3);
    t = transform_of(&p, true);
    for (uint64_t i = 0; i < N; i++) {
        struct crema_choice a = crema_transform_choose(t, &s, i);
        struct crema_choice b = crema_transform_choose(t, &s, i);

        ck_assert(a.top == b.top && a.left == b.left && a.mirror == b.mirror);
        ck_assert(a.top >= 0 && a.top < 5 && a.left >= 0 && a.left < 7);
        tops[a.top]++;
        lefts[a.left]++;
        mirrored += a.mirror;
    }
    ck_assert_int_lt(abs(mirrored - N / 2), 250);
    for (int i = 0; i < 5; i++) ck_assert_int_lt(abs(tops[i] - N / 5), 200);
    for (int i = 0; i < 7; i++) ck_assert_int_lt(abs(lefts[i] - N / 7), 200);
    crema_transform_free(t);
}
END_TEST

static void refused(Crema__TransformationParameter *p, const char *reason)
{
    struct crema_transform_options o = { p, NULL, true, 0 };
    struct crema_transform *t;

    ck_assert_int_ne(crema_transform_new(ctx, &o, &t), CREMA_OK);
    ck_assert_msg(strstr(ctx->message, reason) != NULL, "%s", ctx->message);
}

START_TEST(contradictions_are_refused)
{
    Crema__TransformationParameter p;

    set(&p, 3 << 3);
    p.n_mean_value = 1;
    refused(&p, "either mean_file or mean_value");
    set(&p, 0);
    p.force_color = p.force_gray = 1;
    refused(&p, "either force_color or force_gray");
    set(&p, 2);
    p.crop_h = p.crop_w = 5;
    refused(&p, "either crop_size");
    set(&p, 0);
    p.mean_file = (char *)"/nonexistent/mean";
    refused(&p, "/nonexistent/mean");
    set(&p, 0);
    p.do_clahe = 1;
    refused(&p, "do_clahe of a fork");
    ck_assert_int_eq(ctx->status, CREMA_EUNSUPPORTED);
}
END_TEST

START_TEST(records_that_do_not_fit)
{
    static const struct {
        int which, height;
        const char *reason;
    } cases[] = { { 2, 6, "smaller than the crop of 7 x 7" },
                  { 3 << 3, 10, "but the mean in" },
                  { 2 << 3, 0, "there are 3 mean_value" } };
    Crema__TransformationParameter p;
    struct crema_sample s = sample_of(0);
    struct crema_transform *t;
    int shape[3];

    set(&p, cases[_i].which);
    t = transform_of(&p, true);
    if (cases[_i].height)
        s.height = cases[_i].height;
    else
        s.channels = 2;
    ck_assert_int_eq(crema_transform_shape(ctx, t, "record 7", &s, shape),
                     CREMA_EINVAL);
    ck_assert_msg(strstr(ctx->message, cases[_i].reason) != NULL, "%s",
                  ctx->message);
    ck_assert_msg(strncmp(ctx->message, "record 7 ", 9) == 0, "%s",
                  ctx->message);
    crema_transform_free(t);
}
END_TEST

START_TEST(crop_of_two_sides)
{
    Crema__TransformationParameter p;
    struct crema_sample s = sample_of(2);
    struct crema_transform *t;
    int shape[3];

    set(&p, 1);
    p.crop_h = 4;
    p.crop_w = 9;
    t = transform_of(&p, true);
    OK(crema_transform_shape(ctx, t, "r", &s, shape));
    ck_assert_int_eq(shape[1], 4);
    ck_assert_int_eq(shape[2], 9);
    for (uint64_t i = 0; i < 20; i++) check(&p, t, 2, i);
    crema_transform_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transform");
    TCase *t = tcase_create("transform");

    tcase_add_checked_fixture(t, setup, close_scratch);
    tcase_add_loop_test(t, by_the_formula, 0, 32);
    tcase_add_test(t, centred_in_test);
    tcase_add_test(t, random_in_train);
    tcase_add_test(t, contradictions_are_refused);
    tcase_add_loop_test(t, records_that_do_not_fit, 0, 3);
    tcase_add_test(t, crop_of_two_sides);
    suite_add_tcase(s, t);
    return run_suite(s);
}
