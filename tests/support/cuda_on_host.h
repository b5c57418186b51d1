/* cuda_on_host.h - the CUDA device without CUDA, for machines without a GPU.
 *
 * Everything of src/device/cuda that is plain C runs as it is: which kernel
 * takes an op, which layouts, the launches' arithmetic, and what each thread
 * computes.  Only the launches themselves are loops here, cut into threads as
 * the GPU would, and ref stands in for cuDNN and cuBLAS.
 */
#ifndef TESTS_SUPPORT_CUDA_ON_HOST_H
#define TESTS_SUPPORT_CUDA_ON_HOST_H

#include "device/backend.h"

/* Convolutions ask for dense operands, or have the channels innermost. */
#define CUDA_ON_HOST      "cuda on host"
#define CUDA_ON_HOST_LAST "cuda on host, channels last"

/* `name` is one of the two, or "ref", to be compared with. */
enum crema_status cuda_on_host_open(struct crema_ctx *, const char *name,
                                    struct crema_device **) CREMA_MUST_USE;

#endif
