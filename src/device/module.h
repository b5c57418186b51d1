/* module.h - finding the part for NVIDIA GPUs and loading it.  Floor 1. */
#ifndef CREMA_DEVICE_MODULE_H
#define CREMA_DEVICE_MODULE_H

#include "base/error.h"

struct crema_device_type;

/* The one symbol that a device module exports for the library. */
#define CREMA_MODULE_SYMBOL "crema_module_device"
typedef const struct crema_device_type *crema_module_device_fn(void);

/* CREMA_EUNSUPPORTED, and a reason of one line, where there is no module, no
 * driver or no such GPU.  Nothing heavy is loaded before a GPU is seen. */
enum crema_status crema_module_open(struct crema_ctx *, int ordinal,
                                    const struct crema_device_type **type,
                                    void **handle) CREMA_MUST_USE;
/* After the device is closed; NULL is fine. */
void crema_module_close(void *handle);

/* The module alone, whether there is a GPU or not. */
enum crema_status crema_module_load(struct crema_ctx *,
                                    void **handle) CREMA_MUST_USE;

/* A library of NVIDIA's, looked for where the module's own are; NULL: there is
 * none.  It stays loaded. */
void *crema_module_library(const char *name);

/* GPUs the driver shows; 0 and the reason when there are none. */
int crema_module_count(const char **why);

#endif
