/* gemm.c - matrix products by cuBLAS. */
#include "device/cuda/cuda.h"

enum crema_status crema_cuda_gemm(struct crema_device *dev,
                                  const struct crema_op *op,
                                  const struct crema_gemm *g)
{
    const float one = 1, zero = 0;

    CREMA_CUBLAS_TRY(dev->ctx, op, cublasSgemm_64, crema_cuda(dev)->cublas,
                     g->turn_a ? CUBLAS_OP_T : CUBLAS_OP_N,
                     g->turn_b ? CUBLAS_OP_T : CUBLAS_OP_N, g->m, g->n, g->k,
                     &one, g->a, g->lda, g->b, g->ldb, &zero, g->c, g->ldc);
    return CREMA_OK;
}
