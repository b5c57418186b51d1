/* device.h - the memory of a device, which crema.h opens.  Floor 1. */
#ifndef CREMA_DEVICE_DEVICE_H
#define CREMA_DEVICE_DEVICE_H

#include "base/error.h"

#include <stdbool.h>

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
/* How the images of convolutions lie: "auto", with which every device begins, is
 * what a trial of each finds to be fastest; or "rule", "blocked", "last",
 * "packed" (enum crema_arrangement).  CREMA_EINVAL: none of these. */
enum crema_status crema_device_arrange(struct crema_device *,
                                       const char *how) CREMA_MUST_USE;
/* From now on convolutions may be computed by Winograd's method: fewer
 * multiplications, sums of larger numbers, so an error about ten times as
 * large. */
void crema_device_use_winograd(struct crema_device *);
/* Who decodes JPEG records: "cpu", with which every device begins, the
 * processor; "gpu"; or "auto": a GPU that can, but only what is trained on, and
 * not where it is deterministic.  Pixels differ a little.  CREMA_EINVAL: none of
 * these; CREMA_EUNSUPPORTED, with the reason: "gpu" cannot be had. */
enum crema_status crema_device_decode(struct crema_device *,
                                      const char *how) CREMA_MUST_USE;
/* What decodes JPEG records on the device, in words; NULL: nothing, the
 * processor is to do it.  What comes out is told in the log, once. */
const char *crema_device_decoder(struct crema_device *, bool train);
/* Was it asked for "gpu"? */
bool crema_device_must_decode(const struct crema_device *);
/* Waits until everything that was started has run. */
enum crema_status crema_device_finish(struct crema_device *) CREMA_MUST_USE;

#endif
