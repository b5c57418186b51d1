/* test_lmdb.c - databases: written whole, read in order, refused when broken.
 */
#include "data_floor/make_db.h"

#include "base/file.h"
#include "support/suite.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct crema_databases *databases;

static void setup(void)
{
    open_scratch();
    OK(crema_databases_new(ctx, &databases));
}

static void teardown(void)
{
    crema_databases_free(databases);
    close_scratch();
}

static int row_of(struct crema_cursor *cursor, uint64_t row)
{
    struct crema_slice key, value;

    OK(crema_cursor_read(ctx, cursor, row, &key, &value));
    ck_assert_uint_gt(value.length, DB_SIZE);
    return atoi(key.data);
}

START_TEST(reads_rows_in_any_order)
{
    struct crema_database *database, *again;
    struct crema_cursor *cursor, *second;

    OK(crema_database_open(ctx, databases, make_db("db", 100), &database));
    OK(crema_database_open(ctx, databases, in_scratch("db/"), &again));
    ck_assert_ptr_eq(database, again);
    ck_assert_uint_eq(crema_database_count(database), 100);
    OK(crema_cursor_open(ctx, database, &cursor));
    OK(crema_cursor_open(ctx, database, &second));
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(row_of(cursor, (uint64_t)i), i);
    ck_assert_int_eq(row_of(cursor, 99), 99);
    ck_assert_int_eq(row_of(cursor, 0), 0);
    ck_assert_int_eq(row_of(cursor, 50), 50);
    ck_assert_int_eq(row_of(second, 7), 7);
    ck_assert_int_eq(row_of(cursor, 49), 49);
    ck_assert_int_eq(row_of(cursor, 51), 51);
    crema_cursor_free(cursor);
    crema_cursor_free(second);
}
END_TEST

/* More than the first map holds: it is doubled, the batch written again. */
START_TEST(the_map_grows)
{
    enum { VALUE = 1 << 20, RECORDS = 150 };
    struct crema_lmdb_writer *writer;
    struct crema_database *database;
    struct crema_cursor *cursor;
    uint8_t *value = malloc(VALUE);
    struct stat st;
    uint64_t needed;

    memset(value, 7, VALUE);
    OK(crema_lmdb_create(ctx, in_scratch("big"), &writer));
    for (int i = 0; i < RECORDS; i++) {
        char key[16];

        snprintf(key, sizeof key, "%08d", i);
        OK(crema_lmdb_put(writer, (struct crema_slice){ key, 8 },
                          (struct crema_slice){ value, VALUE }));
    }
    ck_assert_int_ne(stat(in_scratch("big"), &st), 0); /* not before */
    OK(crema_lmdb_commit(writer));
    free(value);
    OK(crema_database_open(ctx, databases, in_scratch("big"), &database));
    ck_assert_uint_eq(crema_database_count(database), RECORDS);
    OK(crema_cursor_open(ctx, database, &cursor));
    ck_assert_int_eq(row_of(cursor, RECORDS - 1), RECORDS - 1);
    crema_cursor_free(cursor);
    OK(crema_lmdb_needed(ctx, "big", in_scratch("big/data.mdb"), &needed));
    ck_assert_int_eq(stat(in_scratch("big/data.mdb"), &st), 0);
    ck_assert_uint_eq((uint64_t)st.st_size, needed);
}
END_TEST

START_TEST(keys_in_disorder)
{
    static const int order[] = { 5, 1, 9, 3, 3, 0 };
    struct crema_lmdb_writer *writer;
    struct crema_database *database;
    struct crema_cursor *cursor;

    OK(crema_lmdb_create(ctx, in_scratch("db"), &writer));
    for (int i = 0; i < 6; i++) put_record(writer, order[i]);
    OK(crema_lmdb_commit(writer));
    OK(crema_database_open(ctx, databases, in_scratch("db"), &database));
    ck_assert_uint_eq(crema_database_count(database), 5);
    OK(crema_cursor_open(ctx, database, &cursor));
    ck_assert_int_eq(row_of(cursor, 0), 0);
    ck_assert_int_eq(row_of(cursor, 2), 3);
    ck_assert_int_eq(row_of(cursor, 4), 9);
    crema_cursor_free(cursor);
}
END_TEST

