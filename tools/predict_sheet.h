/* predict_sheet.h - pictures with their likeliest classes as bars. */
#ifndef CREMA_TOOLS_PREDICT_SHEET_H
#define CREMA_TOOLS_PREDICT_SHEET_H

#include "canvas.h"

struct guess {
    int class;
    float score;
    const char *name; /* borrowed; NULL: its number */
};

enum { PREDICT_BARS = 5 };

struct predicted {
    const char *path; /* borrowed */
    uint8_t *pixels;  /* [height][width][3], B G R, small */
    int height, width;
    int n;
    struct guess guess[PREDICT_BARS];
};

/* All zero: empty. */
struct predict_sheet {
    int n, room;
    struct predicted *item;
};

/* Keeps a small copy of the picture and the first guesses, in their order. */
enum crema_status predict_sheet_add(struct crema_ctx *, struct predict_sheet *,
                                    const char *path, int n,
                                    const struct guess *) CREMA_MUST_USE;
enum crema_status predict_sheet_write(struct crema_ctx *,
                                      const struct predict_sheet *,
                                      const char *out) CREMA_MUST_USE;
void predict_sheet_free(struct predict_sheet *);

#endif
