/* fuzz_lmdb.c - any bytes as a database's file: what can be opened is read in
 * order, by its index and by its keys, all of which agree. */
#include "data/lmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char folder[] = "fuzz_lmdb.db";

enum { MOST = 2000 }; /* records that are read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const uint8_t *data, size_t size)
{
    FILE *f;

    mkdir(folder, 0700);
    f = fopen("fuzz_lmdb.db/data.mdb", "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) abort();
}

/* Every byte of it, so that a sanitizer sees one outside the file. */
static uint32_t sum(struct crema_slice s)
{
    const uint8_t *bytes = s.data;
    uint32_t total = 0;

    for (size_t i = 0; i < s.length; i++) total = 31 * total + bytes[i];
    return total;
}

/* The record's key leads to one whose key begins so; in a damaged database
 * keys may be out of order, so that there is none. */
static void look_for(struct crema_ctx *ctx, struct crema_cursor *cursor,
                     struct crema_slice wanted)
{
    struct crema_slice key, value;
    bool found;

    if (crema_cursor_find(ctx, cursor, wanted, &key, &value, &found) || !found)
        return;
    if (key.length < wanted.length ||
        memcmp(key.data, wanted.data, wanted.length) != 0)
        abort();
    (void)sum(value);
}

/* Records in order, and again by the index of another cursor. */
static void read_all(struct crema_ctx *ctx, struct crema_cursor *cursor,
                     struct crema_cursor *indexed, uint64_t count)
{
    bool index = crema_cursor_index(ctx, indexed) == CREMA_OK;

    for (uint64_t row = 0; row < count && row < MOST; row++) {
        struct crema_slice key, value, again[2];

        if (crema_cursor_read(ctx, cursor, row, &key, &value)) return;
        if (index &&
            (crema_cursor_read(ctx, indexed, row, &again[0], &again[1]) ||
             sum(again[0]) != sum(key) || sum(again[1]) != sum(value)))
            abort();
        if (row % 8 == 0) look_for(ctx, indexed, key);
    }
}

static void look(struct crema_ctx *ctx, struct crema_databases *databases)
{
    struct crema_database *database;
    struct crema_cursor *cursor = NULL, *indexed = NULL;

    if (crema_database_open(ctx, databases, folder, &database)) return;
    if (crema_cursor_open(ctx, database, &cursor) == CREMA_OK &&
        crema_cursor_open(ctx, database, &indexed) == CREMA_OK)
        read_all(ctx, cursor, indexed, crema_database_count(database));
    crema_cursor_free(cursor);
    crema_cursor_free(indexed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_databases *databases;

    write_file(data, size);
    if (ctx && crema_databases_new(ctx, &databases) == CREMA_OK) {
        look(ctx, databases);
        crema_databases_free(databases);
    }
    crema_ctx_free(ctx);
    return 0;
}
