/* h5.c - HDF5 files: loading the part that knows them. */
#include "proto/h5.h"

#include "base/part.h"

#include <dlfcn.h>
#include <string.h>

/* It stays loaded: libraries below libhdf5 do not survive being unmapped. */
static enum crema_status load(struct crema_ctx *ctx, const char *file,
                              const struct crema_h5_type **type)
{
    char path[PATH_MAX];
    crema_h5_part_fn *part;
    const char *said;
    void *handle;

    if (!crema_part_path("libcrema_hdf5.so", path))
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "%s needs HDF5, but this crema was built without it "
                          "(no libcrema_hdf5.so): install libhdf5-dev and "
                          "build again",
                          file);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    part = handle ? (crema_h5_part_fn *)dlsym(handle, CREMA_H5_SYMBOL) : NULL;
    if (!part) {
        said = dlerror();
        return crema_fail(ctx, CREMA_EUNSUPPORTED, "%s needs HDF5: %s", file,
                          said ? said : path);
    }
    *type = part();
    return CREMA_OK;
}

enum crema_status crema_h5_open(struct crema_ctx *ctx, const char *path,
                                struct crema_h5 **out)
{
    const struct crema_h5_type *type;

    *out = NULL;
    CREMA_TRY(load(ctx, path, &type));
    return type->open(ctx, path, out);
}

enum crema_status crema_h5_create(struct crema_ctx *ctx, const char *path,
                                  struct crema_h5 **out)
{
    const struct crema_h5_type *type;

    *out = NULL;
    CREMA_TRY(load(ctx, path, &type));
    return type->create(ctx, path, out);
}

enum crema_status crema_h5_reopen(struct crema_ctx *ctx, const char *path,
                                  struct crema_h5 **out)
{
    const struct crema_h5_type *type;

    *out = NULL;
    CREMA_TRY(load(ctx, path, &type));
    return type->reopen(ctx, path, out);
}

enum crema_status crema_h5_close(struct crema_h5 *h5)
{
    return h5 ? h5->type->close(h5) : CREMA_OK;
}

bool crema_h5_begins(const void *bytes, size_t n)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n";

    return n >= 8 && memcmp(bytes, signature, 8) == 0;
}

int64_t crema_h5_count(const struct crema_h5_shape *shape)
{
    int64_t count = 1;

    for (int i = 0; i < shape->ndims; i++)
        if (shape->dims[i] < 0 ||
            __builtin_mul_overflow(count, shape->dims[i], &count))
            return -1;
    return count;
}
