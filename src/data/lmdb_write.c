/* lmdb_write.c - a database made beside its final name and moved there. */
#include "data/lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST_MAP = 64 << 20,   /* bytes; doubled as often as needed */
    BATCH_BYTES = 16 << 20, /* held back and written in one transaction */
    BATCH_RECORDS = 1000,
    LONGEST_KEY = 511,
};

/* One record held back: offsets into `bytes`. */
struct pending {
    size_t key, key_length, value, value_length;
};

struct crema_lmdb_writer {
    struct crema_ctx *ctx;
    char path[PATH_MAX], beside[PATH_MAX];
    MDB_env *env;
    MDB_dbi dbi;
    size_t map_size;
    struct pending records[BATCH_RECORDS];
    size_t count;
    uint8_t *bytes;
    size_t used, capacity;
    uint8_t last[LONGEST_KEY]; /* the largest key so far */
    size_t last_length;
};

static enum crema_status failed(const struct crema_lmdb_writer *w, int error)
{
    return crema_fail(w->ctx, error == ENOMEM ? CREMA_ENOMEM : CREMA_EIO,
                      "cannot write database %s: %s", w->path,
                      mdb_strerror(error));
}

static int open_env(struct crema_lmdb_writer *w)
{
    MDB_txn *txn;
    int error = mdb_env_create(&w->env);

    if (!error) error = mdb_env_set_mapsize(w->env, w->map_size);
    /* Synced once, before it gets its name. */
    if (!error) error = mdb_env_open(w->env, w->beside, MDB_NOSYNC, 0664);
    if (!error) error = mdb_txn_begin(w->env, NULL, 0, &txn);
    if (error) return error;
    error = mdb_dbi_open(txn, NULL, 0, &w->dbi);
    if (error)
        mdb_txn_abort(txn);
    else
        error = mdb_txn_commit(txn);
    return error;
}

enum crema_status crema_lmdb_create(struct crema_ctx *ctx, const char *path,
                                    struct crema_lmdb_writer **out)
{
    struct crema_lmdb_writer *w;
    size_t length = strlen(path);
    enum crema_status status;
    struct stat st;
    int error;

    while (length > 1 && path[length - 1] == '/') length--;
    if (length == 0 || length + 32 > PATH_MAX)
        return crema_fail(ctx, CREMA_EINVAL,
                          "not a path for a database: \"%s\"", path);
    if (lstat(path, &st) == 0)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s exists already: remove it first, or give "
                          "another name",
                          path);
    w = calloc(1, sizeof *w);
    if (!w) return crema_no_memory(ctx, path);
    w->ctx = ctx;
    w->map_size = FIRST_MAP;
    snprintf(w->path, sizeof w->path, "%.*s", (int)length, path);
    snprintf(w->beside, sizeof w->beside, "%.*s.%ld.tmp", (int)length, path,
             (long)getpid());
    error = mkdir(w->beside, 0777) == 0 ? open_env(w) : errno;
    if (error) {
        status = failed(w, error);
        crema_lmdb_abandon(w);
        return status;
    }
    *out = w;
    return CREMA_OK;
}

/* Does the key stand behind all that were written?  Then LMDB need not search
 * for its place, and fills its pages. */
static bool ascends(struct crema_lmdb_writer *w, const MDB_val *key)
{
    size_t n = key->mv_size < w->last_length ? key->mv_size : w->last_length;
    int order = memcmp(key->mv_data, w->last, n);

    if (order < 0 || (order == 0 && key->mv_size <= w->last_length))
        return false;
    memcpy(w->last, key->mv_data, key->mv_size);
    w->last_length = key->mv_size;
    return true;
}

/* All that is held back, in one transaction. */
static int write_batch(struct crema_lmdb_writer *w)
{
    MDB_txn *txn;
    int error = mdb_txn_begin(w->env, NULL, 0, &txn);

    if (error) return error;
    for (size_t i = 0; i < w->count && !error; i++) {
        const struct pending *r = &w->records[i];
        MDB_val key = { r->key_length, w->bytes + r->key };
        MDB_val value = { r->value_length, w->bytes + r->value };

        error = mdb_put(txn, w->dbi, &key, &value,
                        ascends(w, &key) ? MDB_APPEND : 0);
    }
    if (error)
        mdb_txn_abort(txn);
    else
        error = mdb_txn_commit(txn);
    return error;
}

