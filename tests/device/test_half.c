/* test_half.c - numbers of 16 bits: every one there and back, and all between
 * neighbours to the nearer of them. */
#include "device/cuda/kernels/values.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

struct half {
    const char *name;
    float (*from)(uint16_t);
    uint16_t (*to)(float);
    uint16_t infinite;
};

static float from_bf16(uint16_t h)
{
    return crema_from_bf16(h);
}

static uint16_t to_bf16(float f)
{
    return crema_to_bf16(f);
}

static float from_f16(uint16_t h)
{
    return crema_from_f16(h);
}

static uint16_t to_f16(float f)
{
    return crema_to_f16(f);
}

static const struct half halves[] = {
    { "bf16", from_bf16, to_bf16, 0x7f80 },
    { "fp16", from_f16, to_f16, 0x7c00 },
};
enum { HALVES = sizeof halves / sizeof *halves };

static void hold(const struct half *h, float f, unsigned want)
{
    ck_assert_msg(h->to(f) == want && h->to(-f) == (want | 0x8000),
                  "%s of %.9g is %04x, should be %04x", h->name, (double)f,
                  h->to(f), want);
}

START_TEST(there_and_back)
{
    const struct half *h = &halves[_i];

    for (unsigned i = 0; i <= h->infinite; i++)
        hold(h, h->from((uint16_t)i), i);
}
END_TEST

/* Between neighbours: the middle to the even one, what is beside it to the
 * nearer. */
START_TEST(nearest)
{
    const struct half *h = &halves[_i];

    for (unsigned i = 0; i + 1 < h->infinite; i++) {
        float low = h->from((uint16_t)i), high = h->from((uint16_t)(i + 1));
        float middle = (float)(((double)low + high) / 2);

        hold(h, middle, i % 2 ? i + 1 : i);
        hold(h, nextafterf(middle, low), i);
        hold(h, nextafterf(middle, high), i + 1);
    }
}
END_TEST

/* What no number holds is infinite; what is not a number stays that. */
START_TEST(beyond)
{
    const struct half *h = &halves[_i];
    float most = h->from((uint16_t)(h->infinite - 1));
    float step = most - h->from((uint16_t)(h->infinite - 2));

    hold(h, most + step / 2, h->infinite);
    hold(h, nextafterf(most + step / 2, 0), h->infinite - 1u);
    hold(h, INFINITY, h->infinite);
    hold(h, 3.4e38f, h->infinite);
    ck_assert(isnan(h->from(h->to(NAN))));
    ck_assert(isnan(h->from(h->to(-NAN))));
    ck_assert(isinf(h->from(h->infinite)));
    ck_assert(isnan(h->from((uint16_t)(h->infinite + 1))));
}
END_TEST

START_TEST(known)
{
    ck_assert_uint_eq(crema_to_f16(1), 0x3c00);
    ck_assert_uint_eq(crema_to_f16(65504), 0x7bff);
    ck_assert_uint_eq(crema_to_f16(-0.0f), 0x8000);
    ck_assert_uint_eq(crema_to_f16(5.9604645e-8f), 1);
    ck_assert_uint_eq(crema_to_bf16(1), 0x3f80);
    ck_assert_float_eq(crema_from_f16(0x3555), 0.333251953125f);
}
END_TEST

/* Packs hold what single numbers do, the last of odd counts too, and write
 * nothing behind it. */
START_TEST(packs)
{
    const int types[] = { CREMA_F32, CREMA_BF16, CREMA_F16 };
    int type = types[_i];
    enum { MOST = 40 };

    for (int count = 1; count <= MOST; count++) {
        char *x = aligned_alloc(64, 256), *y = aligned_alloc(64, 256);

        memset(x, 0, 256);
        memset(y, 0x55, 256);
        for (int i = 0; i < count; i++)
            crema_store(x, type, i, (float)(i * i) - 17.5f);
        for (int64_t p = 0; p < crema_packs(count, type); p++) {
            struct crema_pack v = crema_load_pack(x, type, count, p);

            for (int k = 0; k < crema_pack_size(type); k++) {
                int64_t i = p * crema_pack_size(type) + k;

                ck_assert_float_eq(v.v[k],
                                   i < count ? crema_load(x, type, i) : 0);
            }
            crema_store_pack(y, type, count, p, &v);
        }
        for (size_t i = 0; i < 256; i++)
            ck_assert_int_eq(
                y[i], i < (size_t)count * crema_type_bytes(type) ? x[i] : 0x55);
        free(x);
        free(y);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("numbers of 16 bits");
    TCase *tc = tcase_create("conversions");

    tcase_add_loop_test(tc, there_and_back, 0, HALVES);
    tcase_add_loop_test(tc, nearest, 0, HALVES);
    tcase_add_loop_test(tc, beyond, 0, HALVES);
    tcase_add_test(tc, known);
    tcase_add_loop_test(tc, packs, 0, 3);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
