/* lmdb_check.c - is this a whole LMDB database?  Asked before it is opened,
 * since reading past the end of a cut file kills the process.
 *
 * A data.mdb begins with two meta pages; the one with the higher transaction
 * number counts.  Of a meta page, after a header of 16 bytes:
 *
 *     0  magic     4  version     24  page size     120  last page in use
 *   128  transaction number                         (little-endian)
 */
#include "data/lmdb.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_HEADER = 16, META_BYTES = 136 };
static const uint32_t magic = 0xbeefc0de;

struct meta {
    bool valid;
    uint32_t page_size;
    uint64_t last_page, transaction;
};

static bool read_meta(FILE *f, long at, struct meta *meta)
{
    uint8_t bytes[META_BYTES];
    uint32_t found;

    if (fseek(f, at + PAGE_HEADER, SEEK_SET) != 0) return false;
    if (fread(bytes, sizeof bytes, 1, f) != 1) return false;
    memcpy(&found, bytes, sizeof found);
    memcpy(&meta->page_size, bytes + 24, sizeof meta->page_size);
    memcpy(&meta->last_page, bytes + 120, sizeof meta->last_page);
    memcpy(&meta->transaction, bytes + 128, sizeof meta->transaction);
    meta->valid = found == magic && meta->page_size >= 256 &&
                  meta->page_size <= 65536 &&
                  meta->last_page < UINT64_MAX / 65536 - 1;
    return meta->valid;
}

enum crema_status crema_lmdb_needed(struct crema_ctx *ctx, const char *path,
                                    const char *file, uint64_t *bytes)
{
    struct meta first = { 0 }, second = { 0 };
    const struct meta *meta = &first;
    FILE *f = fopen(file, "rb");

    if (!f)
        return crema_fail(ctx, CREMA_EIO, "cannot open database %s: %s: %s",
                          path, file, strerror(errno));
    if (read_meta(f, 0, &first)) read_meta(f, (long)first.page_size, &second);
    fclose(f);
    if (!first.valid)
        return crema_fail(ctx, CREMA_EIO,
                          "%s is not an LMDB database: %s does not begin as "
                          "one",
                          path, file);
    if (!second.valid)
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
