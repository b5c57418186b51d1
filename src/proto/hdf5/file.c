/* file.c - HDF5 files opened, made and closed. */
#include "proto/hdf5/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Chunks of an array are unpacked once when they fit. */
enum { CHUNK_CACHE = 32 << 20 };

static herr_t innermost(unsigned n, const H5E_error2_t *error, void *text)
{
    if (n == 0 && error->desc)
        snprintf(text, H5_NAME, "%.*s", (int)strcspn(error->desc, "\n"),
                 error->desc);
    return 0;
}

enum crema_status h5_failed(struct crema_h5 *h5, const char *verb,
                            const char *name)
{
    char said[H5_NAME] = "";

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, said);
    H5Eclear2(H5E_DEFAULT);
    return crema_fail(h5->ctx, CREMA_EIO, "%s: cannot %s %s: %s", h5->path,
                      verb, name, *said ? said : "the file is damaged");
}

hid_t h5_array(struct file *file, const char *name)
{
    if (file->array >= 0 && !strcmp(name, file->name)) return file->array;
    if (file->array >= 0) H5Dclose(file->array);
    file->array = -1;
    if (snprintf(file->name, H5_NAME, "%s", name) < H5_NAME)
        file->array = H5Dopen2(file->id, name, H5P_DEFAULT);
    return file->array;
}

static enum crema_status close_file(struct crema_h5 *h5)
{
    struct file *file = file_of(h5);
    enum crema_status status = CREMA_OK;

    if (file->array >= 0 && H5Dclose(file->array) < 0)
        status = h5_failed(h5, "write", file->name);
    if (file->id >= 0 && H5Fclose(file->id) < 0 && status == CREMA_OK)
        status = h5_failed(h5, "write", "its end");
    free(file);
    return status;
}

static enum crema_status flush(struct crema_h5 *h5)
{
    return H5Fflush(file_of(h5)->id, H5F_SCOPE_GLOBAL) < 0
               ? h5_failed(h5, "write", "its end")
               : CREMA_OK;
}

static const struct crema_h5_type type;

/* libhdf5 ends the process when it is not of the version it was compiled for,
 * and prints every error: neither is to happen. */
static enum crema_status begin(struct crema_ctx *ctx, const char *path,
                               struct file **out)
{
    unsigned major = 0, minor = 0, release = 0;
    struct file *file;

    H5get_libversion(&major, &minor, &release);
    if (major != H5_VERS_MAJOR || minor != H5_VERS_MINOR ||
        release != H5_VERS_RELEASE)
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "%s: libhdf5 is %u.%u.%u here, but crema was built "
                          "with %d.%d.%d: build it again",
                          path, major, minor, release, H5_VERS_MAJOR,
                          H5_VERS_MINOR, H5_VERS_RELEASE);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    file = calloc(1, sizeof *file + strlen(path) + 1);
    if (!file) return crema_no_memory(ctx, path);
    strcpy(file->path, path);
    file->base = (struct crema_h5){ &type, ctx, file->path };
    file->id = file->array = -1;
    *out = file;
    return CREMA_OK;
}

/* Many readers at a time, on file systems without locks too. */
static hid_t how_to_open(void)
{
    hid_t how = H5Pcreate(H5P_FILE_ACCESS);

    if (how < 0) return how;
    H5Pset_fclose_degree(how, H5F_CLOSE_STRONG);
    H5Pset_cache(how, 0, 521, CHUNK_CACHE, 0.75);
    H5Pset_file_locking(how, false, true);
    return how;
}

static enum crema_status open_as(struct crema_ctx *ctx, const char *path,
                                 bool change, struct crema_h5 **out)
{
    enum crema_status status = CREMA_OK;
    struct file *file = NULL;
    int fd = open(path, change ? O_RDWR : O_RDONLY);
    hid_t how;

    if (fd < 0)
        return crema_fail(ctx, CREMA_EIO, "cannot open %s: %s", path,
                          strerror(errno));
    close(fd);
    CREMA_TRY(begin(ctx, path, &file));
    how = how_to_open();
    if (how >= 0)
        file->id = H5Fopen(path, change ? H5F_ACC_RDWR : H5F_ACC_RDONLY, how);
    if (file->id < 0) {
        status = h5_failed(&file->base, "read it as", "HDF5");
        (void)close_file(&file->base);
    } else {
        *out = &file->base;
    }
    if (how >= 0) H5Pclose(how);
    return status;
}

static enum crema_status open_file(struct crema_ctx *ctx, const char *path,
                                   struct crema_h5 **out)
{
    return open_as(ctx, path, false, out);
}

static enum crema_status reopen_file(struct crema_ctx *ctx, const char *path,
                                     struct crema_h5 **out)
{
    return open_as(ctx, path, true, out);
}

static enum crema_status create_file(struct crema_ctx *ctx, const char *path,
                                     struct crema_h5 **out)
{
    enum crema_status status = CREMA_OK;
    struct file *file = NULL;
    hid_t how;

    CREMA_TRY(begin(ctx, path, &file));
    how = how_to_open();
    if (how >= 0) file->id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, how);
    if (file->id < 0) {
        status = h5_failed(&file->base, "write it as", "HDF5");
        (void)close_file(&file->base);
    } else {
        *out = &file->base;
    }
    if (how >= 0) H5Pclose(how);
    return status;
}

static const struct crema_h5_type type = {
    .open = open_file,
    .create = create_file,
    .reopen = reopen_file,
    .close = close_file,
    .flush = flush,
    .has = h5_has,
    .members = h5_members,
    .shape = h5_shape,
    .read = h5_read,
    .read_text = h5_read_text,
    .make_group = h5_make_group,
    .make_array = h5_make_array,
    .resize = h5_resize,
    .write = h5_write,
    .write_text = h5_write_text,
};

crema_h5_part_fn crema_part_hdf5;
const struct crema_h5_type *crema_part_hdf5(void)
{
    return &type;
}
