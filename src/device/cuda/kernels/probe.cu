/* probe.cu - can this GPU run our kernels at all? */
#include "device/cuda/kernels/kernels.h"

static __global__ void probe()
{
}

int crema_cuda_probe(void)
{
    cudaFuncAttributes a;

    return cudaFuncGetAttributes(&a, probe);
}
