/* gpu.h - GPU tests are skipped, with a reason, where there is no GPU.
 *
 * A GPU that is there but cannot be used is a failure, not a reason to skip.
 * CUDA does not survive a fork: suites run in one process.
 */
#ifndef TESTS_GPU_GPU_H
#define TESTS_GPU_GPU_H

#include "device/module.h"
#include "support/suite.h"

enum { SKIPPED = 77 };

/* Fits the end of a main: what the suite comes to, or 77. */
static inline int gpu_main(Suite *s)
{
    const char *why = "";

    if (crema_module_count(&why) > 0) return run_suite_as(s, CK_NOFORK);
    srunner_free(srunner_create(s)); /* the suite goes with it */
    printf("skipped: %s\n", why);
    return SKIPPED;
}

#endif
