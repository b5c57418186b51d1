/* formula.h - macros for text that gcc and nvcc both compile.  Floor 0.
 *
 * A formula is written once: what is tested on the host is what a GPU runs.
 */
#ifndef CREMA_BASE_FORMULA_H
#define CREMA_BASE_FORMULA_H

/* Before a function that the host and a GPU both have. */
#ifdef __CUDACC__
#define CREMA_FORMULA static __host__ __device__ __forceinline__
#else
#define CREMA_FORMULA static inline
#endif

/* Before a loop over an array that is to stay in a GPU's registers. */
#if defined __CUDACC__ && defined __CUDA_ARCH__
#define CREMA_UNROLL _Pragma("unroll")
#else
#define CREMA_UNROLL
#endif

/* 1 / sqrt(x): one instruction of a GPU, right to 2 ulp. */
#if defined __CUDACC__ && defined __CUDA_ARCH__
#define CREMA_RSQRT(x) rsqrtf(x)
#else
#define CREMA_RSQRT(x) (1.0f / sqrtf(x))
#endif

#endif
