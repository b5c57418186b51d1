/* list.h - lists of pictures: a name and a label on each line.  Floor 2.
 *
 * The last blank of a line stands before the label, so names may hold blanks.
 */
#ifndef CREMA_DATA_LIST_H
#define CREMA_DATA_LIST_H

#include "base/error.h"

struct crema_list_item {
    const char *name; /* "" for an empty line, which keeps its number */
    int label;
};

/* All zero is an empty list. */
struct crema_list {
    char *text; /* the names lie here */
    struct crema_list_item *items;
    size_t count;
};

enum crema_status crema_list_read(struct crema_ctx *, const char *path,
                                  struct crema_list *out) CREMA_MUST_USE;
void crema_list_free(struct crema_list *);
/* The same order for the same seed, from the order it has. */
void crema_list_shuffle(struct crema_list *, uint32_t seed);
/* 0 to count - 1, shuffled: the same for the same seed and epoch. */
void crema_shuffle(size_t *order, size_t count, uint32_t seed, uint64_t epoch);

#endif
