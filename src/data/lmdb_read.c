/* lmdb_read.c - the databases a process has open, and walking them.
 *
 * LMDB opens a database and keeps writers from the pages that are being read;
 * the pages themselves are walked in a map of our own (lmdb_pages.c).
 */
#include "data/lmdb_pages.h"

#include <errno.h>
#include <fcntl.h>
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
    MDB_txn *txn; /* as long as it is open: what all cursors see */
    void *map;    /* data.mdb, or NULL */
    size_t map_bytes;
    struct crema_pages pages;
};

struct crema_databases {
    pthread_mutex_t lock;
    struct crema_database *first;
};

/* A page of records, and the row of its first. */
struct leaf {
    uint64_t page, row;
};

struct crema_cursor {
    struct crema_database *database;
    bool placed; /* place is that of row */
    uint64_t row;
    struct crema_pages_place place;
    struct leaf *leaves; /* all of them, in the order of rows; or NULL */
    size_t nleaves;
};

static enum crema_status failed(struct crema_ctx *ctx, const char *path,
                                int error)
{
    return crema_fail(ctx, error == ENOMEM ? CREMA_ENOMEM : CREMA_EIO,
                      "cannot read database %s: %s", path, mdb_strerror(error));
}

static enum crema_status damaged(struct crema_ctx *ctx, const char *path,
                                 const char *fault)
{
    return crema_fail(ctx, CREMA_EIO, "database %s cannot be read: %s", path,
                      fault);
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
    if (database->map) munmap(database->map, database->map_bytes);
    if (database->txn) mdb_txn_abort(database->txn);
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

static int map_file(struct crema_database *database, const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC), error = 0;
    struct stat st;
    void *map;

    if (fd < 0) return errno;
    if (fstat(fd, &st) != 0) error = errno;
    if (!error) {
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) error = errno;
    }
    close(fd);
    if (error) return error;
    database->map = map;
    database->map_bytes = (size_t)st.st_size;
    return 0;
}

/* Maps the file and finds in it what the transaction sees; only when somebody
 * writes all the time, that is never there. */
static enum crema_status open_pages(struct crema_ctx *ctx,
                                    struct crema_database *database,
                                    const char *file)
{
    const char *path = database->path, *fault = NULL;
    bool current = false;

    for (int attempt = 0; attempt < 100 && !current && !fault; attempt++) {
        int error;

        if (database->txn) mdb_txn_abort(database->txn);
        database->txn = NULL;
        error = mdb_txn_begin(database->env, NULL, MDB_RDONLY, &database->txn);
        if (!error && database->map) munmap(database->map, database->map_bytes);
        database->map = NULL;
        if (!error) error = map_file(database, file);
        if (error) return failed(ctx, path, error);
        fault = crema_pages_open(&database->pages, database->map,
                                 database->map_bytes, mdb_txn_id(database->txn),
                                 &current);
    }
    if (fault) return damaged(ctx, path, fault);
    if (!current)
        return crema_fail(ctx, CREMA_EIO,
                          "cannot read database %s: it is being written to",
                          path);
    if (database->pages.meta.entries == 0)
        return crema_fail(ctx, CREMA_EINVAL, "database %s is empty", path);
    return CREMA_OK;
}

static enum crema_status database_new(struct crema_ctx *ctx, const char *path,
                                      const char *file, const struct stat *st,
                                      struct crema_database **out)
{
    struct crema_database *database = calloc(1, sizeof *database);
    enum crema_status status;
    int error;

    if (!database) return crema_no_memory(ctx, path);
    database->device = st->st_dev;
    database->inode = st->st_ino;
    database->path = strdup(path);
    error = database->path ? open_env(database) : ENOMEM;
    status = error ? failed(ctx, path, error) : open_pages(ctx, database, file);
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
    CREMA_TRY(database_new(ctx, path, file, &st, out));
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
    return database->pages.meta.entries;
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

    if (!cursor) return crema_no_memory(ctx, database->path);
    cursor->database = database;
    *out = cursor;
    return CREMA_OK;
}

void crema_cursor_free(struct crema_cursor *cursor)
{
    if (!cursor) return;
    free(cursor->leaves);
    free(cursor);
}

/* Room for one leaf more. */
static bool grow_leaves(struct leaf **leaves, size_t count, size_t *capacity)
{
    size_t wanted = *capacity ? 2 * *capacity : 64;
    struct leaf *more;

    if (count < *capacity) return true;
    more = realloc(*leaves, wanted * sizeof *more);
    if (!more) return false;
    *leaves = more;
    *capacity = wanted;
    return true;
}

