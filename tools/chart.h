/* chart.h - curves over an axis. */
#ifndef CREMA_TOOLS_CHART_H
#define CREMA_TOOLS_CHART_H

#include "canvas.h"

struct chart_line {
    const char *label; /* in the legend; NULL: not there */
    size_t n;
    const double *x, *y; /* x ascending; y that are not finite are left out */
    uint32_t color;      /* 0xRRGGBB */
    double dash;         /* 0: a whole line */
};

struct chart {
    const char *x_label, *y_label;
    bool log_y;    /* values that are not positive are left out */
    bool from_0;   /* the axis of y begins at 0, unless log_y */
    double x0, x1; /* what the axis of x shows; equal: all there is */
    size_t n;
    const struct chart_line *line;
};

/* Into the box; a chart without a point says so. */
void chart_draw(struct canvas *, const struct chart *, double x, double y,
                double w, double h);

/* The i-th of a row of colours that differ for everybody. */
uint32_t chart_color(size_t i);

#endif
