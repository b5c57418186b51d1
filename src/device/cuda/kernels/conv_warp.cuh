/* conv_warp.cuh - what a warp's lanes do together in conv_own_block.h: the
 * instructions of compute capability 8.0. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CONV_WARP_CUH
#define CREMA_DEVICE_CUDA_KERNELS_CONV_WARP_CUH

#include "device/cuda/kernels/conv_own.h"

#define OWN_FUNCTION static __device__ __forceinline__
#define OWN_LANES    1

/* sum[i][j]: 16 x 8 of the product.  fragment: 4 registers each of rows 16 i..,
 * then 2 each of columns 8 j... */
struct crema_own_lane {
    float sum[4][8][4];
    uint32_t fragment[32];
    uint32_t at; /* where it reads next, in its panel */
};

struct crema_own_warp {
    struct crema_own_lane lane[OWN_LANES];
};

OWN_FUNCTION int crema_own_lane(int)
{
    return (int)(threadIdx.x % 32);
}

OWN_FUNCTION uint32_t crema_own_shared(const char *p)
{
    return (uint32_t)__cvta_generic_to_shared(p);
}

/* reused: other taps read the same soon, so L1 is to keep it */
OWN_FUNCTION void crema_own_copy(int, char *to, const char *from, bool inside,
                                 bool reused)
{
    int bytes = inside ? OWN_CHUNK : 0;

    if (reused)
        asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(
                         crema_own_shared(to)),
                     "l"(from), "r"(bytes)
                     : "memory");
    else
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                         crema_own_shared(to)),
                     "l"(from), "r"(bytes)
                     : "memory");
}

OWN_FUNCTION void crema_own_copied(int)
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Until at most the last OWN_STAGES - 2 steps' copies are under way. */
OWN_FUNCTION void crema_own_wait(void)
{
    asm volatile("cp.async.wait_group %0;" ::"n"(OWN_STAGES - 2) : "memory");
}

OWN_FUNCTION void crema_own_fragments(struct crema_own_warp *w, int quad,
                                      const char *panel, bool turned)
{
    uint32_t *f = &w->lane[0].fragment[4 * quad];
    uint32_t at = crema_own_shared(panel) + w->lane[0].at;

    if (turned)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "
                     "{%0, %1, %2, %3}, [%4];"
                     : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3])
                     : "r"(at)
                     : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
                     "{%0, %1, %2, %3}, [%4];"
                     : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3])
                     : "r"(at)
                     : "memory");
}

/* One of the three, by a type that is a constant. */
#define OWN_MMA(shape_and_types)                                               \
    asm("mma.sync.aligned." shape_and_types " {%0, %1, %2, %3}, "              \
        "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                        \
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                       \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

OWN_FUNCTION void crema_own_multiply(int type, struct crema_own_warp *w, int i,
                                     int j)
{
    struct crema_own_lane *l = &w->lane[0];
    const uint32_t *a = l->fragment + 4 * i, *b = l->fragment + 16 + 2 * j;
    float *c = l->sum[i][j];

    if (type == CREMA_BF16)
        OWN_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
    else if (type == CREMA_F16)
        OWN_MMA("m16n8k16.row.col.f32.f16.f16.f32");
    else
        OWN_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
}

OWN_FUNCTION uint32_t crema_own_to_tf32(uint32_t word)
{
    uint32_t rounded;

    asm("cvt.rna.tf32.f32 %0, %1;"
        : "=r"(rounded)
        : "f"(__uint_as_float(word)));
    return rounded;
}

#endif
