/* folders.h - a folder of folders, one for each class, as a list of pictures;
 * private to convert_imageset. */
#ifndef CREMA_TOOLS_FOLDERS_H
#define CREMA_TOOLS_FOLDERS_H

#include "data/list.h"

/* All zero is empty. */
struct folders {
    char **classes; /* names of the sub-folders, in the order of their bytes */
    size_t nclasses;
    size_t others; /* files in them that are no pictures by their names */
};

/* Lists the pictures (.jpg, .jpeg, .png, .bmp, .pbm, .pgm, .ppm, .pnm) in and
 * below the sub-folders of `root`, which ends in '/', class by class and by
 * name; the label is the class's place.  Names that begin with a dot are passed
 * over. */
enum crema_status folders_read(struct crema_ctx *, const char *root,
                               struct folders *,
                               struct crema_list *out) CREMA_MUST_USE;
/* The classes' names, a line each. */
enum crema_status folders_write_labels(struct crema_ctx *,
                                       const struct folders *,
                                       const char *path) CREMA_MUST_USE;
void folders_free(struct folders *);

#endif
