/* nvjpeg.h - JPEG pictures decoded by nvJPEG, free of CUDA's headers: so that
 * tests drive it with a stand-in for the library.
 */
#ifndef CREMA_DEVICE_CUDA_NVJPEG_H
#define CREMA_DEVICE_CUDA_NVJPEG_H

#include "device/cuda/kernels.h"

/* The library, opened on one GPU. */
struct crema_nvjpeg;

/* CREMA_EUNSUPPORTED, with the reason, where the library is not found, does not
 * start, or does not decode a small picture as it should.  $CREMA_NVJPEG names
 * its file; otherwise it is looked for where cuDNN is. */
enum crema_status crema_nvjpeg_open(struct crema_device *,
                                    struct crema_nvjpeg **out) CREMA_MUST_USE;
/* "nvJPEG 13.3, the GPU's decoder" */
const char *crema_nvjpeg_name(const struct crema_nvjpeg *);
void crema_nvjpeg_close(struct crema_nvjpeg *);

/* What decodes batches, and the room for n decoded pictures. */
struct crema_nvjpeg_batch;
enum crema_status
crema_nvjpeg_batch_open(struct crema_device *, const struct crema_nvjpeg *,
                        int64_t n,
                        struct crema_nvjpeg_batch **out) CREMA_MUST_USE;
void crema_nvjpeg_batch_close(struct crema_device *,
                              struct crema_nvjpeg_batch *);

/* Decodes what is encoded, and says in from[i] where cut i then begins; of the
 * others, which lie one behind the other in `room`, likewise.  A picture that
 * nvJPEG does not take is decoded by the processor and becomes one of those.
 *
 * All of the last call's pictures must have been read: some GPUs' decoders
 * write at once, whatever the stream still has to do. */
enum crema_status
crema_nvjpeg_decode(struct crema_device *, struct crema_nvjpeg_batch *,
                    cudaStream_t, const struct crema_cuts *, uint8_t *room,
                    struct crema_cut_from from[]) CREMA_MUST_USE;

/* The device's own: waits for the stream. */
enum crema_status crema_cuda_wait(struct crema_device *,
                                  cudaStream_t) CREMA_MUST_USE;

#endif
