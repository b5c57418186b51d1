/* file.c - whole files: read at once, replaced at once. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct crema_file {
    struct crema_ctx *ctx;
    FILE *stream;
    char path[PATH_MAX], beside[PATH_MAX]; /* beside: "" when written itself */
};

static enum crema_status failed(struct crema_ctx *ctx, const char *verb,
                                const char *path)
{
    return crema_fail(ctx, CREMA_EIO, "cannot %s %s: %s", verb, path,
                      strerror(errno));
}

/* Room for at least `bytes`; what there is stays. */
static enum crema_status grow(struct crema_ctx *ctx, const char *path,
                              size_t bytes, char **data, size_t *capacity)
{
    char *more;

    if (bytes <= *capacity) return CREMA_OK;
    more = realloc(*data, bytes);
    if (!more) return crema_no_memory(ctx, path);
    *data = more;
    *capacity = bytes;
    return CREMA_OK;
}

/* expected: its length, if the file does not grow; 0: not known */
static enum crema_status read_stream(struct crema_ctx *ctx, FILE *f,
                                     const char *path, size_t expected,
                                     char **data, size_t *capacity,
                                     size_t *length)
{
    size_t used = 0, got;

    /* one byte more for the '\0', and one to find the end */
    CREMA_TRY(grow(ctx, path, expected + 2, data, capacity));
    do {
        if (*capacity - used < 2)
            CREMA_TRY(grow(ctx, path, 2 * *capacity + 65536, data, capacity));
        got = fread(*data + used, 1, *capacity - used - 1, f);
        used += got;
    } while (got > 0);
    if (ferror(f)) return failed(ctx, "read", path);
    (*data)[used] = '\0';
    *length = used;
    return CREMA_OK;
}

enum crema_status crema_file_read_into(struct crema_ctx *ctx, const char *path,
                                       char **data, size_t *capacity,
                                       size_t *length)
{
    enum crema_status status;
    struct stat st = { 0 };
    FILE *f = fopen(path, "rb");

    if (!f) return failed(ctx, "open", path);
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        fclose(f);
        return crema_fail(ctx, CREMA_EIO, "cannot read %s: it is a folder",
                          path);
    }
    setvbuf(f, NULL, _IONBF, 0); /* straight into *data */
    status = read_stream(ctx, f, path, st.st_size > 0 ? (size_t)st.st_size : 0,
                         data, capacity, length);
    fclose(f);
    return status;
}

enum crema_status crema_file_read(struct crema_ctx *ctx, const char *path,
                                  char **data, size_t *length)
{
    char *text = NULL;
    size_t capacity = 0;
    enum crema_status status =
        crema_file_read_into(ctx, path, &text, &capacity, length);

    if (status != CREMA_OK) {
        free(text);
        return status;
    }
    *data = text;
    return CREMA_OK;
}

/* A device or a pipe: to be written to, not to be replaced. */
static bool special(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

const char *crema_file_path(const struct crema_file *file)
{
    return *file->beside ? file->beside : file->path;
}

enum crema_status crema_file_create(struct crema_ctx *ctx, const char *path,
                                    struct crema_file **out)
{
    struct crema_file *file = calloc(1, sizeof *file);
    int n, m;

    if (!file) return crema_no_memory(ctx, path);
    file->ctx = ctx;
    n = snprintf(file->path, sizeof file->path, "%s", path);
    m = snprintf(file->beside, sizeof file->beside, "%s.%ld.tmp", path,
                 (long)getpid());
    if (n >= (int)sizeof file->path || m >= (int)sizeof file->beside) {
        free(file);
        return crema_fail(ctx, CREMA_EINVAL, "path too long: %s", path);
    }
    if (special(path)) *file->beside = '\0';
    file->stream = fopen(crema_file_path(file), "wb");
    if (!file->stream) {
        enum crema_status status = failed(ctx, "write", path);

        free(file);
        return status;
    }
    *out = file;
    return CREMA_OK;
}

enum crema_status crema_file_write(struct crema_file *file, const void *data,
                                   size_t length)
{
    if (length && fwrite(data, 1, length, file->stream) != length)
        return failed(file->ctx, "write", file->path);
    return CREMA_OK;
}

/* The rename itself must reach the disk too; a folder that cannot be synced
 * (some network file systems) is not an error. */
static void sync_folder(const char *path)
{
    char copy[PATH_MAX];
    int fd;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

enum crema_status crema_file_commit(struct crema_file *file)
{
    struct crema_ctx *ctx = file->ctx;
    bool beside = *file->beside;
    bool good = fflush(file->stream) == 0 &&
                (!beside || fsync(fileno(file->stream)) == 0);

    good = fclose(file->stream) == 0 && good;
    file->stream = NULL;
    if (!good || (beside && rename(file->beside, file->path) != 0)) {
        enum crema_status status = failed(ctx, "write", file->path);

        crema_file_abandon(file);
        return status;
    }
    if (beside) sync_folder(file->path);
    free(file);
    return CREMA_OK;
}

void crema_file_abandon(struct crema_file *file)
{
    if (!file) return;
    if (file->stream) fclose(file->stream);
    if (*file->beside) unlink(file->beside);
    free(file);
}
