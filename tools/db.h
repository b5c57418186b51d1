/* db.h - looking into a database; private to crema db. */
#ifndef CREMA_TOOLS_DB_H
#define CREMA_TOOLS_DB_H

#include "console.h"
#include "data/image.h"
#include "data/lmdb.h"
#include "proto/datum.h"

enum { DB_KEY = 64 };

/* Shared by the process that reads and the one that watches it. */
struct db_progress {
    uint64_t done, total; /* records read, records to read; 0: not known */
    char key[DB_KEY];     /* of the last one, as it is printed */
    bool finished;        /* the reader came to its end, good or bad */
};

/* A database that is being looked into. */
struct db {
    struct crema_ctx *ctx;
    struct console *console;
    const char *path;
    bool decode; /* every picture */
    struct crema_databases *databases;
    struct crema_database *database;
    struct crema_cursor *cursor;
    struct crema_image image;
    struct db_progress *progress;
};

/* What a record holds. */
enum db_kind { DB_BYTES, DB_FLOATS, DB_JPEG, DB_PNG, DB_BMP, DB_PNM, DB_KINDS };

/* One record, understood. */
struct db_record {
    struct crema_slice key;
    struct crema_datum datum;
    enum db_kind kind;
    int channels, height, width;
};

/* NULL, or what is wrong with the record.  With db->decode a picture is
 * decoded into db->image; a damaged one is wrong. */
const char *db_understand(struct db *, struct crema_slice key,
                          struct crema_slice value, struct db_record *);
const char *db_kind_name(enum db_kind);
/* A key as it can be printed: others than letters, digits and signs are '?'. */
void db_word_key(struct crema_slice key, char out[DB_KEY]);
/* Its picture into db->image, whatever it is stored as; of numbers that are no
 * bytes black is the smallest, white the largest. */
enum crema_status db_picture(struct db *,
                             const struct db_record *) CREMA_MUST_USE;

/* Reads all records and prints what they are; *bad: so many are wrong. */
enum crema_status db_survey(struct db *, uint64_t *bad) CREMA_MUST_USE;
/* Prints the record that --key asks for (NULL: the first), and writes its
 * picture to `dump`, unless that is NULL. */
enum crema_status db_show(struct db *, const char *key,
                          const char *dump) CREMA_MUST_USE;
/* A contact sheet of `count` records, evenly from all of them. */
enum crema_status db_sheet(struct db *, const char *file,
                           long count) CREMA_MUST_USE;

#endif
