/* test_lmdb_pages.c - walking the pages of databases: deep ones, and ones in
 * which anything may stand. */
#include "data_floor/make_db.h"

#include "base/file.h"
#include "support/suite.h"

enum { RECORDS = 20000, DAMAGES = 600, SMALL = 300 };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void check_row(struct crema_cursor *cursor, uint64_t row)
{
    struct crema_slice key, value, same, its;
    struct crema_datum datum;
    bool found;

    OK(crema_cursor_read(ctx, cursor, row, &key, &value));
    ck_assert_int_eq(atoi(key.data), (int)row);
    ck_assert_ptr_null(crema_datum_read(value.data, value.length, &datum));
    ck_assert_int_eq(datum.data[7], db_byte((int)row, 7));
    if (row % 7) return;
    OK(crema_cursor_find(ctx, cursor, (struct crema_slice){ key.data, 8 },
                         &same, &its, &found));
    ck_assert(found);
    ck_assert_ptr_eq(same.data, key.data);
    ck_assert_ptr_eq(its.data, value.data);
}

/* In order, anywhere, and both again by the index of pages. */
START_TEST(a_deep_one)
{
    struct crema_databases *databases;
    struct crema_database *database;
    struct crema_cursor *cursor;
    struct crema_slice key, value;
    uint32_t seed = 1;
    bool found;

    OK(crema_databases_new(ctx, &databases));
    OK(crema_database_open(ctx, databases, make_db("db", RECORDS), &database));
    OK(crema_cursor_open(ctx, database, &cursor));
    for (int round = 0; round < 2; round++) {
        for (uint64_t row = 0; row < RECORDS; row++) check_row(cursor, row);
        for (int i = 0; i < 300; i++)
            check_row(cursor, next_random(&seed) % RECORDS);
        OK(crema_cursor_index(ctx, cursor));
    }
    ck_assert_int_eq(crema_cursor_read(ctx, cursor, RECORDS, &key, &value),
                     CREMA_EIO);
    OK(crema_cursor_find(ctx, cursor, (struct crema_slice){ "9", 1 }, &key,
                         &value, &found));
    ck_assert(!found);
    OK(crema_cursor_find(ctx, cursor, (struct crema_slice){ "000123450", 9 },
                         &key, &value, &found));
    ck_assert(!found);
    crema_cursor_free(cursor);
    crema_databases_free(databases);
}
END_TEST

/* A few bytes, a number, or a whole page. */
static void damage(uint8_t *bytes, size_t length, uint32_t *seed)
{
    enum { PAGE = 4096 };
    size_t pages = length / PAGE;
    uint8_t *page = bytes + next_random(seed) % pages * PAGE;
    uint64_t number = next_random(seed) % 4
                          ? next_random(seed) % pages
                          : UINT64_MAX >> next_random(seed) % 64;

    switch (next_random(seed) % 4) {
    case 0:
        page[next_random(seed) % 16] = (uint8_t)next_random(seed);
        break;
    case 1:
        for (int i = 0; i < 5; i++)
            page[next_random(seed) % PAGE] = (uint8_t)next_random(seed);
        break;
    case 2:
        memcpy(page + next_random(seed) % (PAGE / 8) * 8, &number, 8);
        break;
    default:
        memmove(page, bytes + next_random(seed) % pages * PAGE, PAGE);
    }
}

static bool may_fail(enum crema_status status)
{
    if (status == CREMA_OK) return true;
    ck_assert_msg(status == CREMA_EIO || status == CREMA_EINVAL ||
                      status == CREMA_ENOMEM,
                  "%s", ctx->message);
    ck_assert_ptr_nonnull(strstr(ctx->message, "database"));
    return false;
}

/* All rows in order and not; every byte of theirs. */
static bool read_through(struct crema_cursor *cursor, uint64_t rows)
{
    struct crema_slice key, value;
    volatile unsigned sum = 0;
    bool found, whole = true;

    for (uint64_t i = 0; i < rows; i++) {
        if (!may_fail(
                crema_cursor_read(ctx, cursor, i * 7 % rows, &key, &value))) {
            whole = false;
            continue;
        }
        for (size_t k = 0; k < key.length; k++)
            sum += ((const uint8_t *)key.data)[k];
        for (size_t k = 0; k < value.length; k++)
            sum += ((const uint8_t *)value.data)[k];
    }
    return may_fail(crema_cursor_find(ctx, cursor,
                                      (struct crema_slice){ "00000123", 8 },
                                      &key, &value, &found)) &&
           whole;
}

static bool read_database(const char *path)
{
    struct crema_databases *databases;
    struct crema_database *database;
    struct crema_cursor *cursor = NULL;
    bool whole = false;

    OK(crema_databases_new(ctx, &databases));
    if (may_fail(crema_database_open(ctx, databases, path, &database))) {
        uint64_t rows = crema_database_count(database);

        if (rows > 2 * SMALL) rows = 2 * SMALL;
        OK(crema_cursor_open(ctx, database, &cursor));
        whole = read_through(cursor, rows);
        if (may_fail(crema_cursor_index(ctx, cursor)))
            whole = read_through(cursor, rows) && whole;
    }
    crema_cursor_free(cursor);
    crema_databases_free(databases);
    return whole;
}

START_TEST(damaged_ones_end_in_a_message)
{
    char *path = strdup(make_db("db", SMALL)), *whole, *bytes;
    char *file = strdup(in_scratch("db/data.mdb"));
    int readable = 0;
    uint32_t seed = 5;
    size_t length;

    OK(crema_file_read(ctx, file, &whole, &length));
    ck_assert(read_database(path));
    bytes = malloc(length);
    for (int i = 0; i < DAMAGES; i++) {
        FILE *f;

        memcpy(bytes, whole, length);
        for (uint32_t n = 1 + next_random(&seed) % 3; n > 0; n--)
            damage((uint8_t *)bytes, length, &seed);
        f = fopen(file, "r+b");
        ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
        ck_assert_int_eq(fclose(f), 0);
        readable += read_database(path);
    }
    /* Not all that is damaged is used, and not all damage hits what counts. */
    ck_assert_int_gt(readable, DAMAGES / 20);
    ck_assert_int_lt(readable, DAMAGES / 2);
    free(bytes);
    free(whole);
    free(file);
    free(path);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lmdb pages");
    TCase *t = tcase_create("lmdb pages");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, open_scratch, close_scratch);
    tcase_add_test(t, a_deep_one);
    tcase_add_test(t, damaged_ones_end_in_a_message);
    suite_add_tcase(s, t);
    return run_suite(s);
}
