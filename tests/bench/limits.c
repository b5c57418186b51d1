/* limits.c - what this processor can do: FLOP/s of oneDNN's sgemm and memory
 * bandwidth of a triad, the best of several tries.  limits THREADS DNNL_LIBRARY
 *
 * One thread is measured by its CPU time, which others on the machine hardly
 * change; several by wall time.
 *
 * oneDNN is the one that crema loads, and is opened by name: no header has to
 * be there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIDE = 2048, TRIES = 5 };
static const size_t LENGTH =
    (size_t)48 << 20; /* floats; three times 192 MiB are beyond any cache */

typedef int sgemm_fn(char, char, int64_t, int64_t, int64_t, float,
                     const float *, int64_t, const float *, int64_t, float,
                     float *, int64_t);

static double now(void)
{
    struct timespec t;

    clock_gettime(omp_get_max_threads() > 1 ? CLOCK_MONOTONIC
                                            : CLOCK_PROCESS_CPUTIME_ID,
                  &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Written by the threads that will read it, so that the pages lie near them. */
static float *floats(size_t n)
{
    float *x = aligned_alloc(64, n * sizeof *x);

    if (!x) {
        fprintf(stderr, "limits: out of memory\n");
        exit(1);
    }
#pragma omp parallel for
    for (size_t i = 0; i < n; i++) x[i] = 1.0f;
    return x;
}

static double gflops(sgemm_fn *sgemm)
{
    const size_t n = (size_t)SIDE * SIDE;
    float *a = floats(n), *b = floats(n), *c = floats(n);
    double best = 0;

    for (int i = 0; i < TRIES; i++) {
        double begun = now(), rate;

        sgemm('N', 'N', SIDE, SIDE, SIDE, 1.0f, a, SIDE, b, SIDE, 0.0f, c,
              SIDE);
        rate = 2.0 * SIDE * SIDE * SIDE / (now() - begun) / 1e9;
        if (rate > best) best = rate;
    }
    free(a);
    free(b);
    free(c);
    return best;
}

/* As STREAM counts: two reads and a write, not the read that the write causes.
 */
static double gigabytes(void)
{
    float *a = floats(LENGTH), *b = floats(LENGTH), *c = floats(LENGTH);
    double best = 0;

    for (int i = 0; i < TRIES; i++) {
        double begun = now(), rate;

#pragma omp parallel for
        for (size_t k = 0; k < LENGTH; k++) a[k] = b[k] + 3.0f * c[k];
        rate = 3.0 * (double)LENGTH * sizeof *a / (now() - begun) / 1e9;
        if (rate > best) best = rate;
    }
    free(a);
    free(b);
    free(c);
    return best;
}

int main(int argc, char **argv)
{
    void *library;
    sgemm_fn *sgemm = NULL;

    if (argc != 3) return 2;
    omp_set_num_threads(atoi(argv[1]));
    library = dlopen(argv[2], RTLD_NOW);
    if (library) *(void **)&sgemm = dlsym(library, "dnnl_sgemm");
    printf("%.1f %.1f\n", sgemm ? gflops(sgemm) : 0.0, gigabytes());
    return 0;
}
