/* test_memo.c - what a memo keeps, and what it makes of files that are damaged,
 * foreign, or cannot be written. */
#include "base/memo.h"

#include "support/suite.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct crema_ctx *ctx;
static char folder[] = "/tmp/crema_memo_XXXXXX", path[PATH_MAX];
static int lines;
static char line[1024];

static void hear(void *user, enum crema_log_level level, const char *text)
{
    (void)user;
    (void)level;
    lines++;
    snprintf(line, sizeof line, "%s", text);
}

static void setup(void)
{
    strcpy(strrchr(folder, '_'), "_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/plans", folder);
    ctx = crema_ctx_new(hear, NULL);
    ck_assert_ptr_nonnull(ctx);
    lines = 0;
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
    crema_ctx_free(ctx);
}

static struct crema_memo *open_memo(void)
{
    struct crema_memo *m = NULL;

    ck_assert_int_eq(crema_memo_open(ctx, path, &m), CREMA_OK);
    return m;
}

static void put(struct crema_memo *m, const char *key, const char *value)
{
    ck_assert_int_eq(crema_memo_put(m, key, value), CREMA_OK);
}

/* The value that a new memo reads from the file. */
static void check_kept(const char *key, const char *value)
{
    struct crema_memo *m = open_memo();
    const char *found = crema_memo_find(m, key);

    if (value)
        ck_assert_pstr_eq(found, value);
    else
        ck_assert_ptr_null(found);
    crema_memo_close(m);
}

START_TEST(keeps)
{
    struct crema_memo *m = open_memo();

    ck_assert_ptr_null(crema_memo_find(m, "a key"));
    put(m, "a key", "1");
    put(m, "another", "2 3");
    put(m, "a key", "4");
    ck_assert_str_eq(crema_memo_find(m, "a key"), "4");
    crema_memo_close(m);
    check_kept("a key", "4");
    check_kept("another", "2 3");
    check_kept("a", NULL);
    ck_assert_int_eq(lines, 0);
}
END_TEST

START_TEST(without_a_file)
{
    struct crema_memo *m = NULL;

    ck_assert_int_eq(crema_memo_open(ctx, NULL, &m), CREMA_OK);
    put(m, "k", "v");
    ck_assert_str_eq(crema_memo_find(m, "k"), "v");
    crema_memo_close(m);
    check_kept("k", NULL);
}
END_TEST

/* Two processes at a time: neither loses what the other found. */
START_TEST(two_at_a_time)
{
    struct crema_memo *a = open_memo(), *b = open_memo();

    put(a, "from a", "1");
    put(b, "from b", "2");
    put(a, "both", "a");
    put(b, "both", "b");
    ck_assert_str_eq(crema_memo_find(a, "from a"), "1");
    crema_memo_close(a);
    crema_memo_close(b);
    check_kept("from a", "1");
    check_kept("from b", "2");
    check_kept("both", "b");
}
END_TEST

static void change_byte(long at, int by)
{
    FILE *f = fopen(path, "r+b");
    int c;

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    c = fgetc(f);
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    fputc(c ^ by, f);
    fclose(f);
}

/* Each byte changed in turn: one log line, nothing is read, and the next
 * answer makes the file whole again. */
START_TEST(damaged)
{
    struct crema_memo *m = open_memo();
    struct stat st;

    put(m, "k", "v");
    crema_memo_close(m);
    ck_assert_int_eq(stat(path, &st), 0);
    for (long i = 0; i < (long)st.st_size; i++) {
        lines = 0;
        change_byte(i, 1);
        check_kept("k", NULL);
        ck_assert_int_eq(lines, 1);
        ck_assert_ptr_nonnull(strstr(line, path));
        change_byte(i, 1);
    }
    check_kept("k", "v");
    change_byte(3, 1);
    lines = 0;
    m = open_memo();
    put(m, "new", "w");
    crema_memo_close(m);
    ck_assert_int_eq(lines, 1);
    check_kept("new", "w");
}
END_TEST

START_TEST(cut)
{
    struct crema_memo *m = open_memo();
    struct stat st;

    put(m, "k", "v");
    crema_memo_close(m);
    ck_assert_int_eq(stat(path, &st), 0);
    for (off_t n = st.st_size - 1; n >= 0; n--) {
        ck_assert_int_eq(truncate(path, n), 0);
        check_kept("k", NULL);
    }
}
END_TEST

/* A folder in the file's place: neither read nor written, each said once. */
START_TEST(unusable)
{
    struct crema_memo *m;

    ck_assert_int_eq(mkdir(path, 0777), 0);
    m = open_memo();
    put(m, "k", "v");
    put(m, "l", "w");
    ck_assert_str_eq(crema_memo_find(m, "k"), "v");
    ck_assert_int_eq(lines, 2);
    crema_memo_close(m);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* The one that was not used for longest goes. */
START_TEST(limit)
{
    struct crema_memo *m = NULL;
    char key[32];

    ck_assert_int_eq(crema_memo_open(ctx, NULL, &m), CREMA_OK);
    for (int i = 0; i < CREMA_MEMO_ENTRIES; i++) {
        snprintf(key, sizeof key, "%d", i);
        put(m, key, "v");
    }
    ck_assert_ptr_nonnull(crema_memo_find(m, "0"));
    put(m, "one more", "v");
    ck_assert_ptr_nonnull(crema_memo_find(m, "0"));
    ck_assert_ptr_null(crema_memo_find(m, "1"));
    ck_assert_ptr_nonnull(crema_memo_find(m, "2"));
    crema_memo_close(m);
}
END_TEST

START_TEST(too_long)
{
    struct crema_memo *m = open_memo();
    char value[CREMA_MEMO_LINE + 1];

    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    put(m, "k", value);
    ck_assert_ptr_null(crema_memo_find(m, "k"));
    value[CREMA_MEMO_LINE - 3] = '\0';
    put(m, "k", value);
    crema_memo_close(m);
    check_kept("k", value);
}
END_TEST

START_TEST(places)
{
    char out[PATH_MAX], want[PATH_MAX];

    ck_assert_int_eq(setenv("XDG_CACHE_HOME", folder, 1), 0);
    snprintf(want, sizeof want, "%s/crema/plans", folder);
    ck_assert(crema_memo_path("plans", out, sizeof out));
    ck_assert_str_eq(out, want);
    ck_assert(!crema_memo_path("plans", out, strlen(want)));
    *strrchr(want, '/') = '\0';
    ck_assert_int_eq(rmdir(want), 0);

    ck_assert_int_eq(unsetenv("XDG_CACHE_HOME"), 0);
    ck_assert_int_eq(setenv("HOME", "/dev/null", 1), 0);
    ck_assert(!crema_memo_path("plans", out, sizeof out));
    ck_assert_int_eq(unsetenv("HOME"), 0);
    ck_assert(!crema_memo_path("plans", out, sizeof out));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memo");
    TCase *tc = tcase_create("memo");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, keeps);
    tcase_add_test(tc, without_a_file);
    tcase_add_test(tc, two_at_a_time);
    tcase_add_test(tc, damaged);
    tcase_add_test(tc, cut);
    tcase_add_test(tc, unusable);
    tcase_add_test(tc, limit);
    tcase_add_test(tc, too_long);
    tcase_add_test(tc, places);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
