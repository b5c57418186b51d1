/* turn.c - what is different while the device computes: how many threads there
 * are, and that numbers below 1.2e-38 count as zero.
 *
 * Such numbers cost a processor a hundred times the others, and the gradients
 * of a net that has learned all it can are full of them.  Each thread has a
 * register that decides; a thread inherits it from the one that starts it.
 */
#include "device/cpu/onednn.h"

#include <omp.h>

#if defined(__x86_64__)
#include <xmmintrin.h>

/* Results are flushed to zero (bit 15), operands taken as zero (bit 6). */
enum { TINY_IS_ZERO = 1 << 15 | 1 << 6 };

static unsigned control(void)
{
    return _mm_getcsr();
}

static void set_control(unsigned c)
{
    _mm_setcsr(c);
}
#else
/* Elsewhere they stay what they are. */
enum { TINY_IS_ZERO = 0 };

static unsigned control(void)
{
    return 0;
}

static void set_control(unsigned c)
{
    (void)c;
}
#endif

void crema_cpu_begin(struct crema_device *dev, int threads)
{
    struct crema_cpu *cpu = dev->state;

    cpu->threads = threads;
    cpu->outside = omp_get_max_threads();
    if (cpu->outside != threads) omp_set_num_threads(threads);
    for (int i = 0; i < dev->cores; i++) cpu->control[i] = control();
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        unsigned *mine = &cpu->control[omp_get_thread_num()];

        *mine = control();
        set_control(*mine | TINY_IS_ZERO);
    }
}

void crema_cpu_end(struct crema_device *dev)
{
    struct crema_cpu *cpu = dev->state;

#pragma omp parallel num_threads(cpu->threads) if (cpu->threads > 1)
    set_control(cpu->control[omp_get_thread_num()]);
    if (cpu->outside != cpu->threads) omp_set_num_threads(cpu->outside);
}
