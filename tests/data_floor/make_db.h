/* make_db.h - small databases for the tests of the data floor. */
#ifndef CREMA_TESTS_MAKE_DB_H
#define CREMA_TESTS_MAKE_DB_H

#include "data/lmdb.h"
#include "proto/datum.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK(call) ck_assert_msg((call) == CREMA_OK, "%s", ctx->message)

static struct crema_ctx *ctx;

/* A fresh folder, and names in it. */
static char scratch[] = "/tmp/crema_test_XXXXXX";

static inline const char *in_scratch(const char *name)
{
    static char paths[8][256];
    static int turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

static inline void open_scratch(void)
{
    ctx = crema_ctx_new(NULL, NULL);
    strcpy(scratch + sizeof scratch - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static inline void close_scratch(void)
{
    char command[300];

    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    ck_assert_int_eq(system(command), 0);
    crema_ctx_free(ctx);
}

/* Record i of the tests' databases: 2 x 5 x 6 bytes, label i % 10. */
enum { DB_CHANNELS = 2, DB_HEIGHT = 5, DB_WIDTH = 6, DB_SIZE = 60 };

static inline uint8_t db_byte(int record, int at)
{
    return (uint8_t)(record * 37 + at * 11 + record * at);
}

static inline void put_datum(struct crema_lmdb_writer *writer, const char *name,
                             const struct crema_datum *datum,
                             const float *floats)
{
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_slice key = { name, strlen(name) };

    OK(crema_datum_write(&bytes, datum, floats));
    OK(crema_lmdb_put(writer, key,
                      (struct crema_slice){ bytes.data, bytes.length }));
    free(bytes.data);
}

static inline void put_record(struct crema_lmdb_writer *writer, int i)
{
    uint8_t data[DB_SIZE];
    struct crema_datum datum = {
        .channels = DB_CHANNELS,
        .height = DB_HEIGHT,
        .width = DB_WIDTH,
        .data = data,
        .size = DB_SIZE,
        .label = i % 10,
        .has_label = true,
    };
    char name[32];

    for (int k = 0; k < DB_SIZE; k++) data[k] = db_byte(i, k);
    snprintf(name, sizeof name, "%08d_r%d", i, i);
    put_datum(writer, name, &datum, NULL);
}

static inline const char *make_db(const char *name, int records)
{
    const char *path = in_scratch(name);
    struct crema_lmdb_writer *writer;

    OK(crema_lmdb_create(ctx, path, &writer));
    for (int i = 0; i < records; i++) put_record(writer, i);
    OK(crema_lmdb_commit(writer));
    return path;
}

#endif
