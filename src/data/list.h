/* list.h - lists of pictures: a name and a label, or more, on each line.
 * Floor 2.
 *
 * The last blank of a line stands before the label, so names may hold blanks.
 */
#ifndef CREMA_DATA_LIST_H
#define CREMA_DATA_LIST_H

#include "base/error.h"

struct crema_list_item {
    const char *name; /* "" for an empty line, which keeps its number */
    int label;        /* the last one; 0 where fractions are read */
};

/* All zero is an empty list. */
struct crema_list {
    char *text; /* the names lie here */
    struct crema_list_item *items;
    size_t count;
    float *labels; /* [count][labels], where fractions are read */
};

/* Labels are whole numbers, one on each line. */
enum crema_status crema_list_read(struct crema_ctx *, const char *path,
                                  struct crema_list *out) CREMA_MUST_USE;
/* Labels are any numbers, `labels` on each line. */
enum crema_status crema_list_read_labels(struct crema_ctx *, const char *path,
                                         int labels,
                                         struct crema_list *out) CREMA_MUST_USE;
void crema_list_free(struct crema_list *);
/* The same order for the same seed, from the order it has. */
void crema_list_shuffle(struct crema_list *, uint32_t seed);

#endif
