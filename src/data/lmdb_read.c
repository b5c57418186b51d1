/* lmdb_read.c - the databases a process has open, and walking them. */
#include "data/lmdb.h"

#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct crema_database {
    struct crema_database *next;
    char *path;
    dev_t device; /* of data.mdb: what makes two paths one database */
    ino_t inode;
    MDB_env *env;
    MDB_dbi dbi;
    uint64_t count;
};

struct crema_databases {
    pthread_mutex_t lock;
    struct crema_database *first;
};

struct crema_cursor {
    struct crema_database *database;
    MDB_txn *txn;
    MDB_cursor *cursor;
    uint64_t next;  /* row that MDB_NEXT reads; 0: not placed */
    MDB_val *index; /* keys of rows 0, STEP, 2 STEP .., or NULL */
};

enum { STEP = 64 };

static enum crema_status failed(struct crema_ctx *ctx, const char *path,
                                int error)
{
    return crema_fail(ctx, error == ENOMEM ? CREMA_ENOMEM : CREMA_EIO,
                      "cannot read database %s: %s", path, mdb_strerror(error));
}

enum crema_status crema_databases_new(struct crema_ctx *ctx,
                                      struct crema_databases **out)
{
    struct crema_databases *databases = calloc(1, sizeof *databases);

    if (!databases) return crema_no_memory(ctx, "the list of databases");
    pthread_mutex_init(&databases->lock, NULL);
    *out = databases;
    return CREMA_OK;
}

static void database_free(struct crema_database *database)
{
    if (database->env) mdb_env_close(database->env);
    free(database->path);
    free(database);
}

void crema_databases_free(struct crema_databases *databases)
{
    if (!databases) return;
    while (databases->first) {
        struct crema_database *database = databases->first;

        databases->first = database->next;
        database_free(database);
    }
    pthread_mutex_destroy(&databases->lock);
    free(databases);
}

/* No lock file can be made here; there can be no writer here either. */
static bool unlockable(int error)
{
    return error == EACCES || error == EPERM || error == EROFS ||
           error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP;
}

static int open_env(struct crema_database *database)
{
    unsigned flags = MDB_RDONLY | MDB_NOTLS;
    int error;

    for (int attempt = 0; attempt < 2; attempt++) {
        error = mdb_env_create(&database->env);
        if (error) return error;
        error = mdb_env_open(database->env, database->path, flags, 0664);
        if (!error) return 0;
        mdb_env_close(database->env);
        database->env = NULL;
        if (!unlockable(error)) return error;
        flags |= MDB_NOLOCK;
    }
    return error;
}

/* The main table's handle, and how many records it has. */
static int open_table(struct crema_database *database)
{
    MDB_txn *txn;
    MDB_stat stat;
    int error = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &txn);

    if (error) return error;
    error = mdb_dbi_open(txn, NULL, 0, &database->dbi);
    if (!error) error = mdb_stat(txn, database->dbi, &stat);
    if (!error) database->count = stat.ms_entries;
    if (error)
        mdb_txn_abort(txn);
    else
        error = mdb_txn_commit(txn); /* keeps the handle */
    return error;
}

static enum crema_status database_new(struct crema_ctx *ctx, const char *path,
                                      const struct stat *st,
                                      struct crema_database **out)
{
    struct crema_database *database = calloc(1, sizeof *database);
    enum crema_status status = CREMA_OK;
    int error;

    if (!database) return crema_no_memory(ctx, path);
    database->device = st->st_dev;
    database->inode = st->st_ino;
    database->path = strdup(path);
    error = database->path ? open_env(database) : ENOMEM;
    if (!error) error = open_table(database);
    if (error)
        status = failed(ctx, path, error);
    else if (database->count == 0)
        status = crema_fail(ctx, CREMA_EINVAL, "database %s is empty", path);
    if (status != CREMA_OK) {
        database_free(database);
        return status;
    }
    *out = database;
    return CREMA_OK;
}

static enum crema_status find_or_open(struct crema_ctx *ctx,
                                      struct crema_databases *databases,
                                      const char *path,
                                      struct crema_database **out)
{
    char file[PATH_MAX];
    struct stat st;

    CREMA_TRY(crema_lmdb_check(ctx, path));
    snprintf(file, sizeof file, "%s/data.mdb", path);
    if (stat(file, &st) != 0) return failed(ctx, path, errno);
    for (struct crema_database *d = databases->first; d; d = d->next)
        if (d->device == st.st_dev && d->inode == st.st_ino) {
            *out = d;
            return CREMA_OK;
        }
    CREMA_TRY(database_new(ctx, path, &st, out));
    (*out)->next = databases->first;
    databases->first = *out;
    return CREMA_OK;
}

enum crema_status crema_database_open(struct crema_ctx *ctx,
                                      struct crema_databases *databases,
                                      const char *path,
                                      struct crema_database **out)
{
    enum crema_status status;

    pthread_mutex_lock(&databases->lock);
    status = find_or_open(ctx, databases, path, out);
    pthread_mutex_unlock(&databases->lock);
    return status;
}

