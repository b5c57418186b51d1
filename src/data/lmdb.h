/* lmdb.h - databases of records in LMDB: read in key order, written whole.
 * Floor 2.
 */
#ifndef CREMA_DATA_LMDB_H
#define CREMA_DATA_LMDB_H

#include "base/error.h"

#include <stdint.h>

/* LMDB must not open one database twice in a process, so all nets of a process
 * share one of these.  Every call may come from any thread. */
struct crema_databases;
struct crema_database;

enum crema_status
crema_databases_new(struct crema_ctx *,
                    struct crema_databases **out) CREMA_MUST_USE;
/* Closes them all; their cursors must be gone. */
void crema_databases_free(struct crema_databases *);

/* Opens the database at path, or finds it open already; read-only, and without
 * locks where no lock file can be written.  One that is missing, cut short,
 * empty or of another kind is refused: nothing later reads past its end. */
enum crema_status
crema_database_open(struct crema_ctx *, struct crema_databases *,
                    const char *path,
                    struct crema_database **out) CREMA_MUST_USE;
uint64_t crema_database_count(const struct crema_database *);
const char *crema_database_path(const struct crema_database *);

/* Bytes borrowed from the database, until the cursor is freed. */
struct crema_slice {
    const void *data;
    size_t length;
};

/* Walks a database in key order; one thread at a time. */
struct crema_cursor;

enum crema_status crema_cursor_open(struct crema_ctx *, struct crema_database *,
                                    struct crema_cursor **out) CREMA_MUST_USE;
/* Goes to the row'th record, from 0: at once to the first and to the one that
 * follows the last read, else by walking, from near by where there is an index.
 */
enum crema_status crema_cursor_read(struct crema_ctx *, struct crema_cursor *,
                                    uint64_t row, struct crema_slice *key,
                                    struct crema_slice *value) CREMA_MUST_USE;
/* Notes where every 64th record is: walks once over all keys. */
enum crema_status crema_cursor_index(struct crema_ctx *,
                                     struct crema_cursor *) CREMA_MUST_USE;
void crema_cursor_free(struct crema_cursor *);

/* A database that appears under its name only when it is whole. */
struct crema_lmdb_writer;

/* Something that stands at path already is refused, not replaced. */
enum crema_status
crema_lmdb_create(struct crema_ctx *, const char *path,
                  struct crema_lmdb_writer **out) CREMA_MUST_USE;
/* Copies both; fastest when keys ascend.  An equal key replaces the former. */
enum crema_status crema_lmdb_put(struct crema_lmdb_writer *,
                                 struct crema_slice key,
                                 struct crema_slice value) CREMA_MUST_USE;
/* Both free the writer; abandon accepts NULL. */
enum crema_status crema_lmdb_commit(struct crema_lmdb_writer *) CREMA_MUST_USE;
void crema_lmdb_abandon(struct crema_lmdb_writer *);

/* Of the LMDB file `file`: how many bytes it must hold by its own header.
 * Failures name `path`, the database's. */
enum crema_status crema_lmdb_needed(struct crema_ctx *, const char *path,
                                    const char *file,
                                    uint64_t *bytes) CREMA_MUST_USE;
/* The checks before opening: that path is a whole LMDB database. */
enum crema_status crema_lmdb_check(struct crema_ctx *,
                                   const char *path) CREMA_MUST_USE;

#endif
