/* tiles.c - numbers become grey or coloured squares. */
#include "tiles.h"

#include <math.h>
#include <stdlib.h>

enum { GAP = 2, MARGIN = 8, HEAD = 28, WIDE = 1000 };

struct range {
    float least, most;
};

static struct range range_of(const float *v, size_t n)
{
    struct range r = { INFINITY, -INFINITY };

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) continue;
        if (v[i] < r.least) r.least = v[i];
        if (v[i] > r.most) r.most = v[i];
    }
    return r;
}

/* One tile; what is not a number is black. */
static void shade(const struct tiles *t, const float *v, struct range r,
                  uint8_t *out)
{
    size_t area = (size_t)t->height * (size_t)t->width;
    float span = r.most > r.least ? r.most - r.least : 1;

    for (size_t i = 0; i < area; i++)
        for (int c = 0; c < t->channels; c++) {
            float x = (v[(size_t)c * area + i] - r.least) / span;

            *out++ = x > 0 ? (uint8_t)(255 * fminf(x, 1) + 0.5f) : 0;
        }
}

static int magnify_of(const struct tiles *t, int columns)
{
    int by = WIDE / (columns * (t->width + GAP));

    if (t->magnify > 0) return t->magnify;
    return by < 1 ? 1 : by > 12 ? 12 : by;
}

enum crema_status tiles_write(struct crema_ctx *ctx, const char *path,
                              const struct tiles *t)
{
    int columns = t->columns ? t->columns : (int)ceil(sqrt(t->n));
    int by = magnify_of(t, columns), head = t->title ? HEAD : MARGIN;
    double w = t->width * by, h = t->height * by;
    double wide = 2 * MARGIN + columns * (w + GAP) - GAP;
    double high = (t->n + columns - 1) / columns * (h + GAP) + head + MARGIN;
    size_t size = (size_t)t->channels * (size_t)t->height * (size_t)t->width;
    struct range all = range_of(t->values, size * (size_t)t->n);
    uint8_t *pixels = malloc(size + 1);
    struct canvas *c;
    enum crema_status status;

    if (!pixels) return crema_no_memory(ctx, path);
    status = canvas_open(ctx, path, wide < 160 ? 160 : wide, high, &c);
    if (status == CREMA_OK) {
        if (t->title)
            canvas_text_within(c, MARGIN, 19, 13, CANVAS_LEFT, t->title,
                               (wide < 160 ? 160 : wide) - 2 * MARGIN);
        for (int i = 0; i < t->n; i++) {
            const float *v = t->values + size * (size_t)i;

            shade(t, v, t->each ? range_of(v, size) : all, pixels);
            canvas_picture(c, MARGIN + i % columns * (w + GAP),
                           head + (i / columns) * (h + GAP), w, h, pixels,
                           t->channels, t->height, t->width, false);
        }
        status = canvas_close(c);
    }
    free(pixels);
    return status;
}
