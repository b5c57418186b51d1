/* device.h - what the files behind the table of a GPU's functions share. */
#ifndef CREMA_DEVICE_CUDA_DEVICE_H
#define CREMA_DEVICE_CUDA_DEVICE_H

#include "device/cuda/cuda.h"

/* Other threads, such as the one that reads data, start on GPU 0. */
enum crema_status crema_cuda_enter(struct crema_device *) CREMA_MUST_USE;

/* tape.c: as struct crema_device_type has them */
enum crema_status crema_cuda_record(struct crema_device *) CREMA_MUST_USE;
enum crema_status crema_cuda_recorded(struct crema_device *,
                                      void **tape) CREMA_MUST_USE;
enum crema_status crema_cuda_play(struct crema_device *,
                                  void *tape) CREMA_MUST_USE;
void crema_cuda_erase(struct crema_device *, void *tape);

/* feed.c: likewise */
void *crema_cuda_host_alloc(struct crema_device *, size_t bytes);
void crema_cuda_host_free(struct crema_device *, void *);
enum crema_status crema_cuda_feed_open(struct crema_device *, size_t bytes,
                                       void **feed) CREMA_MUST_USE;
enum crema_status crema_cuda_feed(struct crema_device *, void *feed, void *to,
                                  const void *from,
                                  size_t bytes) CREMA_MUST_USE;
void crema_cuda_feed_close(struct crema_device *, void *feed);
enum crema_status crema_cuda_decoder(struct crema_device *,
                                     const char **name) CREMA_MUST_USE;
enum crema_status crema_cuda_feed_decodes(struct crema_device *, void *feed,
                                          int64_t n) CREMA_MUST_USE;
enum crema_status
crema_cuda_feed_cuts(struct crema_device *, void *feed, void *to,
                     const struct crema_cuts *) CREMA_MUST_USE;

#endif
