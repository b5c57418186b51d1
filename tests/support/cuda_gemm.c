/* cuda_gemm.c - in cuBLAS's place: its column-major product, said plainly. */
#include "device/cuda/libraries.h"

enum crema_status crema_cuda_gemm(struct crema_device *dev,
                                  const struct crema_op *op,
                                  const struct crema_gemm *g)
{
    (void)dev;
    (void)op;
    for (int64_t j = 0; j < g->n; j++)
        for (int64_t i = 0; i < g->m; i++) {
            double sum = 0;

            for (int64_t l = 0; l < g->k; l++)
                sum +=
                    (double)g->a[g->turn_a ? l + i * g->lda : i + l * g->lda] *
                    g->b[g->turn_b ? j + l * g->ldb : l + j * g->ldb];
            g->c[i + j * g->ldc] = (float)sum;
        }
    return CREMA_OK;
}

#include "device/cuda/product.c"
