/* chart.c - axes, ticks, curves, a legend. */
#include "chart.h"

#include <math.h>
#include <stdio.h>

enum { SMALL = 11, LABEL = 12 };
enum { ROW = 16, SAMPLE = 26 }; /* of a legend: a row, a piece of the line */
enum { X_TICK = 110, Y_TICK = 36 }; /* from one tick to the next, about */
enum { INSET = 4 };                 /* curves keep so far off the frame */
static const uint32_t ink = 0x303030, grid = 0xe4e4e4;

uint32_t chart_color(size_t i)
{
    /* Okabe and Ito's */
    static const uint32_t colors[] = { 0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                       0xe69f00, 0x56b4e9, 0x555555, 0x8a6d00 };

    return colors[i % (sizeof colors / sizeof *colors)];
}

struct axis {
    double from, to; /* values; logarithms to base 10 if log */
    bool log;
    double at, length; /* pixels of `from`, and to `to`; y axes: below 0 */
};

static double place(const struct axis *a, double value)
{
    if (a->log) value = log10(value);
    return a->at + a->length * (value - a->from) / (a->to - a->from);
}

static bool shown(const struct chart *c, double x, double y)
{
    if (!isfinite(x) || !isfinite(y) || (c->log_y && y <= 0)) return false;
    return c->x0 == c->x1 || (x >= c->x0 && x <= c->x1);
}

/* From one tick to the next, in values: 1, 2 or 5 times a power of ten, and
 * about `pixels` of them. */
static double step_of(const struct axis *a, double pixels)
{
    double ticks = fmin(8, fmax(2, fabs(a->length) / pixels));
    double rough = (a->to - a->from) / ticks;
    double power = pow(10, floor(log10(rough)));

    return power * (rough / power < 1.5   ? 1
                    : rough / power < 3.5 ? 2
                    : rough / power < 7.5 ? 5
                                          : 10);
}

/* The values' range; false when there are none. */
static bool find_ranges(const struct chart *c, struct axis *x, struct axis *y)
{
    bool any = false;

    for (size_t k = 0; k < c->n; k++)
        for (size_t i = 0; i < c->line[k].n; i++) {
            double u = c->line[k].x[i], v = c->line[k].y[i];

            if (!shown(c, u, v)) continue;
            if (c->log_y) v = log10(v);
            x->from = any && x->from < u ? x->from : u;
            x->to = any && x->to > u ? x->to : u;
            y->from = any && y->from < v ? y->from : v;
            y->to = any && y->to > v ? y->to : v;
            any = true;
        }
    if (c->x0 != c->x1) {
        x->from = c->x0;
        x->to = c->x1;
    }
    if (x->from == x->to) x->to = x->from + 1;
    return any;
}

/* A little room above and below, or up to whole ticks. */
static void widen(const struct chart *c, struct axis *y)
{
    double step;

    if (c->from_0 && !c->log_y && y->from > 0) y->from = 0;
    if (y->from == y->to) {
        y->from -= c->log_y ? 0.5 : fabs(y->from) / 10 + 1e-9;
        y->to += c->log_y ? 0.5 : fabs(y->to) / 10 + 1e-9;
    }
    if (c->log_y) {
        double room = (y->to - y->from) * 0.05;

        y->from -= room;
        y->to += room;
        return;
    }
    step = step_of(y, Y_TICK);
    y->from = floor(y->from / step + 1e-9) * step;
    y->to = ceil(y->to / step - 1e-9) * step;
}

/* 12000 is "12k" on the axis of iterations. */
static void word(double value, double step, bool thousands, char out[32])
{
    if (fabs(value) < step / 1e6) value = 0;
    if (value != 0 && thousands && step >= 1e6)
        snprintf(out, 32, "%gM", value / 1e6);
    else if (value != 0 && thousands && step >= 1000)
        snprintf(out, 32, "%gk", value / 1000);
    else
        snprintf(out, 32, "%g", value);
}

static void draw_y_tick(struct canvas *c, const struct axis *y, double value,
                        double step, double x, double w)
{
    char text[32];
    double at = place(y, value);

    canvas_color(c, grid, 1);
    canvas_line(c, x, at, x + w, at, 1);
    canvas_color(c, ink, 1);
    word(value, step, false, text);
    canvas_text(c, x - 6, at + 4, SMALL, CANVAS_RIGHT, text);
}

/* Powers of ten, each so many-th where they lie close; 2 and 5 times them where
 * there is room. */
static void draw_log_ticks(struct canvas *c, const struct axis *y, double x,
                           double w)
{
    double decade = fabs(y->length) / (y->to - y->from);
    int each = decade < 20 ? (int)ceil(20 / decade) : 1;

    for (int e = (int)floor(y->from); e <= (int)ceil(y->to); e++)
        for (int m = 1; m <= 5; m += m == 1 ? 1 : 3) {
            double v = m * pow(10, e);

            if (m > 1 ? decade < 60 : e % each) continue;
            if (log10(v) < y->from || log10(v) > y->to) continue;
            draw_y_tick(c, y, v, v, x, w);
        }
}

