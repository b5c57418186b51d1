/* lmdb_write.c - a database made beside its final name and moved there. */
#include "data/lmdb_partial.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    FIRST_MAP = 64 << 20,   /* bytes; doubled as often as needed */
    BATCH_BYTES = 16 << 20, /* held back and written in one transaction */
    BATCH_RECORDS = 1000,
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
    uint8_t last[CREMA_LMDB_KEY]; /* the largest key so far */
    size_t last_length;
    struct crema_partial partial; /* where it can be gone on with */
    char state[CREMA_LMDB_STATE];
};

/* LMDB calls it a failure of the device when a file cannot grow. */
static bool disk_is_full(const struct crema_lmdb_writer *w)
{
    struct statvfs disk;

    return statvfs(w->beside, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize < BATCH_BYTES;
}

static enum crema_status failed(const struct crema_lmdb_writer *w, int error)
{
    if (error == EIO && disk_is_full(w)) error = ENOSPC;
    return crema_fail(w->ctx, error == ENOMEM ? CREMA_ENOMEM : CREMA_EIO,
                      "cannot write database %s: %s", w->path,
                      mdb_strerror(error));
}

static void file_in(const char *folder, const char *name, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        out[0] = '\0';
}

static void remove_in(const char *folder, const char *name)
{
    char file[PATH_MAX];

    file_in(folder, name, file);
    (void)unlink(file);
}

/* Synced once, before it gets its name; one that can be gone on with, with each
 * transaction, so that it can also where the machine went down. */
static unsigned sync_flags(const struct crema_lmdb_writer *w)
{
    return w->partial.fd >= 0 ? MDB_NOMETASYNC : MDB_NOSYNC;
}

static int open_env(struct crema_lmdb_writer *w)
{
    MDB_txn *txn;
    int error = mdb_env_create(&w->env);

    if (!error) error = mdb_env_set_mapsize(w->env, w->map_size);
    if (!error) error = mdb_env_open(w->env, w->beside, sync_flags(w), 0664);
    if (!error) error = mdb_txn_begin(w->env, NULL, 0, &txn);
    if (error) return error;
    error = mdb_dbi_open(txn, NULL, 0, &w->dbi);
    if (error)
        mdb_txn_abort(txn);
    else
        error = mdb_txn_commit(txn);
    return error;
}

/* A writer of nothing yet; beside: what stands behind path until it is done. */
static enum crema_status writer_new(struct crema_ctx *ctx, const char *path,
                                    const char *beside,
                                    struct crema_lmdb_writer **out)
{
    struct crema_lmdb_writer *w;
    size_t length = strlen(path);
    struct stat st;

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
    w->partial.fd = -1;
    snprintf(w->path, sizeof w->path, "%.*s", (int)length, path);
    snprintf(w->beside, sizeof w->beside, "%.*s%s", (int)length, path, beside);
    *out = w;
    return CREMA_OK;
}

enum crema_status crema_lmdb_create(struct crema_ctx *ctx, const char *path,
                                    struct crema_lmdb_writer **out)
{
    struct crema_lmdb_writer *w;
    enum crema_status status;
    char beside[32];
    int error;

    snprintf(beside, sizeof beside, ".%ld.tmp", (long)getpid());
    CREMA_TRY(writer_new(ctx, path, beside, &w));
    error = mkdir(w->beside, 0777) == 0 ? open_env(w) : errno;
    if (error) {
        status = failed(w, error);
        crema_lmdb_abandon(w);
        return status;
    }
    *out = w;
    return CREMA_OK;
}

/* Where the records that are there end: the last key, and the state. */
static enum crema_status find_end(struct crema_lmdb_writer *w)
{
    MDB_val key = { 0 }, value;
    MDB_cursor *cursor = NULL;
    MDB_envinfo info;
    MDB_txn *txn;
    int error = mdb_env_info(w->env, &info);

    if (!error) error = mdb_txn_begin(w->env, NULL, MDB_RDONLY, &txn);
    if (error) return failed(w, error);
    error = mdb_cursor_open(txn, w->dbi, &cursor);
    if (!error) error = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (!error && key.mv_size <= CREMA_LMDB_KEY) {
        memcpy(w->last, key.mv_data, key.mv_size);
        w->last_length = key.mv_size;
    }
    if (cursor) mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    if (error == MDB_NOTFOUND) return CREMA_OK; /* no record yet */
    if (error) return failed(w, error);
    return crema_partial_state(&w->partial, info.me_last_txnid, w->state);
}

static enum crema_status go_on(struct crema_lmdb_writer *w, bool found)
{
    char file[PATH_MAX];
    uint64_t needed = 0;
    int error;

    file_in(w->beside, "data.mdb", file);
    if (found &&
        (crema_lmdb_check(w->ctx, w->beside) != CREMA_OK ||
         crema_lmdb_needed(w->ctx, w->beside, file, &needed) != CREMA_OK))
        return crema_fail(w->ctx, CREMA_EIO,
                          "%s is damaged: --restart begins anew", w->beside);
    while (w->map_size < needed) w->map_size *= 2;
    error = open_env(w);
    if (error) return failed(w, error);
    return found ? find_end(w) : CREMA_OK;
}

enum crema_status crema_lmdb_go_on(struct crema_ctx *ctx, const char *path,
                                   const char *note, bool restart,
                                   struct crema_lmdb_writer **out,
                                   char state[CREMA_LMDB_STATE])
{
    struct crema_lmdb_writer *w;
    enum crema_status status;
    bool found;

    CREMA_TRY(writer_new(ctx, path, ".partial", &w));
    status =
        crema_partial_open(ctx, w->beside, note, restart, &w->partial, &found);
    if (status == CREMA_OK) status = go_on(w, found);
    if (status != CREMA_OK) {
        crema_lmdb_leave(w);
        return status;
    }
    memcpy(state, w->state, CREMA_LMDB_STATE);
    *out = w;
    return CREMA_OK;
}

void crema_lmdb_set_state(struct crema_lmdb_writer *w, const char *state)
{
    snprintf(w->state, sizeof w->state, "%s", state);
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
    if (!error && w->partial.fd >= 0)
        error = crema_partial_note(&w->partial, mdb_txn_id(txn), w->state);
    if (error)
        mdb_txn_abort(txn);
    else
        error = mdb_txn_commit(txn);
    return error;
}

static int reopen_env(struct crema_lmdb_writer *w)
{
    mdb_env_close(w->env);
    w->env = NULL;
    return open_env(w);
}

static enum crema_status flush(struct crema_lmdb_writer *w)
{
    uint8_t last[CREMA_LMDB_KEY];
    size_t last_length = w->last_length;
    int error = 0;

    if (w->count == 0) return CREMA_OK;
    /* What LMDB remembers of former transactions decides which pages it takes:
     * where one can be gone on with, each begins with what the file says, so
     * that an interruption changes no byte. */
    if (w->partial.fd >= 0) error = reopen_env(w);
    memcpy(last, w->last, sizeof last);
    while (!error && (error = write_batch(w)) == MDB_MAP_FULL) {
        /* the batch is undone: make room and write it again */
        memcpy(w->last, last, sizeof last);
        w->last_length = last_length;
        w->map_size *= 2;
        error = reopen_env(w);
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

    if (key.length == 0 || key.length > CREMA_LMDB_KEY)
        return crema_fail(w->ctx, CREMA_EINVAL,
                          "key %.*s: %zu bytes; a key in LMDB has 1 to %d",
                          (int)(key.length < 80 ? key.length : 80),
                          (const char *)key.data, key.length, CREMA_LMDB_KEY);
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

/* Pages of an undone batch may lie behind the last one in use. */
static enum crema_status trim(struct crema_lmdb_writer *w)
{
    char file[PATH_MAX];
    struct stat st;
    uint64_t needed;

    file_in(w->beside, "data.mdb", file);
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
    if (status != CREMA_OK && w->partial.fd < 0) {
        crema_lmdb_abandon(w);
        return status;
    }
    /* A stray journal beside a whole database does no harm, one missing beside
     * an unfinished one would. */
    if (status == CREMA_OK && w->partial.fd >= 0) remove_in(w->path, "journal");
    crema_lmdb_leave(w);
    return status;
}

void crema_lmdb_leave(struct crema_lmdb_writer *w)
{
    if (!w) return;
    if (w->env) mdb_env_close(w->env);
    crema_partial_close(&w->partial);
    free(w->bytes);
    free(w);
}

void crema_lmdb_abandon(struct crema_lmdb_writer *w)
{
    if (!w) return;
    if (w->env) mdb_env_close(w->env);
    w->env = NULL;
    remove_in(w->beside, "data.mdb");
    remove_in(w->beside, "lock.mdb");
    remove_in(w->beside, "journal");
    rmdir(w->beside);
    crema_lmdb_leave(w);
}