static enum crema_status flush(struct crema_lmdb_writer *w)
{
    uint8_t last[LONGEST_KEY];
    size_t last_length = w->last_length;
    int error;

    memcpy(last, w->last, sizeof last);
    while ((error = write_batch(w)) == MDB_MAP_FULL) {
        /* the batch is undone: make room and write it again */
        memcpy(w->last, last, sizeof last);
        w->last_length = last_length;
        w->map_size *= 2;
        error = mdb_env_set_mapsize(w->env, w->map_size);
        if (error) break;
    }
    if (error) return failed(w, error);
    w->count = 0;
    w->used = 0;
    return CREMA_OK;
}

static size_t hold(struct crema_lmdb_writer *w, struct crema_slice bytes)
{
    size_t at = w->used;

    if (bytes.length) memcpy(w->bytes + at, bytes.data, bytes.length);
    w->used += bytes.length;
    return at;
}

enum crema_status crema_lmdb_put(struct crema_lmdb_writer *w,
                                 struct crema_slice key,
                                 struct crema_slice value)
{
    size_t need = w->used + key.length + value.length;
    struct pending *r = &w->records[w->count];

    if (key.length == 0 || key.length > LONGEST_KEY)
        return crema_fail(w->ctx, CREMA_EINVAL,
                          "key %.*s: %zu bytes; a key in LMDB has 1 to %d",
                          (int)(key.length < 80 ? key.length : 80),
                          (const char *)key.data, key.length, LONGEST_KEY);
    if (need > w->capacity) {
        size_t capacity = need > BATCH_BYTES ? need : BATCH_BYTES;
        uint8_t *more = realloc(w->bytes, capacity);

        if (!more) return crema_no_memory(w->ctx, w->path);
        w->bytes = more;
        w->capacity = capacity;
    }
    r->key_length = key.length;
    r->value_length = value.length;
    r->key = hold(w, key);
    r->value = hold(w, value);
    w->count++;
    if (w->count == BATCH_RECORDS || w->used >= BATCH_BYTES) return flush(w);
    return CREMA_OK;
}

static void file_in(const struct crema_lmdb_writer *w, const char *name,
                    char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", w->beside, name) >= PATH_MAX)
        out[0] = '\0';
}

/* Pages of an undone batch may lie behind the last one in use. */
static enum crema_status trim(struct crema_lmdb_writer *w)
{
    char file[PATH_MAX];
    struct stat st;
    uint64_t needed;

    file_in(w, "data.mdb", file);
    CREMA_TRY(crema_lmdb_needed(w->ctx, w->path, file, &needed));
    if (stat(file, &st) != 0) return failed(w, errno);
    if ((uint64_t)st.st_size > needed && truncate(file, (off_t)needed) != 0)
        return failed(w, errno);
    return CREMA_OK;
}

static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY);

    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

static enum crema_status move(struct crema_lmdb_writer *w)
{
    char copy[PATH_MAX];

    sync_folder(w->beside);
    if (rename(w->beside, w->path) != 0) return failed(w, errno);
    memcpy(copy, w->path, sizeof copy);
    sync_folder(dirname(copy));
    return CREMA_OK;
}

enum crema_status crema_lmdb_commit(struct crema_lmdb_writer *w)
{
    enum crema_status status = flush(w);

    if (status == CREMA_OK) {
        int error = mdb_env_sync(w->env, 1);

        if (error) status = failed(w, error);
    }
    mdb_env_close(w->env);
    w->env = NULL;
    if (status == CREMA_OK) status = trim(w);
    if (status == CREMA_OK) status = move(w);
    if (status != CREMA_OK) {
        crema_lmdb_abandon(w);
        return status;
    }
    free(w->bytes);
    free(w);
    return CREMA_OK;
}

void crema_lmdb_abandon(struct crema_lmdb_writer *w)
{
    char file[PATH_MAX];

    if (!w) return;
    if (w->env) mdb_env_close(w->env);
    file_in(w, "data.mdb", file);
    unlink(file);
    file_in(w, "lock.mdb", file);
    unlink(file);
    rmdir(w->beside);
    free(w->bytes);
    free(w);
}