static void draw_y_axis(struct canvas *c, const struct axis *y, double x,
                        double w)
{
    double step = step_of(y, Y_TICK);

    if (!y->log) {
        for (double v = ceil(y->from / step - 1e-9) * step;
             v <= y->to + step * 1e-6; v += step)
            draw_y_tick(c, y, v, step, x, w);
        return;
    }
    draw_log_ticks(c, y, x, w);
}

static void draw_x_axis(struct canvas *c, const struct axis *x, double y,
                        double h)
{
    double step = step_of(x, X_TICK);

    for (double v = ceil(x->from / step - 1e-9) * step;
         v <= x->to + step * 1e-6; v += step) {
        char text[32];

        canvas_color(c, grid, 1);
        canvas_line(c, place(x, v), y, place(x, v), y + h, 1);
        canvas_color(c, ink, 1);
        word(v, step, true, text);
        canvas_text(c, place(x, v), y + h + 16, SMALL, CANVAS_MIDDLE, text);
    }
}

/* Pieces between points that are left out; a lone point is a dot. */
static void draw_curve(struct canvas *c, const struct chart *chart,
                       const struct chart_line *l, const struct axis *x,
                       const struct axis *y)
{
    enum { PIECE = 512 };
    double px[PIECE], py[PIECE];
    int n = 0;

    canvas_color(c, l->color, 1);
    for (size_t i = 0; i <= l->n; i++) {
        bool here = i < l->n && shown(chart, l->x[i], l->y[i]);

        if (here) {
            px[n] = place(x, l->x[i]);
            py[n++] = place(y, l->y[i]);
        }
        if (here && n < PIECE) continue;
        if (n == 1) canvas_box(c, px[0] - 2, py[0] - 2, 4, 4);
        canvas_lines(c, n, px, py, 1.6, l->dash);
        px[0] = px[n > 0 ? n - 1 : 0];
        py[0] = py[n > 0 ? n - 1 : 0];
        n = here ? 1 : 0;
    }
}

/* A legend's entries stand in rows above the chart, where they hide nothing.
 * Returns how many rows there are, whether it draws them or not. */
static int draw_legend(struct canvas *c, bool draws, const struct chart *chart,
                       double left, double top, double w)
{
    double x = left;
    int rows = 0;

    for (size_t i = 0; i < chart->n; i++) {
        const struct chart_line *l = &chart->line[i];
        double width, y;

        if (!l->label || !l->n) continue;
        width = fmin(canvas_text_width(c, SMALL, l->label), w - SAMPLE - 6);
        if (rows == 0 || x + SAMPLE + 6 + width > left + w) {
            x = left;
            rows++;
        }
        y = top + ROW * rows - 4;
        if (draws) {
            canvas_color(c, l->color, 1);
            canvas_lines(c, 2, (double[]){ x, x + SAMPLE },
                         (double[]){ y - 4, y - 4 }, 2, l->dash);
            canvas_color(c, ink, 1);
            canvas_text_within(c, x + SAMPLE + 6, y, SMALL, CANVAS_LEFT,
                               l->label, width + 1);
        }
        x += SAMPLE + 6 + width + 18;
    }
    return rows;
}

void chart_draw(struct canvas *c, const struct chart *chart, double left,
                double top, double w, double h)
{
    double margin_left = 64, margin_below = chart->x_label ? 40 : 24;
    double right = w - margin_left - 12; /* of the frame, from its left */
    double above =
        6 + ROW * draw_legend(c, false, chart, left + margin_left, top, right);
    struct axis x = { .at = left + margin_left, .length = right };
    struct axis y = { .log = chart->log_y,
                      .at = top + h - margin_below - INSET,
                      .length = margin_below + above + 2 * INSET - h };
    double upper = top + above, high = h - above - margin_below;

    (void)draw_legend(c, true, chart, x.at, top, x.length);
    canvas_color(c, ink, 1);
    canvas_text_up_within(c, left + 14, upper + high / 2, LABEL, CANVAS_MIDDLE,
                          chart->y_label, high + 20);
    if (chart->x_label)
        canvas_text(c, x.at + x.length / 2, top + h - 6, LABEL, CANVAS_MIDDLE,
                    chart->x_label);
    if (find_ranges(chart, &x, &y)) {
        widen(chart, &y);
        draw_x_axis(c, &x, upper, high);
        draw_y_axis(c, &y, x.at, x.length);
        for (size_t i = 0; i < chart->n; i++)
            draw_curve(c, chart, &chart->line[i], &x, &y);
    } else {
        canvas_text(c, x.at + x.length / 2, upper + high / 2, LABEL,
                    CANVAS_MIDDLE, "no figures");
    }
    canvas_color(c, ink, 1);
    canvas_frame(c, x.at, upper, x.length, high, 1, 0);
}
