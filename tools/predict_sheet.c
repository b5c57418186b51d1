/* predict_sheet.c - pictures, and below each what the net takes it for. */
#include "predict_sheet.h"

#include "data/image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 210, GAP = 14, BAR = 19, NAME = 20, SMALL = 11 };

/* As large as a cell shows, its shape kept. */
static enum crema_status shrink(struct crema_ctx *ctx, const char *path,
                                struct crema_image *out)
{
    struct crema_image image = { 0 };
    enum crema_status status =
        crema_image_read(ctx, path, CREMA_IMAGE_COLOR, &image);

    if (status == CREMA_OK) {
        int longest = image.height > image.width ? image.height : image.width;
        int limit = longest < 2 * CELL ? longest : 2 * CELL;
        int height = image.height * limit / longest;
        int width = image.width * limit / longest;

        status = crema_image_resize(ctx, &image, height ? height : 1,
                                    width ? width : 1, out);
    }
    crema_image_free(&image);
    return status;
}

enum crema_status predict_sheet_add(struct crema_ctx *ctx,
                                    struct predict_sheet *s, const char *path,
                                    int n, const struct guess *guess)
{
    struct crema_image image = { 0 };
    struct predicted *item;

    if (s->n == s->room) {
        int room = s->room ? 2 * s->room : 16;

        item = realloc(s->item, (size_t)room * sizeof *item);
        if (!item) return crema_no_memory(ctx, path);
        s->item = item;
        s->room = room;
    }
    CREMA_TRY(shrink(ctx, path, &image));
    item = &s->item[s->n];
    *item = (struct predicted){ path,
                                malloc((size_t)image.height *
                                       (size_t)image.width * 3),
                                image.height,
                                image.width,
                                n < PREDICT_BARS ? n : PREDICT_BARS,
                                { { 0 } } };
    if (item->pixels) {
        memcpy(item->pixels, image.pixels,
               (size_t)image.height * (size_t)image.width * 3);
        memcpy(item->guess, guess, (size_t)item->n * sizeof *guess);
        s->n++;
    }
    crema_image_free(&image);
    return item->pixels ? CREMA_OK : crema_no_memory(ctx, path);
}

void predict_sheet_free(struct predict_sheet *s)
{
    for (int i = 0; i < s->n; i++) free(s->item[i].pixels);
    free(s->item);
    *s = (struct predict_sheet){ 0 };
}

/* A bar as long as the score, its class on it; `whole` is a full one. */
static void draw_bar(struct canvas *c, const struct guess *g, bool first,
                     double whole, double x, double y)
{
    double share = g->score > 0 ? (double)g->score / whole : 0;
    char number[32], score[16];

    snprintf(number, sizeof number, "class %d", g->class);
    snprintf(score, sizeof score, "%.2f", (double)g->score);
    canvas_color(c, 0xf0f0f0, 1);
    canvas_box(c, x, y, CELL, BAR - 3);
    canvas_color(c, first ? 0x7fbf7b : 0xa6cee3, 1);
    canvas_box(c, x, y, CELL * share, BAR - 3);
    canvas_color(c, 0x202020, 1);
    canvas_text_within(c, x + 4, y + 12, SMALL, CANVAS_LEFT,
                       g->name ? g->name : number, CELL - 40);
    canvas_text(c, x + CELL - 4, y + 12, SMALL, CANVAS_RIGHT, score);
}

static void draw_item(struct canvas *c, const struct predicted *item, double x,
                      double y)
{
    double longest = item->height > item->width ? item->height : item->width;
    double w = CELL * item->width / longest, h = CELL * item->height / longest;
    const char *slash = strrchr(item->path, '/');
    double whole = 1; /* where scores are no probabilities: the best one */

    if (item->n && item->guess[0].score > 1)
        whole = (double)item->guess[0].score;
    canvas_picture(c, x + (CELL - w) / 2, y + (CELL - h) / 2, w, h,
                   item->pixels, 3, item->height, item->width, longest > CELL);
    y += CELL;
    canvas_color(c, 0x202020, 1);
    canvas_text_within(c, x + CELL / 2.0, y + 14, 12, CANVAS_MIDDLE,
                       slash ? slash + 1 : item->path, CELL);
    y += NAME;
    for (int i = 0; i < item->n; i++, y += BAR)
        draw_bar(c, &item->guess[i], i == 0, whole, x, y);
}

enum crema_status predict_sheet_write(struct crema_ctx *ctx,
                                      const struct predict_sheet *s,
                                      const char *out)
{
    int columns = (int)ceil(sqrt(s->n * 1.6)), bars = 0;
    double high;
    struct canvas *c;

    for (int i = 0; i < s->n; i++)
        if (s->item[i].n > bars) bars = s->item[i].n;
    high = CELL + NAME + bars * BAR + GAP;
    CREMA_TRY(canvas_open(ctx, out, columns * (CELL + GAP) + GAP,
                          (s->n + columns - 1) / columns * high + GAP, &c));
    for (int i = 0; i < s->n; i++)
        draw_item(c, &s->item[i], GAP + i % columns * (CELL + GAP),
                  GAP + (i / columns) * high);
    return canvas_close(c);
}
