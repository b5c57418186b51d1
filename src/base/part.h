/* part.h - parts of crema that lie beside it and are loaded when wanted.
 * Floor 0.
 */
#ifndef CREMA_BASE_PART_H
#define CREMA_BASE_PART_H

#include <limits.h>
#include <stdbool.h>

/* The file `name` in the folder of the library (or program) that holds this
 * function; false when there is none. */
bool crema_part_path(const char *name, char path[PATH_MAX]);

#endif
