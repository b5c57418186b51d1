/* libraries.h - what cuDNN and cuBLAS are asked for, free of their headers: so
 * that tests drive conv.c and product.c with stand-ins on the host.
 */
#ifndef CREMA_DEVICE_CUDA_LIBRARIES_H
#define CREMA_DEVICE_CUDA_LIBRARIES_H

#include "device/cuda/kernels.h"

/* Asked first: what cuDNN and cuBLAS do. */
extern const struct crema_backend crema_cuda_libraries;

enum conv_way { CONV_FORWARD, CONV_BWD_DATA, CONV_BWD_WEIGHTS };

/* The operands of any of the three ops by their part in the convolution: in
 * conv_bwd_data x is dX, y is dY, and so on.  NULL: not there. */
struct conv_parts {
    enum conv_way way;
    struct crema_tensor *x, *w, *y, *b;
};

struct conv_parts crema_cuda_conv_parts(const struct crema_op *);
struct crema_layout crema_cuda_conv_layout(const struct crema_tensor *,
                                           bool channels_last);

enum crema_status crema_cuda_plan_conv(struct crema_device *, struct crema_op *,
                                       struct crema_port in[],
                                       struct crema_port out[]);
enum crema_status crema_cuda_plan_product(struct crema_device *,
                                          struct crema_op *,
                                          struct crema_port in[],
                                          struct crema_port out[]);

/* ---- engine.c: what convolves.  x, w and y of one op; forward, when fused,
 * with its bias and its ReLU; never db. */

struct conv_engine;

/* What convolutions ask for; see struct crema_cuda. */
bool crema_cuda_wants_channels_last(const struct crema_device *);
/* CREMA_EUNSUPPORTED when there is none. */
enum crema_status crema_cuda_engine_find(struct crema_device *,
                                         const struct crema_op *, bool fused,
                                         struct conv_engine **) CREMA_MUST_USE;
size_t crema_cuda_engine_workspace(const struct conv_engine *);
const char *crema_cuda_engine_info(const struct conv_engine *);
enum crema_status crema_cuda_engine_bind(struct conv_engine *,
                                         struct crema_device *,
                                         const struct crema_op *,
                                         void *workspace) CREMA_MUST_USE;
enum crema_status crema_cuda_engine_run(struct conv_engine *,
                                        struct crema_device *,
                                        const struct crema_op *) CREMA_MUST_USE;
void crema_cuda_engine_free(struct conv_engine *);

/* ---- gemm.c: column-major, as cuBLAS has it.  C[m x n] = op(A) op(B), where
 * op(A) is m x k, op(B) is k x n, and ld* is from one column to the next. */

struct crema_gemm {
    bool turn_a, turn_b;
    int64_t m, n, k;
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc;
};

enum crema_status crema_cuda_gemm(struct crema_device *,
                                  const struct crema_op *,
                                  const struct crema_gemm *) CREMA_MUST_USE;

#endif
