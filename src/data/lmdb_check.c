/* lmdb_check.c - is this a whole LMDB database?  Asked before it is opened,
 * since reading past the end of a cut file kills the process.
 */
#include "data/lmdb_pages.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool read_meta(FILE *f, long at, struct crema_lmdb_meta *meta)
{
    uint8_t bytes[CREMA_LMDB_META_BYTES];

    if (fseek(f, at + CREMA_LMDB_PAGE_HEADER, SEEK_SET) != 0) return false;
    if (fread(bytes, sizeof bytes, 1, f) != 1) return false;
    return crema_lmdb_meta(bytes, meta);
}

enum crema_status crema_lmdb_needed(struct crema_ctx *ctx, const char *path,
                                    const char *file, uint64_t *bytes)
{
    struct crema_lmdb_meta first, second;
    const struct crema_lmdb_meta *meta = &first;
    bool begins, whole;
    FILE *f = fopen(file, "rb");

    if (!f)
        return crema_fail(ctx, CREMA_EIO, "cannot open database %s: %s: %s",
                          path, file, strerror(errno));
    begins = read_meta(f, 0, &first);
    whole = begins && read_meta(f, (long)first.page_size, &second);
    fclose(f);
    if (!begins)
        return crema_fail(ctx, CREMA_EIO,
                          "%s is not an LMDB database: %s does not begin as "
                          "one",
                          path, file);
    if (!whole)
        return crema_fail(ctx, CREMA_EIO,
                          "database %s is cut short: %s ends within its "
                          "header",
                          path, file);
    if (second.transaction > first.transaction) meta = &second;
    *bytes = (meta->last_page + 1) * meta->page_size;
    return CREMA_OK;
}

static bool exists(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return false;
    return stat(path, &st) == 0;
}

enum crema_status crema_lmdb_check(struct crema_ctx *ctx, const char *path)
{
    char file[PATH_MAX];
    struct stat st;
    uint64_t needed;

    if (stat(path, &st) != 0)
        return crema_fail(ctx, CREMA_EIO, "cannot open database %s: %s", path,
                          strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return crema_fail(ctx, CREMA_EIO,
                          "%s is no database: it is a file, not a folder with "
                          "a data.mdb",
                          path);
    if (snprintf(file, sizeof file, "%s/data.mdb", path) >= (int)sizeof file)
        return crema_fail(ctx, CREMA_EINVAL, "path too long: %s", path);
    if (stat(file, &st) != 0) {
        if (exists(path, "CURRENT"))
            return crema_fail(ctx, CREMA_EUNSUPPORTED,
                              "%s is a LevelDB database, which crema does not "
                              "read: make it again as LMDB, with "
                              "convert_imageset --backend lmdb or crema "
                              "convert",
                              path);
        return crema_fail(ctx, CREMA_EIO,
                          "%s is no LMDB database: it has no data.mdb", path);
    }
    CREMA_TRY(crema_lmdb_needed(ctx, path, file, &needed));
    if ((uint64_t)st.st_size < needed)
        return crema_fail(ctx, CREMA_EIO,
                          "database %s is cut short: data.mdb has %llu bytes, "
                          "its header tells of %llu; copy or make it again",
                          path, (unsigned long long)st.st_size,
                          (unsigned long long)needed);
    return CREMA_OK;
}
