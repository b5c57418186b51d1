/* device.h - the memory of a device, which crema.h opens.  Floor 1. */
#ifndef CREMA_DEVICE_DEVICE_H
#define CREMA_DEVICE_DEVICE_H

#include "base/error.h"

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
