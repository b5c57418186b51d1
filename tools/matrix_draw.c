/* matrix_draw.c - a matrix of classes as shaded squares. */
#include "matrix.h"

#include <math.h>
#include <string.h>

enum {
    NUMBERED = 40, /* classes, above which squares bear no numbers and names */
    LETTERS = 11,
    LETTER = 7, /* how wide one is, about */
    GAP = 8,
    HEAD = 34,
    SHARE = 64,     /* the column of recall */
    ROW = 20,       /* the row of precision, or of short names */
    PRECISION = 64, /* that word */
    LONGEST = 160,
    AXIS = 22
};

static const uint32_t ink = 0x202020, right_color = 0x2166ac,
                      wrong_color = 0xb2182b;

/* Where things lie, in pixels. */
struct plan {
    double cell, left, side; /* of a square; left of all; all squares' */
    double names;            /* room for the longest name */
    bool upright;            /* below the squares names are read upwards */
    double below;            /* ... and have that room */
    bool numbered;
};

static double name_room(const struct matrix *m)
{
    char room[MATRIX_NAME];
    double most = 0;

    for (int k = 0; k < m->classes; k++) {
        double width = LETTER * (double)strlen(matrix_name(m, k, room));

        if (width > most) most = width;
    }
    return most < LONGEST ? most : LONGEST;
}

static struct plan make_plan(const struct matrix *m)
{
    struct plan p = { .numbered = m->classes <= NUMBERED };
    int64_t most = 1;
    double digits;

    for (int64_t i = 0; i < (int64_t)m->classes * m->classes; i++)
        if (m->count[i] > most) most = m->count[i];
    digits = 1 + floor(log10((double)most));
    p.cell = p.numbered ? fmax(42, LETTER * digits + 10)
                        : fmax(2, floor(1000.0 / m->classes));
    p.names = p.numbered ? name_room(m) : 0;
    p.upright = p.names > p.cell - 6;
    p.below = !p.numbered ? 0 : p.upright ? p.names + 2 * GAP : ROW;
    p.left = AXIS + GAP + (p.numbered ? fmax(p.names, PRECISION) : 0);
    p.side = p.cell * m->classes;
    return p;
}

/* Small shares are seen, too: the shade goes with the square root. */
static void draw_square(struct canvas *c, const struct matrix *m,
                        const struct plan *p, int truth, int guess)
{
    int64_t count = m->count[(int64_t)truth * m->classes + guess];
    double x = p->left + guess * p->cell, y = HEAD + truth * p->cell;
    double shade;
    char text[24];

    if (!count) return;
    shade = sqrt((double)count / (double)matrix_row(m, truth));
    canvas_color(c, truth == guess ? right_color : wrong_color, shade);
    canvas_box(c, x, y, p->cell, p->cell);
    if (!p->numbered) return;
    snprintf(text, sizeof text, "%lld", (long long)count);
    canvas_color(c, shade > 0.6 ? 0xffffff : ink, 1);
    canvas_text(c, x + p->cell / 2, y + p->cell / 2 + 4, LETTERS, CANVAS_MIDDLE,
                text);
}

static void share_text(int64_t part, int64_t whole, char text[16])
{
    if (whole)
        snprintf(text, 16, "%.3f", (double)part / (double)whole);
    else
        strcpy(text, "-");
}

/* A class's name left of its row and below its column; recall and precision on
 * the other side of them. */
static void draw_class(struct canvas *c, const struct matrix *m,
                       const struct plan *p, int k)
{
    double middle = (k + 0.5) * p->cell + 4;
    double below = HEAD + p->side;
    int64_t right = m->count[(int64_t)k * m->classes + k];
    char room[MATRIX_NAME], text[16];
    const char *name = matrix_name(m, k, room);

    canvas_color(c, ink, 1);
    canvas_text_within(c, p->left - GAP, HEAD + middle, LETTERS, CANVAS_RIGHT,
                       name, p->names);
    share_text(right, matrix_row(m, k), text);
    canvas_text(c, p->left + p->side + SHARE - GAP, HEAD + middle, LETTERS,
                CANVAS_RIGHT, text);
    share_text(right, matrix_column(m, k), text);
    canvas_text(c, p->left + middle - 4, below + p->below + 16, LETTERS,
                CANVAS_MIDDLE, text);
    if (p->upright)
        canvas_text_up_within(c, p->left + middle, below + GAP, LETTERS,
                              CANVAS_RIGHT, name, p->names);
    else
        canvas_text(c, p->left + middle - 4, below + 16, LETTERS, CANVAS_MIDDLE,
                    name);
}

static void draw_words(struct canvas *c, const struct matrix *m,
                       const struct plan *p)
{
    int64_t right = matrix_right(m), all = matrix_all(m);
    double under = HEAD + p->side + (p->numbered ? p->below + ROW : 0);
    char text[80];

    canvas_color(c, ink, 1);
    snprintf(text, sizeof text, "accuracy %.4f: %lld of %lld",
             all ? (double)right / (double)all : 0, (long long)right,
             (long long)all);
    canvas_text(c, p->left, 20, 13, CANVAS_LEFT, text);
    canvas_text_up(c, 16, HEAD + p->side / 2, 12, CANVAS_MIDDLE, "true");
    canvas_text(c, p->left + p->side / 2, under + 20, 12, CANVAS_MIDDLE,
                "guessed");
    if (!p->numbered) return;
    canvas_text(c, p->left + p->side + SHARE - GAP, HEAD - 8, LETTERS,
                CANVAS_RIGHT, "recall");
    canvas_text(c, p->left - GAP, HEAD + p->side + p->below + 16, LETTERS,
                CANVAS_RIGHT, "precision");
}

enum crema_status matrix_draw(struct crema_ctx *ctx, const struct matrix *m,
                              const char *path)
{
    const struct plan p = make_plan(m);
    double beside = p.numbered ? SHARE : GAP;
    struct canvas *c;

    CREMA_TRY(canvas_open(
        ctx, path, fmax(p.left + p.side + beside + GAP, 260),
        HEAD + p.side + (p.numbered ? p.below + ROW : 0) + AXIS + GAP, &c));
    for (int i = 0; i < m->classes; i++)
        for (int k = 0; k < m->classes; k++) draw_square(c, m, &p, i, k);
    canvas_color(c, 0x808080, 1);
    canvas_frame(c, p.left, HEAD, p.side, p.side, 1, 0);
    if (p.numbered)
        for (int k = 0; k < m->classes; k++) draw_class(c, m, &p, k);
    draw_words(c, m, &p);
    return canvas_close(c);
}
