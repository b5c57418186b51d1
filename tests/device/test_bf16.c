/* test_bf16.c - the device "cpu" in bf16 gives nearly what the definition
 * gives. */
#include "support/op_cases.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(parity)
{
    char message[PARITY_MESSAGE];

    if (!parity_holds_in(CREMA_BF16, op_case(_i), "ref", "cpu", 2, message))
        ck_abort_msg("%s", message);
}
END_TEST

static bool possible(void)
{
    struct crema_ctx ctx = { 0 };
    struct crema_device *dev;
    bool lacks;

    if (crema_device_open(&ctx, "cpu", 1, &dev) != CREMA_OK) return false;
    lacks = crema_device_lacks(dev, CREMA_BF16) != NULL;
    crema_device_free(dev);
    return !lacks;
}

int main(void)
{
    Suite *s = suite_create("cpu in bf16");
    TCase *tc = tcase_create("parity with ref");
    int cases = 0;

    setenv("CREMA_CPU_BF16", "emulate", 1);
    if (!possible()) return 77;
    while (op_case(cases)) cases++;
    tcase_add_loop_test(tc, parity, 0, cases);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
