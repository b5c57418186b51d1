/* matrix.h - which class is taken for which: counts, a table, a picture. */
#ifndef CREMA_TOOLS_MATRIX_H
#define CREMA_TOOLS_MATRIX_H

#include "canvas.h"
#include "photo.h"

#include <stdio.h>

struct matrix {
    int classes;
    int64_t *count;              /* [classes, true][classes, guessed] */
    const struct labels *labels; /* borrowed; may have fewer lines */
};

enum { MATRIX_NAME = 32 };

enum crema_status matrix_open(struct crema_ctx *, int classes,
                              const struct labels *,
                              struct matrix *) CREMA_MUST_USE;
void matrix_free(struct matrix *);
void matrix_add(struct matrix *, int truth, int guess);

/* The label's line, or the class's number in `room`; never NULL. */
const char *matrix_name(const struct matrix *, int class,
                        char room[MATRIX_NAME]);

/* The counts, where they fit a terminal, then for each class its records,
 * recall, precision and what it is most often taken for, then the accuracy. */
void matrix_print(const struct matrix *, FILE *);
/* Rows are true, columns guessed; the shade says which share of its row a count
 * is. */
enum crema_status matrix_draw(struct crema_ctx *, const struct matrix *,
                              const char *path) CREMA_MUST_USE;

/* ---- sums over the counts (matrix_draw and matrix_print share them) */

int64_t matrix_row(const struct matrix *, int truth);
int64_t matrix_column(const struct matrix *, int guess);
int64_t matrix_right(const struct matrix *);
int64_t matrix_all(const struct matrix *);

#endif
