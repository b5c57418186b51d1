/* db_survey.c - all records of a database, counted by kind, shape and label. */
#include "db.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_SORTS = 4096, MOST_BAD = 20, BAR = 40, LABEL_ROWS = 50 };

/* How often each of some things came: a label, or a shape's three numbers. */
struct sort {
    double key[3];
    uint64_t count;
};

/* In the order of their keys; what comes when it is full is among others. */
struct tally {
    struct sort sorts[MOST_SORTS];
    size_t n;
    uint64_t others;
};

struct survey {
    uint64_t count, bytes, bad, unlabelled;
    uint64_t kinds[DB_KINDS];
    struct tally shapes, labels;
    char bad_key[MOST_BAD][DB_KEY];
    const char *fault[MOST_BAD];
};

/* ---- counting ----------------------------------------------------------- */

static int compare_keys(const double *a, const double *b)
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

static void count(struct tally *t, double a, double b, double c)
{
    const double key[3] = { a, b, c };
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys(t->sorts[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < t->n && compare_keys(t->sorts[low].key, key) == 0) {
        t->sorts[low].count++;
        return;
    }
    if (t->n == MOST_SORTS) {
        t->others++;
        return;
    }
    memmove(&t->sorts[low + 1], &t->sorts[low],
            (t->n - low) * sizeof *t->sorts);
    t->sorts[low] = (struct sort){ { a, b, c }, 1 };
    t->n++;
}

static void take(struct db *db, struct survey *s, struct crema_slice key,
                 struct crema_slice value)
{
    struct db_record r;
    const char *fault = db_understand(db, key, value, &r);

    s->bytes += value.length;
    if (fault) {
        if (s->bad < MOST_BAD) {
            db_word_key(key, s->bad_key[s->bad]);
            s->fault[s->bad] = fault;
        }
        s->bad++;
        return;
    }
    s->kinds[r.kind]++;
    count(&s->shapes, r.channels, r.height, r.width);
    if (r.datum.has_label && !isnan(r.datum.label))
        count(&s->labels, r.datum.label, 0, 0);
    else
        s->unlabelled++;
}

static enum crema_status read_all(struct db *db, struct survey *s)
{
    struct db_progress *p = db->progress;
    uint8_t last[512];
    size_t length = 0;

    p->total = s->count = crema_database_count(db->database);
    for (uint64_t row = 0; row < s->count; row++) {
        struct crema_slice key, value;
        size_t n;
        int order;

        CREMA_TRY(crema_cursor_read(db->ctx, db->cursor, row, &key, &value));
        n = key.length < length ? key.length : length;
        order = memcmp(last, key.data, n);
        if (row && (order > 0 || (order == 0 && key.length <= length)))
            return crema_fail(db->ctx, CREMA_EIO,
                              "database %s is damaged: behind key %s its keys "
                              "are not in order",
                              db->path, p->key);
        take(db, s, key, value);
        length = key.length < sizeof last ? key.length : sizeof last;
        memcpy(last, key.data, length);
        db_word_key(key, p->key);
        p->done = row + 1;
        console_progress(db->console, "records", p->done, s->count);
    }
    console_clear(db->console);
    return CREMA_OK;
}

/* ---- printing ----------------------------------------------------------- */

static double megabytes_on_disk(const struct db *db)
{
    char file[PATH_MAX];
    struct stat st;

    if (snprintf(file, sizeof file, "%s/data.mdb", db->path) >=
            (int)sizeof file ||
        stat(file, &st) != 0)
        return 0;
    return (double)st.st_size / 1e6;
}

static int by_count(const void *a, const void *b)
{
    const struct sort *x = a, *y = b;

    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return compare_keys(x->key, y->key);
}

static void print_kinds(const struct survey *s)
{
    const char *head = "kinds";

    for (int i = 0; i < DB_KINDS; i++) {
        if (!s->kinds[i]) continue;
        printf("%-10s%s: %llu\n", head, db_kind_name((enum db_kind)i),
               (unsigned long long)s->kinds[i]);
        head = "";
    }
}

/* The most frequent first. */
static void print_shapes(struct survey *s)
{
    enum { ROWS = 8 };
    struct tally *t = &s->shapes;
    size_t rows = t->n < ROWS ? t->n : ROWS;
    uint64_t rest = t->others;

    qsort(t->sorts, t->n, sizeof *t->sorts, by_count);
    for (size_t i = 0; i < rows; i++)
        printf("%-10s%g x %g x %g: %llu\n", i ? "" : "shapes",
               t->sorts[i].key[0], t->sorts[i].key[1], t->sorts[i].key[2],
               (unsigned long long)t->sorts[i].count);
    for (size_t i = rows; i < t->n; i++) rest += t->sorts[i].count;
    if (rest)
        printf("          %s%zu other shapes: %llu\n",
               t->others ? "more than " : "", t->n - rows,
               (unsigned long long)rest);
}

static int digits(double value)
{
    return snprintf(NULL, 0, "%.9g", value);
}

static void print_bar(const struct sort *l, int width, int count_width,
                      uint64_t most)
{
    static const char hashes[] = "########################################";
    int n = (int)((l->count * BAR + most - 1) / most);

    _Static_assert(sizeof hashes == BAR + 1, "a bar's length");
    printf("  %*.9g  %*llu  %.*s\n", width, l->key[0], count_width,
           (unsigned long long)l->count, n, hashes);
}

/* Each label has a row; of many only those that are most and least frequent. */
static void print_rows(struct tally *t)
{
    enum { ENDS = 5 };
    bool all = t->n <= LABEL_ROWS;
    uint64_t most = 0;
    int width = 1;

    for (size_t i = 0; i < t->n; i++) {
        int n = digits(t->sorts[i].key[0]);

        width = n > width ? n : width;
        most = t->sorts[i].count > most ? t->sorts[i].count : most;
    }
    if (!all) qsort(t->sorts, t->n, sizeof *t->sorts, by_count);
    for (size_t i = 0; i < t->n; i++) {
        if (!all && i == ENDS) {
            printf("  %*s\n", width, "..");
            i = t->n - ENDS;
        }
        print_bar(&t->sorts[i], width, digits((double)most), most);
    }
}

static void print_labels(struct survey *s)
{
    struct tally *t = &s->labels;

    if (s->unlabelled)
        printf("labels    none: %llu\n", (unsigned long long)s->unlabelled);
    if (!t->n) return;
    printf("labels    %s%zu, from %.9g to %.9g\n",
           t->others ? "more than " : "", t->n, t->sorts[0].key[0],
           t->sorts[t->n - 1].key[0]);
    print_rows(t);
}

/* checked: pictures were decoded, too */
static void print_bad(const struct survey *s, bool checked)
{
    uint64_t rows = s->bad < MOST_BAD ? s->bad : MOST_BAD;
    int width = 0;

    if (!s->bad && checked) printf("bad       none\n");
    if (!s->bad) return;
    printf("bad       %llu\n", (unsigned long long)s->bad);
    for (uint64_t i = 0; i < rows; i++) {
        int n = (int)strlen(s->bad_key[i]);

        width = n > width ? n : width;
    }
    for (uint64_t i = 0; i < rows; i++)
        printf("  %-*s  %s\n", width, s->bad_key[i], s->fault[i]);
    if (s->bad > rows) printf("  and others\n");
}

enum crema_status db_survey(struct db *db, uint64_t *bad)
{
    struct survey *s = calloc(1, sizeof *s);
    enum crema_status status;

    if (!s) return crema_no_memory(db->ctx, db->path);
    status = read_all(db, s);
    if (status == CREMA_OK) {
        printf("records   %llu\n", (unsigned long long)s->count);
        printf("size      %.2f MB, of which the records have %.2f\n",
               megabytes_on_disk(db), (double)s->bytes / 1e6);
        print_kinds(s);
        print_shapes(s);
        print_labels(s);
        print_bad(s, db->decode);
        *bad = s->bad;
    }
    free(s);
    return status;
}
