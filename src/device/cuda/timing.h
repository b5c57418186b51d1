/* timing.h - how long calls take on the GPU.  For what is chosen while a
 * program is prepared; waits for the GPU. */
#ifndef CREMA_DEVICE_CUDA_TIMING_H
#define CREMA_DEVICE_CUDA_TIMING_H

#include "device/cuda/cuda.h"

enum { CUDA_BUFFERS = 5 };

/* Events, and memory that calls may read and write while they are timed: every
 * number in it is small and positive. */
struct cuda_timing {
    struct crema_device *dev; /* borrowed */
    cudaEvent_t from, to;
    void *buffer[CUDA_BUFFERS];
};

/* Buffers of so many bytes each; 0: NULL.  CREMA_EUNSUPPORTED when the GPU has
 * not as much memory left. */
enum crema_status crema_cuda_timing_open(struct crema_device *,
                                         const size_t bytes[CUDA_BUFFERS],
                                         struct cuda_timing *) CREMA_MUST_USE;
void crema_cuda_timing_close(struct cuda_timing *);

/* Enqueues one run on the device's stream. */
typedef enum crema_status cuda_work_fn(void *user);

/* Shortest of a few runs, in microseconds; of one where that is much above
 * `best`.  What work fails with is handed on; CREMA_EDEVICE when the GPU itself
 * fails, and then nothing else will run either. */
enum crema_status crema_cuda_time(const struct cuda_timing *, cuda_work_fn *,
                                  void *user, double best,
                                  double *us) CREMA_MUST_USE;

#endif
