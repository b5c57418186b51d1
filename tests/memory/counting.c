/* counting.c - the library's own allocations, counted and made to fail. */
#include "memory/counting.h"

#include <stdatomic.h>
#include <stdlib.h>

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_aligned_alloc(size_t, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
void *__wrap_aligned_alloc(size_t, size_t);

static _Thread_local long count;
static atomic_long until; /* allocations left; 0: none fails */
static atomic_int failed, all_the_rest;

long allocations(void)
{
    long n = count;

    count = 0;
    return n;
}

void fail_allocation(long n, int rest)
{
    atomic_store(&failed, 0);
    atomic_store(&all_the_rest, rest);
    atomic_store(&until, n);
}

int allocation_failed(void)
{
    return atomic_load(&failed);
}

static int fails(void)
{
    count++;
    if (atomic_load(&failed) && atomic_load(&all_the_rest)) return 1;
    if (atomic_load(&until) <= 0 || atomic_fetch_sub(&until, 1) != 1) return 0;
    atomic_store(&failed, 1);
    return 1;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(align, n);
}