uint64_t crema_database_count(const struct crema_database *database)
{
    return database->count;
}

const char *crema_database_path(const struct crema_database *database)
{
    return database->path;
}

enum crema_status crema_cursor_open(struct crema_ctx *ctx,
                                    struct crema_database *database,
                                    struct crema_cursor **out)
{
    struct crema_cursor *cursor = calloc(1, sizeof *cursor);
    int error;

    if (!cursor) return crema_no_memory(ctx, database->path);
    cursor->database = database;
    error = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &cursor->txn);
    if (!error)
        error = mdb_cursor_open(cursor->txn, database->dbi, &cursor->cursor);
    if (error) {
        crema_cursor_free(cursor);
        return failed(ctx, database->path, error);
    }
    *out = cursor;
    return CREMA_OK;
}

void crema_cursor_free(struct crema_cursor *cursor)
{
    if (!cursor) return;
    if (cursor->cursor) mdb_cursor_close(cursor->cursor);
    if (cursor->txn) mdb_txn_abort(cursor->txn);
    free(cursor->index);
    free(cursor);
}

/* One record on; the key alone is touched. */
static int step(struct crema_cursor *cursor, MDB_val *key)
{
    int error = mdb_cursor_get(cursor->cursor, key, NULL,
                               cursor->next ? MDB_NEXT : MDB_FIRST);

    cursor->next++;
    return error;
}

/* To a place at or before the row, where that is nearer than the cursor. */
static int jump(struct crema_cursor *cursor, uint64_t row)
{
    uint64_t near = row - row % STEP;

    if (row < cursor->next) cursor->next = 0;
    if (!cursor->index || cursor->next > near) return 0;
    cursor->next = near + 1;
    return mdb_cursor_get(cursor->cursor, &cursor->index[near / STEP], NULL,
                          MDB_SET);
}

enum crema_status crema_cursor_index(struct crema_ctx *ctx,
                                     struct crema_cursor *cursor)
{
    uint64_t count = cursor->database->count;
    MDB_val *index = calloc(count / STEP + 1, sizeof *index);
    int error = 0;
    MDB_val key;

    if (!index) return crema_no_memory(ctx, cursor->database->path);
    cursor->next = 0;
    for (uint64_t row = 0; row < count && !error; row++) {
        error = step(cursor, &key);
        if (row % STEP == 0) index[row / STEP] = key;
    }
    cursor->next = 0;
    if (error) {
        free(index);
        return failed(ctx, cursor->database->path, error);
    }
    cursor->index = index;
    return CREMA_OK;
}

static int go_to(struct crema_cursor *cursor, uint64_t row, MDB_val *key,
                 MDB_val *value)
{
    int error = jump(cursor, row);

    while (!error && cursor->next <= row) error = step(cursor, key);
    if (!error)
        error = mdb_cursor_get(cursor->cursor, key, value, MDB_GET_CURRENT);
    if (error) cursor->next = 0;
    return error;
}

enum crema_status crema_cursor_read(struct crema_ctx *ctx,
                                    struct crema_cursor *cursor, uint64_t row,
                                    struct crema_slice *key,
                                    struct crema_slice *value)
{
    MDB_val k, v;
    int error = go_to(cursor, row, &k, &v);

    if (error) return failed(ctx, cursor->database->path, error);
    *key = (struct crema_slice){ k.mv_data, k.mv_size };
    *value = (struct crema_slice){ v.mv_data, v.mv_size };
    return CREMA_OK;
}

void crema_cursor_ahead(struct crema_cursor *cursor, uint64_t first, uint64_t n)
{
    uintptr_t begin, end, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    MDB_val key, from, to;

    if (n == 0 || go_to(cursor, first, &key, &from) ||
        go_to(cursor, first + n - 1, &key, &to))
        return;
    begin = (uintptr_t)from.mv_data / page * page;
    end = (uintptr_t)to.mv_data + to.mv_size;
    if (end > begin && (end - begin) / n <= 4 * (from.mv_size + page))
        (void)madvise((void *)begin, end - begin, MADV_WILLNEED);
}

enum crema_status crema_cursor_find(struct crema_ctx *ctx,
                                    struct crema_cursor *cursor,
                                    struct crema_slice wanted,
                                    struct crema_slice *key,
                                    struct crema_slice *value, bool *found)
{
    MDB_val k = { wanted.length, (void *)(uintptr_t)wanted.data }, v;
    int error = mdb_cursor_get(cursor->cursor, &k, &v, MDB_SET_RANGE);

    cursor->next = 0; /* which row that is, is not known */
    *found = false;
    if (error == MDB_NOTFOUND) return CREMA_OK;
    if (error) return failed(ctx, cursor->database->path, error);
    *found = k.mv_size >= wanted.length &&
             memcmp(k.mv_data, wanted.data, wanted.length) == 0;
    *key = (struct crema_slice){ k.mv_data, k.mv_size };
    *value = (struct crema_slice){ v.mv_data, v.mv_size };
    return CREMA_OK;
}
