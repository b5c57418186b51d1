/* chart.c - axes, ticks, curves, a legend. */
#include "chart.h"

#include <math.h>
#include <stdio.h>

enum { SMALL = 11, LABEL = 12, TICKS = 6 };
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

/* 1, 2 or 5 times a power of ten: about TICKS of it in `length`. */
static double step_of(double length)
{
    double rough = length / TICKS, power = pow(10, floor(log10(rough)));

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
    step = step_of(y->to - y->from);
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

static void draw_y_axis(struct canvas *c, const struct axis *y, double x,
                        double w)
{
    double step = step_of(y->to - y->from);

    if (!y->log) {
        for (double v = ceil(y->from / step - 1e-9) * step;
             v <= y->to + step * 1e-6; v += step)
            draw_y_tick(c, y, v, step, x, w);
        return;
    }
    for (int e = (int)floor(y->from); e <= (int)ceil(y->to); e++)
        for (int m = 1; m <= 5; m += m == 1 ? 1 : 3) {
            double v = m * pow(10, e);

            if (m > 1 && y->to - y->from > 2.5) break;
            if (log10(v) < y->from || log10(v) > y->to) continue;
            draw_y_tick(c, y, v, v, x, w);
        }
}

static void draw_x_axis(struct canvas *c, const struct axis *x, double y,
                        double h)
{
    double step = step_of(x->to - x->from);

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

struct box {
    double x, y, w, h;
};

/* How many points of curves lie in the box. */
static size_t hidden(const struct chart *chart, const struct axis *x,
                     const struct axis *y, const struct box *b)
{
    size_t n = 0;

    for (size_t k = 0; k < chart->n; k++)
        for (size_t i = 0; i < chart->line[k].n; i++) {
            double u = chart->line[k].x[i], v = chart->line[k].y[i];

            if (!shown(chart, u, v)) continue;
            u = place(x, u) - b->x;
            v = place(y, v) - b->y;
            n += u > 0 && u < b->w && v > 0 && v < b->h;
        }
    return n;
}

/* Puts a box of that size into the corner where it hides least. */
static void choose_corner(const struct chart *chart, const struct axis *x,
                          const struct axis *y, struct box *b)
{
    size_t least = SIZE_MAX;
    struct box best = *b;

    for (int corner = 0; corner < 4; corner++) {
        size_t n;

        b->x = corner & 1 ? x->at + 6 : x->at + x->length - b->w - 6;
        b->y = corner & 2 ? y->at - b->h - 6 : y->at + y->length + 6;
        n = hidden(chart, x, y, b);
        if (n >= least) continue;
        least = n;
        best = *b;
    }
    *b = best;
}

static void draw_legend(struct canvas *c, const struct chart *chart,
                        const struct axis *x, const struct axis *y)
{
    double widest = 0, at;
    struct box b = { .h = 8 };

    for (size_t i = 0; i < chart->n; i++) {
        double width;

        if (!chart->line[i].label || !chart->line[i].n) continue;
        width = canvas_text_width(c, SMALL, chart->line[i].label);
        if (width > widest) widest = width;
        b.h += 16;
    }
    if (b.h == 8) return;
    if (widest > x->length / 2) widest = x->length / 2;
    b.w = widest + 46;
    choose_corner(chart, x, y, &b);
    canvas_color(c, 0xffffff, 0.85);
    canvas_box(c, b.x, b.y, b.w, b.h);
    at = b.y + 16;
    for (size_t i = 0; i < chart->n; i++) {
        const struct chart_line *l = &chart->line[i];

        if (!l->label || !l->n) continue;
        canvas_color(c, l->color, 1);
        canvas_lines(c, 2, (double[]){ b.x + 6, b.x + 32 },
                     (double[]){ at - 4, at - 4 }, 2, l->dash);
        canvas_color(c, ink, 1);
        canvas_text_within(c, b.x + 38, at, SMALL, CANVAS_LEFT, l->label,
                           widest);
        at += 16;
    }
}

void chart_draw(struct canvas *c, const struct chart *chart, double left,
                double top, double w, double h)
{
    double margin_left = 64, margin_below = chart->x_label ? 40 : 24;
    struct axis x = { .at = left + margin_left,
                      .length = w - margin_left - 12 };
    struct axis y = { .log = chart->log_y,
                      .at = top + h - margin_below,
                      .length = margin_below + 6 - h };

    canvas_color(c, ink, 1);
    canvas_text_up(c, left + 14, top + (h - margin_below) / 2, LABEL,
                   CANVAS_MIDDLE, chart->y_label);
    if (chart->x_label)
        canvas_text(c, x.at + x.length / 2, top + h - 6, LABEL, CANVAS_MIDDLE,
                    chart->x_label);
    if (find_ranges(chart, &x, &y)) {
        widen(chart, &y);
        draw_x_axis(c, &x, y.at + y.length, -y.length);
        draw_y_axis(c, &y, x.at, x.length);
        for (size_t i = 0; i < chart->n; i++)
            draw_curve(c, chart, &chart->line[i], &x, &y);
        draw_legend(c, chart, &x, &y);
    } else {
        canvas_text(c, x.at + x.length / 2, y.at + y.length / 2, LABEL,
                    CANVAS_MIDDLE, "no figures");
    }
    canvas_color(c, ink, 1);
    canvas_frame(c, x.at, y.at + y.length, x.length, -y.length, 1, 0);
}