START_TEST(nothing_is_left_of_an_abandoned_one)
{
    struct crema_lmdb_writer *writer;

    OK(crema_lmdb_create(ctx, in_scratch("db"), &writer));
    put_record(writer, 0);
    crema_lmdb_abandon(writer);
    crema_lmdb_abandon(NULL);
    ck_assert_int_eq(rmdir(scratch), 0); /* it was empty */
    ck_assert_int_eq(mkdir(scratch, 0700), 0);
}
END_TEST

static void refused(const char *path, enum crema_status status,
                    const char *reason)
{
    struct crema_database *database;

    ck_assert_int_eq(crema_database_open(ctx, databases, path, &database),
                     status);
    ck_assert_msg(strstr(ctx->message, reason) != NULL, "%s", ctx->message);
    ck_assert_msg(strstr(ctx->message, path) != NULL, "%s", ctx->message);
}

static void make_file(const char *path)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs("something else\n", f);
    fclose(f);
}

START_TEST(broken_ones_are_refused)
{
    refused(in_scratch("none"), CREMA_EIO, "No such file");
    mkdir(in_scratch("folder"), 0700);
    refused(in_scratch("folder"), CREMA_EIO, "no data.mdb");
    make_file(in_scratch("folder/CURRENT"));
    refused(in_scratch("folder"), CREMA_EUNSUPPORTED, "LevelDB");
    make_file(in_scratch("file"));
    refused(in_scratch("file"), CREMA_EIO, "not a folder");
    make_file(in_scratch("folder/data.mdb"));
    refused(in_scratch("folder"), CREMA_EIO, "not an LMDB database");
    refused(make_db("empty", 0), CREMA_EINVAL, "is empty");
}
END_TEST

START_TEST(cut_ones_are_refused)
{
    static const int sizes[] = { 0, 100, 4096, 4200, 8192, 20000 };
    struct crema_lmdb_writer *writer;

    make_db("db", 500);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(truncate(in_scratch("db/data.mdb"), sizes[5 - i]), 0);
        refused(in_scratch("db"), CREMA_EIO,
                sizes[5 - i] < 4096 ? "not an LMDB" : "cut short");
    }
    ck_assert_int_eq(crema_lmdb_create(ctx, in_scratch("db"), &writer),
                     CREMA_EINVAL);
    ck_assert_msg(strstr(ctx->message, "exists already") != NULL, "%s",
                  ctx->message);
}
END_TEST

/* Another user, in a folder where no lock file can be made. */
START_TEST(read_without_locks)
{
    const char *path = make_db("db", 3);
    int status;

    if (getuid() != 0) return;
    unlink(in_scratch("db/lock.mdb"));
    chmod(scratch, 0755);
    chmod(path, 0555);
    if (fork() == 0) {
        struct crema_database *database;

        if (setuid(65534) != 0) _exit(3);
        if (crema_database_open(ctx, databases, path, &database) != CREMA_OK)
            _exit(1);
        _exit(crema_database_count(database) == 3 ? 0 : 2);
    }
    wait(&status);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(impossible_keys)
{
    struct crema_lmdb_writer *writer;
    struct crema_slice value = { "x", 1 };
    char key[600];

    memset(key, 'k', sizeof key);
    OK(crema_lmdb_create(ctx, in_scratch("db"), &writer));
    ck_assert_int_eq(
        crema_lmdb_put(writer, (struct crema_slice){ key, sizeof key }, value),
        CREMA_EINVAL);
    ck_assert_int_eq(
        crema_lmdb_put(writer, (struct crema_slice){ key, 0 }, value),
        CREMA_EINVAL);
    OK(crema_lmdb_put(writer, (struct crema_slice){ key, 511 }, value));
    OK(crema_lmdb_commit(writer));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lmdb");
    TCase *t = tcase_create("lmdb");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, reads_rows_in_any_order);
    tcase_add_test(t, the_map_grows);
    tcase_add_test(t, keys_in_disorder);
    tcase_add_test(t, nothing_is_left_of_an_abandoned_one);
    tcase_add_test(t, broken_ones_are_refused);
    tcase_add_test(t, cut_ones_are_refused);
    tcase_add_test(t, read_without_locks);
    tcase_add_test(t, impossible_keys);
    suite_add_tcase(s, t);
    return run_suite(s);
}
