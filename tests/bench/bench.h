/* bench.h - what the benchmarks of the data floor share. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "crema.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct crema_ctx *ctx;

/* Ends the program where something fails. */
static inline void need(enum crema_status status)
{
    if (status == CREMA_OK) return;
    fprintf(stderr, "%s\n", crema_ctx_message(ctx));
    exit(1);
}

/* Of the whole process. */
static inline double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
