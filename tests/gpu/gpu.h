/* gpu.h - GPU tests are skipped, with a reason, where there is no GPU.
 *
 * A GPU that is there but cannot be used is a failure, not a reason to skip.
 * CUDA does not survive a fork: suites run in one process.
 */
#ifndef TESTS_GPU_GPU_H
#define TESTS_GPU_GPU_H

#include "device/module.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { SKIPPED = 77 };

/* Fits the end of a main: what the suite comes to, or 77. */
static inline int gpu_main(Suite *s)
{
    const char *why = "";
    SRunner *r = srunner_create(s);
    int failed = 0;

    srunner_set_fork_status(r, CK_NOFORK);
    if (crema_module_count(&why) > 0) {
        srunner_run_all(r, CK_NORMAL);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    srunner_free(r);
    printf("skipped: %s\n", why);
    return SKIPPED;
}

#endif
