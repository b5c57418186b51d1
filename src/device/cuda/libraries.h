/* libraries.h - what cuDNN and cuBLAS are asked for, free of their headers: so
 * that tests drive conv.c and product.c with stand-ins on the host.
 */
#ifndef CREMA_DEVICE_CUDA_LIBRARIES_H
#define CREMA_DEVICE_CUDA_LIBRARIES_H

#include "device/cuda/choice.h"
#include "device/cuda/kernels.h"

/* Asked first: what cuDNN and cuBLAS do. */
extern const struct crema_backend crema_cuda_libraries;

/* The operands of any of the three ops by their part in the convolution: in
 * conv_bwd_data x is dX, y is dY, and so on.  NULL: not there. */
struct conv_parts {
    enum conv_way way;
    struct crema_tensor *x, *w, *y, *b;
};
struct conv_data {
    void *x, *w, *y, *b; /* b: forward's alone */
};

struct conv_parts crema_cuda_conv_parts(const struct crema_op *);
/* w is all zero where there are no weights: only db is wanted. */
struct conv_case crema_cuda_conv_case(const struct crema_device *,
                                      const struct crema_op *);

enum crema_status crema_cuda_plan_conv(struct crema_device *, struct crema_op *,
                                       struct crema_port in[],
                                       struct crema_port out[]);
enum crema_status crema_cuda_plan_product(struct crema_device *,
                                          struct crema_op *,
                                          struct crema_port in[],
                                          struct crema_port out[]);
/* What an engine that does not fuse leaves to do: y = max(y + b, 0).  Not 0: a
 * cudaError_t. */
int crema_cuda_conv_behind(cudaStream_t, const struct conv_case *,
                           const struct conv_data *);

/* ---- engine.c: what convolves.  x, w and y of one op; forward perhaps with
 * its bias and its ReLU; never db. */

struct conv_engine;

/* How convolutions of values of this type are done. */
struct conv_manner {
    bool tensor_cores;  /* products on tensor cores */
    bool channels_last; /* as those want it */
};
struct conv_manner crema_cuda_conv_manner(const struct crema_device *,
                                          enum crema_type);
/* The fastest there is.  CREMA_EUNSUPPORTED when there is none. */
enum crema_status crema_cuda_engine_find(struct crema_device *,
                                         const struct conv_case *,
                                         struct conv_engine **) CREMA_MUST_USE;
/* Are bias and ReLU inside? */
bool crema_cuda_engine_fuses(const struct conv_engine *);
/* The type in which it wants the bias. */
enum crema_type crema_cuda_engine_bias(const struct conv_engine *);
size_t crema_cuda_engine_workspace(const struct conv_engine *);
const char *crema_cuda_engine_info(const struct conv_engine *);
enum crema_status crema_cuda_engine_bind(struct conv_engine *,
                                         struct crema_device *,
                                         const struct conv_data *,
                                         void *workspace) CREMA_MUST_USE;
/* op: for the message of a failure; may be NULL. */
enum crema_status crema_cuda_engine_run(struct conv_engine *,
                                        struct crema_device *,
                                        const struct crema_op *) CREMA_MUST_USE;
void crema_cuda_engine_free(struct conv_engine *);

/* ---- gemm.c: column-major, as cuBLAS has it.  C[m x n] = op(A) op(B), where
 * op(A) is m x k, op(B) is k x n, and ld* is from one column to the next. */

struct gemm_plan;

struct gemm_data {
    const void *a, *b;
    void *c, *vector;
};

/* The fastest there is.  CREMA_EUNSUPPORTED when what is to be done after the
 * product cannot be done in the same call; without anything after it there is
 * always a way. */
enum crema_status crema_cuda_gemm_open(struct crema_device *,
                                       const struct crema_gemm *,
                                       struct gemm_plan **) CREMA_MUST_USE;
size_t crema_cuda_gemm_workspace(const struct gemm_plan *);
const char *crema_cuda_gemm_info(const struct gemm_plan *);
enum crema_status crema_cuda_gemm_bind(struct gemm_plan *,
                                       struct crema_device *,
                                       const struct gemm_data *,
                                       void *workspace) CREMA_MUST_USE;
/* op: for the message of a failure; may be NULL. */
enum crema_status crema_cuda_gemm_run(struct gemm_plan *, struct crema_device *,
                                      const struct crema_op *) CREMA_MUST_USE;
void crema_cuda_gemm_close(struct gemm_plan *);

#endif
