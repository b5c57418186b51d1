/* window_file.h - the files that say where in pictures windows lie, as R-CNN
 * writes them.  Floor 2.
 *
 *     # INDEX
 *     PATH
 *     CHANNELS
 *     HEIGHT
 *     WIDTH
 *     COUNT
 *     LABEL OVERLAP X1 Y1 X2 Y2        COUNT times; pixels, both ends inside
 *
 * Blanks and line ends are alike, so a path holds none.
 */
#ifndef CREMA_DATA_WINDOW_FILE_H
#define CREMA_DATA_WINDOW_FILE_H

#include "base/error.h"

#include <stddef.h>

struct crema_window {
    size_t picture;
    int label;
    float overlap; /* with an object, 0 to 1 */
    int end[4];    /* x1, y1, x2, y2 */
};

/* All zero is an empty one. */
struct crema_window_file {
    char *text;         /* the paths lie here */
    const char **paths; /* of pictures */
    size_t npaths;
    struct crema_window *windows;
    size_t nwindows;
};

enum crema_status
crema_window_file_read(struct crema_ctx *, const char *path,
                       struct crema_window_file *out) CREMA_MUST_USE;
void crema_window_file_free(struct crema_window_file *);

#endif
