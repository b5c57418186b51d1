/* test_cpu.c - the device "cpu" gives what the definition gives. */
#include "support/op_cases.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(parity)
{
    char message[PARITY_MESSAGE];

    if (!parity_holds(op_case(_i), "ref", "cpu", 2, message))
        ck_abort_msg("%s", message);
}
END_TEST

enum { MANY = 1 << 17 };

/* Products below 1.2e-38 that are not zero, over two threads. */
static int tiny_products(void)
{
    volatile float a = 1e-25f, b = 1e-15f;
    int n = 0;

#pragma omp parallel num_threads(2) reduction(+ : n)
    n += a * b > 0;
    return n;
}

/* max(x, 0) of a number below 1.2e-38, by the first and the last element. */
static void relu_of_tiny(const char *device, float y[2])
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_heap heap = { 0 };
    struct crema_device *dev;
    struct crema_program *p;
    struct crema_tensor *x, *out;
    float *data = malloc(sizeof *data * MANY);

    ck_assert_ptr_nonnull(data);
    for (int i = 0; i < MANY; i++) data[i] = 1e-40f;
    ck_assert_int_eq(crema_device_open(ctx, device, 2, &dev), CREMA_OK);
    ck_assert_int_eq(crema_program_open(dev, &heap, false, &p), CREMA_OK);
    x = crema_program_input(p, &CREMA_SHAPE(2, MANY / 2), CREMA_F32);
    out = crema_unary(p, CREMA_UNARY_relu, NULL, x);
    crema_program_keep(out);
    crema_program_end(p, CREMA_FORWARD);
    ck_assert_int_eq(crema_program_prepare(p), CREMA_OK);
    ck_assert_int_eq(crema_tensor_write(dev, x, data), CREMA_OK);
    ck_assert_int_eq(
        crema_program_run(p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL),
        CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(dev, out, data), CREMA_OK);
    y[0] = data[0];
    y[1] = data[MANY - 1];
    crema_program_free(p);
    crema_heap_release(&heap);
    crema_device_free(dev);
    crema_ctx_free(ctx);
    free(data);
}

/* While the device computes, and only then. */
START_TEST(tiny_numbers)
{
    float y[2];

    ck_assert_int_eq(tiny_products(), 2);
    relu_of_tiny("ref", y);
    ck_assert(y[0] > 0 && y[1] > 0);
    relu_of_tiny("cpu", y);
#if defined(__x86_64__)
    ck_assert(y[0] == 0 && y[1] == 0);
#endif
    ck_assert_int_eq(tiny_products(), 2);
}
END_TEST

/* However convolutions lie, and so what follows them. */
START_TEST(arranged)
{
    static const char *const devices[] = { "cpu blocked", "cpu last",
                                           "cpu packed" };
    char message[PARITY_MESSAGE];

    for (int i = 0; i < 3; i++)
        if (!parity_holds(op_case(_i), "ref", devices[i], 2, message))
            ck_abort_msg("%s: %s", devices[i], message);
}
END_TEST

/* A tile's values are added up, multiplied and added up again, with factors up
 * to 25: errors grow by that much. */
START_TEST(winograd)
{
    struct parity_case c = *op_case(_i);
    char message[PARITY_MESSAGE];

    c.tolerance = 25 * (c.tolerance > 0 ? c.tolerance : 2e-5f);
    if (!parity_holds(&c, "ref", "cpu winograd", 2, message))
        ck_abort_msg("%s", message);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu");
    TCase *tc = tcase_create("parity with ref");
    int cases = 0;

    while (op_case(cases)) cases++;
    tcase_add_loop_test(tc, parity, 0, cases);
    tcase_add_loop_test(tc, arranged, 0, cases);
    tcase_add_loop_test(tc, winograd, 0, cases);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, tiny_numbers);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
