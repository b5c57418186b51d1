/* sheet.h - a contact sheet: pictures in rows, each with words below. */
#ifndef CREMA_TOOLS_SHEET_H
#define CREMA_TOOLS_SHEET_H

#include "canvas.h"

struct sheet_picture {
    const uint8_t *pixels; /* [height][width][3], B G R, or [height][width] */
    int channels, height, width;
    const char *label; /* lines apart by '\n'; or NULL */
    uint32_t frame;    /* 0xRRGGBB around it; 0: none */
};

/* Draws n pictures to `path`, each in a cell of `cell` pixels square, so small
 * ones are enlarged; columns 0: as many as make the sheet near 4:3. */
enum crema_status sheet_write(struct crema_ctx *, const char *path,
                              const char *title, int n,
                              const struct sheet_picture *, int columns,
                              int cell) CREMA_MUST_USE;

#endif
