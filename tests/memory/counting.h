/* counting.h - the library's own allocations, counted and made to fail.
 *
 * Programs of this folder are linked from the library's objects with --wrap,
 * so that every malloc, calloc, realloc and aligned_alloc in them comes here;
 * those inside other libraries do not.
 */
#ifndef TESTS_MEMORY_COUNTING_H
#define TESTS_MEMORY_COUNTING_H

/* Of the calling thread since it last asked. */
long allocations(void);
/* The n-th allocation from now on fails, in whatever thread, and with it all
 * that follow while `rest`; 0: none. */
void fail_allocation(long n, int rest);
/* Did it come to that? */
int allocation_failed(void);

#endif
