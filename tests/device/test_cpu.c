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

int main(void)
{
    Suite *s = suite_create("cpu");
    TCase *tc = tcase_create("parity with ref");
    int cases = 0;

    while (op_case(cases)) cases++;
    tcase_add_loop_test(tc, parity, 0, cases);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
