/* kernels.h - which kernel of our own runs which op. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_H
#define CREMA_DEVICE_CUDA_KERNELS_H

#include "device/cuda/cuda.h"
#include "device/cuda/kernels/kernels.h"

struct cuda_kernel {
    const struct crema_op_type *type; /* NULL ends a table */
    /* Enqueues; everything it needs is in the op. */
    cudaError_t (*launch)(cudaStream_t, const struct crema_op *, void *scratch);
    /* in[lead]'s layout is followed; -1: all dense; `ports` decides otherwise
     */
    int lead;
    void (*ports)(const struct crema_op *, struct crema_port in[],
                  struct crema_port out[]);
    size_t (*scratch)(const struct crema_op *); /* bytes; NULL: none */
};

extern const struct cuda_kernel crema_cuda_elementwise[];
extern const struct cuda_kernel crema_cuda_layers[];
extern const struct cuda_kernel crema_cuda_learning[];

#endif
