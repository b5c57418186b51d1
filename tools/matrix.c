/* matrix.c - counts by true and guessed class, and their tables. */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>

enum { WIDE = 20, NAME = 18, COLUMN = 6 };

enum crema_status matrix_open(struct crema_ctx *ctx, int classes,
                              const struct labels *labels, struct matrix *m)
{
    size_t n = (size_t)classes;

    *m =
        (struct matrix){ classes, calloc(n * n + 1, sizeof *m->count), labels };
    return m->count ? CREMA_OK : crema_no_memory(ctx, "a matrix of classes");
}

void matrix_free(struct matrix *m)
{
    free(m->count);
    *m = (struct matrix){ 0 };
}

static int64_t *at(const struct matrix *m, int truth, int guess)
{
    return &m->count[(int64_t)truth * m->classes + guess];
}

void matrix_add(struct matrix *m, int truth, int guess)
{
    ++*at(m, truth, guess);
}

const char *matrix_name(const struct matrix *m, int class,
                        char room[MATRIX_NAME])
{
    if (m->labels && class < m->labels->n) return m->labels->line[class];
    snprintf(room, MATRIX_NAME, "%d", class);
    return room;
}

int64_t matrix_row(const struct matrix *m, int truth)
{
    int64_t sum = 0;

    for (int k = 0; k < m->classes; k++) sum += *at(m, truth, k);
    return sum;
}

int64_t matrix_column(const struct matrix *m, int guess)
{
    int64_t sum = 0;

    for (int k = 0; k < m->classes; k++) sum += *at(m, k, guess);
    return sum;
}

int64_t matrix_right(const struct matrix *m)
{
    int64_t sum = 0;

    for (int k = 0; k < m->classes; k++) sum += *at(m, k, k);
    return sum;
}

int64_t matrix_all(const struct matrix *m)
{
    int64_t sum = 0;

    for (int k = 0; k < m->classes; k++) sum += matrix_row(m, k);
    return sum;
}

/* ---- tables -------------------------------------------------------------- */

/* At most `most` letters of the name, UTF-8 ones whole, filled up with blanks
 * to as many: behind it, or in front where `right`. */
static void print_name(FILE *out, const char *name, int most, bool right)
{
    int letters = 0;
    size_t bytes = 0;

    for (; name[bytes]; bytes++) {
        bool begins = ((unsigned char)name[bytes] & 0xc0) != 0x80;

        if (begins && letters == most) break;
        letters += begins;
    }
    fprintf(out, "%*s%.*s%*s", right ? most - letters : 0, "", (int)bytes, name,
            right ? 0 : most - letters, "");
}

static void print_counts(const struct matrix *m, FILE *out)
{
    char room[MATRIX_NAME];

    print_name(out, "true \\ guessed", NAME, false);
    for (int k = 0; k < m->classes; k++) {
        fprintf(out, "  ");
        print_name(out, matrix_name(m, k, room), COLUMN - 2, true);
    }
    fprintf(out, "\n");
    for (int i = 0; i < m->classes; i++) {
        print_name(out, matrix_name(m, i, room), NAME, false);
        for (int k = 0; k < m->classes; k++)
            fprintf(out, "%*lld", COLUMN, (long long)*at(m, i, k));
        fprintf(out, "\n");
    }
    fprintf(out, "\n");
}

static void print_share(FILE *out, int64_t part, int64_t whole)
{
    if (whole)
        fprintf(out, "%11.4f", (double)part / (double)whole);
    else
        fprintf(out, "%11s", "-");
}

/* The class that records of `truth` are wrongly taken for most often; -1: they
 * are all right. */
static int most_often(const struct matrix *m, int truth)
{
    int best = -1;

    for (int k = 0; k < m->classes; k++)
        if (k != truth && *at(m, truth, k) > 0 &&
            (best < 0 || *at(m, truth, k) > *at(m, truth, best)))
            best = k;
    return best;
}

static void print_class(const struct matrix *m, FILE *out, int k)
{
    int64_t records = matrix_row(m, k);
    int other = most_often(m, k);
    char room[MATRIX_NAME];

    print_name(out, matrix_name(m, k, room), NAME, false);
    fprintf(out, "%10lld", (long long)records);
    print_share(out, *at(m, k, k), records);
    print_share(out, *at(m, k, k), matrix_column(m, k));
    if (other >= 0)
        fprintf(out, "  %s (%lld)", matrix_name(m, other, room),
                (long long)*at(m, k, other));
    fprintf(out, "\n");
}

void matrix_print(const struct matrix *m, FILE *out)
{
    int64_t right = matrix_right(m), all = matrix_all(m);

    if (m->classes <= WIDE) print_counts(m, out);
    print_name(out, "class", NAME, false);
    fprintf(out, "%10s%11s%11s  %s\n", "records", "recall", "precision",
            "most often taken for");
    for (int k = 0; k < m->classes; k++) print_class(m, out, k);
    fprintf(out, "accuracy = %.4f (%lld of %lld)\n",
            all ? (double)right / (double)all : 0, (long long)right,
            (long long)all);
}
