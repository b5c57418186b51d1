/* window.h - a window of a picture, and some of what is around it, becomes a
 * square of fixed size.  Floor 2.
 *
 * What `pad` pixels of the square's rim show is context: the window is enlarged
 * so that it fills what is between.  Where the enlarged one goes beyond the
 * picture, the square stays empty.
 */
#ifndef CREMA_DATA_WINDOW_H
#define CREMA_DATA_WINDOW_H

#include <stdbool.h>

struct crema_window_rule {
    int size;    /* of the square, in pixels */
    int pad;     /* less than half of size */
    bool square; /* windows are made square first, else stretched */
};

/* Pixels left, top .. of the picture, width x height of them, are resized to
 * to_width x to_height and put at to_left, to_top. */
struct crema_window_place {
    int left, top, width, height;
    int to_left, to_top, to_width, to_height;
};

/* end: x1, y1, x2, y2, both ends inside.  False where nothing of the window is
 * on the picture of width x height; and, without pad and square, where a part
 * is not. */
bool crema_window_locate(const struct crema_window_rule *, const int end[4],
                         int width, int height, bool mirror,
                         struct crema_window_place *out);

#endif
