/* beside.c - a path that was meant relative to the file that names it. */
#include "base/beside.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool crema_beside(const char *of, const char *path, char *out, size_t size)
{
    const char *slash = of ? strrchr(of, '/') : NULL;
    int n;

    if (!slash || path[0] == '/' || access(path, F_OK) == 0) return false;
    n = snprintf(out, size, "%.*s/%s", (int)(slash - of), of, path);
    return n > 0 && (size_t)n < size && access(out, F_OK) == 0;
}
