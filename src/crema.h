/* crema.h - the public interface: read, train and run networks described by
 * Caffe's prototxt files.  The only header an application includes.
 *
 * Every function that can fail returns a status and leaves the reason, one
 * worded message, in the ctx.  The library never prints, exits or aborts.
 * What is handed back through a last argument `**out` is the caller's, to be
 * given to the matching _free, which accepts NULL; what a function returns is
 * borrowed from its parent.
 */
#ifndef CREMA_H
#define CREMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crema_status {
    CREMA_OK = 0,
    CREMA_EINVAL,       /* the user's file, flag or data is wrong */
    CREMA_ENOMEM,       /* out of host or device memory */
    CREMA_EIO,          /* a file, a database, the disk */
    CREMA_EUNSUPPORTED, /* known, but cannot be done here */
    CREMA_EDEVICE,      /* CUDA, cuDNN, cuBLAS or oneDNN reported a fault */
};

enum crema_log_level { CREMA_INFO, CREMA_WARNING, CREMA_ERROR };

/* Receives each log line, without a newline. */
typedef void crema_log_fn(void *user, enum crema_log_level, const char *line);

/* Keeps the reason of the last failure; one per thread of work. */
struct crema_ctx;

/* NULL when out of memory.  log may be NULL. */
struct crema_ctx *crema_ctx_new(crema_log_fn *log, void *user);
void crema_ctx_free(struct crema_ctx *);
/* Empty when nothing failed; valid until the next failure. */
const char *crema_ctx_message(const struct crema_ctx *);

#ifdef __cplusplus
}
#endif
#endif
