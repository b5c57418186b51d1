/* device.h - opening a device and its memory.  Floor 1. */
#ifndef CREMA_DEVICE_DEVICE_H
#define CREMA_DEVICE_DEVICE_H

#include "base/error.h"

struct crema_device;

/* name: "auto" (cuda when a usable GPU is there, else cpu), "cpu", "cuda",
 * "cuda:N" or "ref" (plain C only: slow, the definition).  threads: of the
 * CPU; 0: one per core.  The ctx is borrowed and used for every failure of
 * what is made on this device. */
enum crema_status crema_device_open(struct crema_ctx *, const char *name,
                                    int threads,
                                    struct crema_device **out) CREMA_MUST_USE;
void crema_device_free(struct crema_device *);
/* "cpu", "cuda:0", "ref" */
const char *crema_device_kind(const struct crema_device *);
/* The processor's or the GPU's own name. */
const char *crema_device_name(const struct crema_device *);

/* Memory of the device, aligned to 4096 bytes and zero. */
enum crema_status crema_device_alloc(struct crema_device *, size_t bytes,
                                     void **out) CREMA_MUST_USE;
void crema_device_release(struct crema_device *, void *);
enum crema_status crema_device_upload(struct crema_device *, void *to,
                                      const void *from_host,
                                      size_t bytes) CREMA_MUST_USE;
enum crema_status crema_device_download(struct crema_device *, void *to_host,
                                        const void *from,
                                        size_t bytes) CREMA_MUST_USE;
/* Waits until everything that was started has run. */
enum crema_status crema_device_finish(struct crema_device *) CREMA_MUST_USE;

#endif
