/* part.c - parts of crema that lie beside it and are loaded when wanted. */
#include "base/part.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool crema_part_path(const char *name, char path[PATH_MAX])
{
    char *slash;
    Dl_info info;

    if (!dladdr((const void *)crema_part_path, &info) || !info.dli_fname)
        return false;
    if (!realpath(info.dli_fname, path)) return false;
    slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) + strlen(name) + 2 > PATH_MAX)
        return false;
    strcpy(slash + 1, name);
    return access(path, R_OK) == 0;
}
