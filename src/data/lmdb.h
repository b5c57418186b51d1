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
/* Asks the system to read n records from row `first` on, so that they are in
 * memory when they are wanted; does nothing where they do not lie together. */
void crema_cursor_ahead(struct crema_cursor *, uint64_t first, uint64_t n);
/* Goes to the row'th record, from 0: at once to the first and to the one that
 * follows the last read, else by walking, from near by where there is an index.
 */
enum crema_status crema_cursor_read(struct crema_ctx *, struct crema_cursor *,
                                    uint64_t row, struct crema_slice *key,
                                    struct crema_slice *value) CREMA_MUST_USE;
/* Notes where each page of records is: walks once over all pages. */
enum crema_status crema_cursor_index(struct crema_ctx *,
                                     struct crema_cursor *) CREMA_MUST_USE;
/* The record of that key, or the first whose key begins with it; none:
 * *found is false. */
enum crema_status crema_cursor_find(struct crema_ctx *, struct crema_cursor *,
                                    struct crema_slice wanted,
                                    struct crema_slice *key,
                                    struct crema_slice *value,
                                    bool *found) CREMA_MUST_USE;
void crema_cursor_free(struct crema_cursor *);

/* A database that appears under its name only when it is whole. */
struct crema_lmdb_writer;

/* Something that stands at path already is refused, not replaced. */
enum crema_status
crema_lmdb_create(struct crema_ctx *, const char *path,
                  struct crema_lmdb_writer **out) CREMA_MUST_USE;
/* Likewise, but one that can be gone on with: until it is whole it stands as
 * PATH.partial, even when the process is killed.  note: text that says what it
 * is made of and how.  What was begun with the same note is gone on with, and
 * state is that of its last record that is kept; else state is "".  What was
 * begun with another note is refused, unless `restart` removes it. */
enum { CREMA_LMDB_STATE = 160 };
enum crema_status
crema_lmdb_go_on(struct crema_ctx *, const char *path, const char *note,
                 bool restart, struct crema_lmdb_writer **out,
                 char state[CREMA_LMDB_STATE]) CREMA_MUST_USE;
/* Of such a one, before each put: one line that says how things stand when its
 * record is in. */
void crema_lmdb_set_state(struct crema_lmdb_writer *, const char *state);
/* Frees the writer and leaves what was begun, to be gone on with. */
void crema_lmdb_leave(struct crema_lmdb_writer *);
/* Copies both; fastest when keys ascend.  An equal key replaces the former.  A
 * key has 1 to CREMA_LMDB_KEY bytes. */
enum { CREMA_LMDB_KEY = 511 };
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
