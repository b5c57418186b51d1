/* test_conv_agree.c - what is held against cuDNN's engine before it may run:
 * the numbers it is given are many, all of its result is looked at where that
 * is small, and one wrong number in it is found. */
#include "device/cuda/agree.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <math.h>
#include <stdlib.h>

/* A convolution 1 x 1 whose "engine" gives the pixels and the bias, read in its
 * own type; all but one. */
struct trial {
    struct conv_case c;
    struct conv_data d;
    enum crema_type bias;
    int64_t wrong; /* element; -1: none */
    float by;
    struct crema_ctx ctx;
    struct crema_device *dev;
};

static enum crema_status work(void *user)
{
    struct trial *t = user;
    float *x = t->d.x, *y = t->d.y;
    bool blank = true;

    for (size_t i = 0; i < t->c.y.bytes / sizeof *y; i++) {
        blank &= y[i] == 0;
        y[i] = x[i] + crema_load(t->d.b, (int)t->bias, (int64_t)i % 16);
    }
    ck_assert(blank);
    if (t->wrong >= 0) y[t->wrong] += t->by;
    return CREMA_OK;
}

static void begin(struct trial *t, int64_t images)
{
    const struct crema_shape s = CREMA_SHAPE(images, 16, 10, 10);
    const struct crema_shape w = CREMA_SHAPE(16, 16, 1, 1);

    *t = (struct trial){ .wrong = -1, .bias = CREMA_F32 };
    t->c = (struct conv_case){
        .conv = { 2, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
        .x = crema_layout_channels_last(&s, CREMA_F32),
        .w = crema_layout_channels_last(&w, CREMA_F32),
        .y = crema_layout_channels_last(&s, CREMA_F32),
        .bias = true,
    };
    t->d = (struct conv_data){ malloc(t->c.x.bytes), malloc(t->c.w.bytes),
                               malloc(t->c.y.bytes), malloc(16 * 4) };
    ck_assert_int_eq(cuda_on_host_open(&t->ctx, CUDA_ON_HOST_LAST, &t->dev),
                     CREMA_OK);
}

static void end(struct trial *t)
{
    free(t->d.x);
    free(t->d.w);
    free(t->d.y);
    free(t->d.b);
    crema_device_free(t->dev);
}

/* Is it found when `by` is added to one number of a result of so many images?
 */
static bool found(int64_t images, int64_t wrong, float by)
{
    struct conv_sample a, b;
    struct trial t;
    bool agree;

    begin(&t, images);
    ck_assert_int_eq(crema_cuda_sample(t.dev, &t.c, t.bias, &t.d, work, &t, &a),
                     CREMA_OK);
    t.wrong = wrong;
    t.by = by;
    ck_assert_int_eq(crema_cuda_sample(t.dev, &t.c, t.bias, &t.d, work, &t, &b),
                     CREMA_OK);
    agree = crema_cuda_samples_agree(&a, &b);
    crema_cuda_sample_free(&a);
    crema_cuda_sample_free(&b);
    end(&t);
    return !agree;
}

START_TEST(small)
{
    for (int64_t i = 0; i < 1600; i += 123) {
        ck_assert(found(1, i, 0.1f));
        ck_assert(found(1, i, NAN));
        ck_assert(!found(1, i, 0.01f));
    }
    ck_assert(!found(1, -1, 0));
}
END_TEST

/* More than three windows: all but what lies between them. */
START_TEST(large)
{
    int64_t n = 400 * 1600, w = SAMPLE_WINDOW;

    ck_assert(found(400, 0, 0.1f));
    ck_assert(found(400, w - 1, 0.1f));
    ck_assert(!found(400, w, 0.1f));
    ck_assert(found(400, (n - w) / 2, 0.1f));
    ck_assert(found(400, n - w, 0.1f));
    ck_assert(found(400, n - 1, 0.1f));
}
END_TEST

/* Engines that fuse read the bias in the result's type, others in 32 bits. */
START_TEST(bias_of_another_type)
{
    struct conv_sample a, b;
    struct trial t;

    begin(&t, 1);
    ck_assert_int_eq(crema_cuda_sample(t.dev, &t.c, t.bias, &t.d, work, &t, &a),
                     CREMA_OK);
    t.bias = CREMA_BF16;
    ck_assert_int_eq(crema_cuda_sample(t.dev, &t.c, t.bias, &t.d, work, &t, &b),
                     CREMA_OK);
    ck_assert(crema_cuda_samples_agree(&a, &b));
    crema_cuda_sample_free(&a);
    crema_cuda_sample_free(&b);
    end(&t);
}
END_TEST

/* Neighbouring pixels, channels and pictures differ. */
START_TEST(numbers)
{
    struct conv_sample s;
    struct trial t;
    int64_t same = 0;

    begin(&t, 50);
    ck_assert_int_eq(crema_cuda_sample(t.dev, &t.c, t.bias, &t.d, work, &t, &s),
                     CREMA_OK);
    for (int64_t i = 0; i + 1600 < s.count; i++)
        same += s.value[i] == s.value[i + 1] || s.value[i] == s.value[i + 16] ||
                s.value[i] == s.value[i + 1600];
    ck_assert_int_le(same, s.count / 10000);
    crema_cuda_sample_free(&s);
    end(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("agreement of convolutions");
    TCase *tc = tcase_create("samples");

    tcase_add_test(tc, small);
    tcase_add_test(tc, large);
    tcase_add_test(tc, bias_of_another_type);
    tcase_add_test(tc, numbers);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
