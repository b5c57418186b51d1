/* tiles.h - many small planes of numbers as one picture. */
#ifndef CREMA_TOOLS_TILES_H
#define CREMA_TOOLS_TILES_H

#include "canvas.h"

/* n planes [height][width] of numbers, or n times three (blue, green, red), one
 * behind the other. */
struct tiles {
    int n, channels, height, width;
    const float *values;
    bool each;   /* black to white is each tile's own range, else that of all */
    int columns; /* 0: as many as make a square */
    int magnify; /* pixels for each number; 0: as suits the size */
    const char *title;
};

enum crema_status tiles_write(struct crema_ctx *, const char *path,
                              const struct tiles *) CREMA_MUST_USE;

#endif