enum crema_status crema_cursor_index(struct crema_ctx *ctx,
                                     struct crema_cursor *cursor)
{
    const struct crema_pages *pages = &cursor->database->pages;
    const char *path = cursor->database->path;
    struct leaf *leaves = NULL;
    size_t n = 0, capacity = 0;
    struct crema_pages_place place;
    const char *fault = crema_pages_first(pages, &place);

    for (uint64_t row = 0; row < pages->meta.entries && !fault;) {
        uint64_t rest = crema_pages_rest(pages, &place);

        if (!grow_leaves(&leaves, n, &capacity)) {
            free(leaves);
            return crema_no_memory(ctx, path);
        }
        leaves[n++] = (struct leaf){ place.page[pages->meta.depth - 1], row };
        row += rest;
        if (rest == 0 || row < pages->meta.entries)
            fault = crema_pages_on(pages, &place, rest);
    }
    if (fault) {
        free(leaves);
        return crema_fail(ctx, CREMA_EIO,
                          "database %s cannot be read: %s; crema db --check "
                          "says how far it is whole",
                          path, fault);
    }
    free(cursor->leaves);
    cursor->leaves = leaves;
    cursor->nleaves = n;
    return CREMA_OK;
}

/* The last leaf that begins at or before the row. */
static void look_up(struct crema_cursor *cursor, uint64_t row)
{
    uint32_t level = cursor->database->pages.meta.depth - 1;
    size_t low = 0, high = cursor->nleaves;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (cursor->leaves[middle].row <= row)
            low = middle;
        else
            high = middle;
    }
    cursor->place.page[level] = cursor->leaves[low].page;
    cursor->place.at[level] = (uint32_t)(row - cursor->leaves[low].row);
}

static const char *go_to(struct crema_cursor *cursor, uint64_t row,
                         struct crema_slice *key, struct crema_slice *value)
{
    const struct crema_pages *pages = &cursor->database->pages;
    const char *fault = NULL;

    if (cursor->leaves) {
        look_up(cursor, row);
        return crema_pages_record(pages, &cursor->place, key, value);
    }
    if (!cursor->placed || row < cursor->row) {
        fault = crema_pages_first(pages, &cursor->place);
        cursor->row = 0;
    }
    if (!fault && row > cursor->row)
        fault = crema_pages_on(pages, &cursor->place, row - cursor->row);
    cursor->placed = !fault;
    cursor->row = row;
    return fault ? fault
                 : crema_pages_record(pages, &cursor->place, key, value);
}

enum crema_status crema_cursor_read(struct crema_ctx *ctx,
                                    struct crema_cursor *cursor, uint64_t row,
                                    struct crema_slice *key,
                                    struct crema_slice *value)
{
    const char *fault = go_to(cursor, row, key, value);

    if (!fault) return CREMA_OK;
    return crema_fail(
        ctx, CREMA_EIO, "database %s cannot be read at record %llu of %llu: %s",
        cursor->database->path, (unsigned long long)row,
        (unsigned long long)cursor->database->pages.meta.entries, fault);
}

void crema_cursor_ahead(struct crema_cursor *cursor, uint64_t first, uint64_t n)
{
    uintptr_t begin, end, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct crema_slice key, from, to;

    if (n == 0 || go_to(cursor, first, &key, &from) ||
        go_to(cursor, first + n - 1, &key, &to))
        return;
    begin = (uintptr_t)from.data / page * page;
    end = (uintptr_t)to.data + to.length;
    if (end > begin && (end - begin) / n <= 4 * (from.length + page))
        (void)madvise((void *)begin, end - begin, MADV_WILLNEED);
}

enum crema_status crema_cursor_find(struct crema_ctx *ctx,
                                    struct crema_cursor *cursor,
                                    struct crema_slice wanted,
                                    struct crema_slice *key,
                                    struct crema_slice *value, bool *found)
{
    const struct crema_pages *pages = &cursor->database->pages;
    struct crema_pages_place place;
    const char *fault = crema_pages_find(pages, wanted, &place, found);

    if (!fault && *found) {
        fault = crema_pages_record(pages, &place, key, value);
        *found = !fault && key->length >= wanted.length &&
                 memcmp(key->data, wanted.data, wanted.length) == 0;
    }
    return fault ? damaged(ctx, cursor->database->path, fault) : CREMA_OK;
}
