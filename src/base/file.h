/* file.h - whole files: read at once, replaced at once.  Floor 0. */
#ifndef CREMA_BASE_FILE_H
#define CREMA_BASE_FILE_H

#include "base/error.h"

/* The whole file with a '\0' behind it; free() it.  A directory, a missing or
 * an unreadable file is CREMA_EIO and names the path and the reason. */
enum crema_status crema_file_read(struct crema_ctx *, const char *path,
                                  char **data, size_t *length) CREMA_MUST_USE;
/* The same into *data, of *capacity bytes (NULL and 0 at first), which grows
 * where it must and stays the caller's to free, also after a failure. */
enum crema_status crema_file_read_into(struct crema_ctx *, const char *path,
                                       char **data, size_t *capacity,
                                       size_t *length) CREMA_MUST_USE;

/* A file that appears under its name only when it is whole: written beside it,
 * synced and renamed by _commit; _abandon leaves what was there before. */
struct crema_file;
enum crema_status crema_file_create(struct crema_ctx *, const char *path,
                                    struct crema_file **out) CREMA_MUST_USE;
enum crema_status crema_file_write(struct crema_file *, const void *data,
                                   size_t length) CREMA_MUST_USE;
/* Where it is until then, for a library that writes files by itself: when it is
 * done, _commit. */
const char *crema_file_path(const struct crema_file *);
/* Both free the handle; abandon accepts NULL. */
enum crema_status crema_file_commit(struct crema_file *) CREMA_MUST_USE;
void crema_file_abandon(struct crema_file *);

#endif
