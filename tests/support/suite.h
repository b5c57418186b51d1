/* suite.h - the end of a test program's main. */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs the suite, as fork status says, and frees it; the exit status.  A suite
 * in which nothing ran has not passed. */
static inline int run_suite_as(Suite *suite, enum fork_status fork)
{
    SRunner *runner = srunner_create(suite);
    int run, failed;

    srunner_set_fork_status(runner, fork);
    srunner_run_all(runner, CK_NORMAL);
    run = srunner_ntests_run(runner);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (run == 0) printf("no test ran\n");
    return run == 0 || failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* CK_FORK=no, as debuggers want it, is heeded. */
static inline int run_suite(Suite *suite)
{
    return run_suite_as(suite, CK_FORK_GETENV);
}

#endif
