/* agree.h - some of what a convolution gives of numbers drawn at random.  Free
 * of vendors' headers. */
#ifndef CREMA_DEVICE_CUDA_AGREE_H
#define CREMA_DEVICE_CUDA_AGREE_H

#include "device/cuda/libraries.h"

/* Up to SAMPLE_WINDOW elements each from the beginning, the middle and the end
 * of the result. */
enum { SAMPLE_WINDOWS = 3, SAMPLE_WINDOW = 1 << 17 };
struct conv_sample {
    float *value; /* NULL: none was taken */
    int64_t count;
};

/* Writes x, w, y and b (which work reads in that type), runs work, waits, and
 * reads.  CREMA_ENOMEM,
 * CREMA_EDEVICE, or what work fails with. */
enum crema_status
crema_cuda_sample(struct crema_device *, const struct conv_case *,
                  enum crema_type bias, const struct conv_data *,
                  enum crema_status (*work)(void *user), void *user,
                  struct conv_sample *) CREMA_MUST_USE;
/* May be called twice. */
void crema_cuda_sample_free(struct conv_sample *);
/* As near as sums in another order can be expected to be. */
bool crema_cuda_samples_agree(const struct conv_sample *,
                              const struct conv_sample *);

#endif
