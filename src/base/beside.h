/* beside.h - a path that was meant relative to the file that names it.
 * Floor 0.
 *
 * Paths in a prototxt are relative to the working folder, as in Caffe; many
 * people expect them to be relative to the prototxt.
 */
#ifndef CREMA_BASE_BESIDE_H
#define CREMA_BASE_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

/* True when `path` does not exist, but does in the folder of the file `of`:
 * then `out` is how to reach it.  of may be NULL. */
bool crema_beside(const char *of, const char *path, char *out, size_t size);

#endif
