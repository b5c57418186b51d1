/* sheet.c - pictures in rows. */
#include "sheet.h"

#include <math.h>
#include <string.h>

enum { GAP = 10, LINE = 14, LETTERS = 11, HEAD = 30 };

static int lines_of(const char *label)
{
    int n = label && *label ? 1 : 0;

    for (; n && *label; label++) n += *label == '\n';
    return n;
}

static void draw_label(struct canvas *c, const char *label, double x, double y,
                       double width)
{
    char line[256];

    while (label && *label) {
        size_t n = strcspn(label, "\n"), kept = n;

        if (kept >= sizeof line) kept = sizeof line - 1;
        memcpy(line, label, kept);
        line[kept] = '\0';
        canvas_text_within(c, x, y, LETTERS, CANVAS_MIDDLE, line, width);
        y += LINE;
        label += n + (label[n] == '\n');
    }
}

/* In the middle of the cell at (x,y). */
static void draw_picture(struct canvas *c, const struct sheet_picture *p,
                         double x, double y, double cell)
{
    double longest = p->width > p->height ? p->width : p->height;
    double w = cell * p->width / longest, h = cell * p->height / longest;

    x += (cell - w) / 2;
    y += (cell - h) / 2;
    canvas_picture(c, x, y, w, h, p->pixels, p->channels, p->height, p->width,
                   longest > cell);
    if (!p->frame) return;
    canvas_color(c, p->frame, 1);
    canvas_frame(c, x - 1.5, y - 1.5, w + 3, h + 3, 3, 0);
    canvas_color(c, 0, 1);
}

enum crema_status sheet_write(struct crema_ctx *ctx, const char *path,
                              const char *title, int n,
                              const struct sheet_picture *pictures, int columns,
                              int cell)
{
    int lines = 0, rows, head = title ? HEAD : GAP;
    double high, width;
    struct canvas *c;

    if (n < 1)
        return crema_fail(ctx, CREMA_EINVAL, "%s: there is no picture to draw",
                          path);
    if (columns < 1) columns = (int)ceil(sqrt(n * 4.0 / 3));
    if (columns > n) columns = n;
    rows = (n + columns - 1) / columns;
    for (int i = 0; i < n; i++)
        if (lines_of(pictures[i].label) > lines)
            lines = lines_of(pictures[i].label);
    high = cell + GAP + lines * LINE;
    width = columns * (cell + GAP) + GAP;
    CREMA_TRY(canvas_open(ctx, path, width, head + rows * high + GAP, &c));
    if (title)
        canvas_text_within(c, GAP, 20, 14, CANVAS_LEFT, title, width - 2 * GAP);
    for (int i = 0; i < n; i++) {
        double x = GAP + i % columns * (cell + GAP);
        double y = head + (i / columns) * high;

        draw_picture(c, &pictures[i], x, y, cell);
        draw_label(c, pictures[i].label, x + cell / 2.0, y + cell + LINE,
                   cell + GAP - 2);
    }
    return canvas_close(c);
}
