/* canvas.h - pictures that programs draw: to a .png or an .svg file, by cairo.
 *
 *     struct canvas *c;
 *
 *     CREMA_TRY(canvas_open(ctx, "out.svg", 800, 600, &c));
 *     canvas_color(c, 0x0072b2, 1);
 *     canvas_line(c, 10, 10, 90, 10, 2);
 *     canvas_text(c, 10, 30, 12, CANVAS_LEFT, "an axis");
 *     return canvas_close(c);
 *
 * Lengths are in pixels (SVG: points) from the top left corner.  A failure
 * while drawing is kept and told by canvas_close, so drawing itself returns
 * nothing.  Text is UTF-8 in DejaVu Sans, drawn as outlines: an .svg looks the
 * same where the font is not installed.
 */
#ifndef CREMA_TOOLS_CANVAS_H
#define CREMA_TOOLS_CANVAS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct canvas;

/* The name's ending says which kind of file; others fail.  White at first. */
enum crema_status canvas_open(struct crema_ctx *, const char *path,
                              double width, double height,
                              struct canvas **out) CREMA_MUST_USE;
/* Writes the file, whole or not at all, and frees the canvas. */
enum crema_status canvas_close(struct canvas *) CREMA_MUST_USE;
/* Is `path` one that canvas_open takes? */
bool canvas_takes(const char *path);

/* Of what is drawn from now on: 0xRRGGBB, 1 opaque .. 0 invisible. */
void canvas_color(struct canvas *, uint32_t rgb, double alpha);

void canvas_line(struct canvas *, double x0, double y0, double x1, double y1,
                 double thickness);
/* Through n points; dash 0: a whole line, else so long. */
void canvas_lines(struct canvas *, int n, const double *x, const double *y,
                  double thickness, double dash);
/* Filled. */
void canvas_box(struct canvas *, double x, double y, double w, double h);
/* Its border alone; corners of `radius`. */
void canvas_frame(struct canvas *, double x, double y, double w, double h,
                  double thickness, double radius);

enum canvas_anchor { CANVAS_LEFT, CANVAS_MIDDLE, CANVAS_RIGHT };
/* y is the line that letters stand on; the anchor says where x is. */
void canvas_text(struct canvas *, double x, double y, double size,
                 enum canvas_anchor, const char *text);
/* Likewise; too wide text ends in "..". */
void canvas_text_within(struct canvas *, double x, double y, double size,
                        enum canvas_anchor, const char *text, double width);
/* Read from below to above; x is the line that letters stand on. */
void canvas_text_up(struct canvas *, double x, double y, double size,
                    enum canvas_anchor, const char *text);
/* Likewise; too long text ends in "..". */
void canvas_text_up_within(struct canvas *, double x, double y, double size,
                           enum canvas_anchor, const char *text, double length);
double canvas_text_width(struct canvas *, double size, const char *text);

/* A picture [h][w][3], B G R as the rest of crema has them, or [h][w] of grey;
 * stretched to the box.  smooth: between pixels, else each is a square. */
void canvas_picture(struct canvas *, double x, double y, double w, double h,
                    const uint8_t *pixels, int channels, int height, int width,
                    bool smooth);

#endif
