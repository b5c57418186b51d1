/* canvas.c - cairo behind canvas.h. */
#include "canvas.h"

#include "base/file.h"

#include <cairo-ft.h>
#include <cairo-svg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct canvas {
    struct crema_ctx *ctx;
    struct crema_file *file;
    enum crema_status written; /* what the file said */
    bool svg;
    cairo_surface_t *surface;
    cairo_t *cr;
    cairo_font_face_t *font;
};

/* FreeType's side of a font, which cairo may keep longer than the canvas. */
struct letters {
    FT_Library library;
    FT_Face face;
};

static bool ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);

    return n > m && !strcmp(path + n - m, ending);
}

bool canvas_takes(const char *path)
{
    return ends_in(path, ".png") || ends_in(path, ".svg");
}

/* ---- opening and closing ------------------------------------------------- */

static cairo_status_t write_file(void *closure, const unsigned char *data,
                                 unsigned int length)
{
    struct canvas *c = closure;

    if (c->written == CREMA_OK)
        c->written = crema_file_write(c->file, data, length);
    return c->written == CREMA_OK ? CAIRO_STATUS_SUCCESS
                                  : CAIRO_STATUS_WRITE_ERROR;
}

static void free_letters(void *data)
{
    struct letters *l = data;

    if (l->face) FT_Done_Face(l->face);
    if (l->library) FT_Done_FreeType(l->library);
    free(l);
}

/* The font of an installed crema, else of the machine it was built on. */
static enum crema_status open_letters(struct canvas *c, struct letters *l)
{
    char beside[4096];
    ssize_t n = readlink("/proc/self/exe", beside, sizeof beside - 64);
    char *slash;

    if (FT_Init_FreeType(&l->library) != 0)
        return crema_no_memory(c->ctx, "letters");
    beside[n > 0 ? n : 0] = '\0';
    slash = strrchr(beside, '/');
    if (slash) {
        strcpy(slash, "/../share/crema/fonts/DejaVuSans.ttf");
        if (FT_New_Face(l->library, beside, 0, &l->face) == 0) return CREMA_OK;
    }
    if (FT_New_Face(l->library, CREMA_FONT, 0, &l->face) == 0) return CREMA_OK;
    return crema_fail(c->ctx, CREMA_EIO,
                      "cannot read the font %s: install fonts-dejavu-core",
                      CREMA_FONT);
}

static enum crema_status set_font(struct canvas *c)
{
    static const cairo_user_data_key_t key;
    struct letters *l = calloc(1, sizeof *l);
    enum crema_status status =
        l ? open_letters(c, l) : crema_no_memory(c->ctx, "letters");

    if (status == CREMA_OK) {
        c->font = cairo_ft_font_face_create_for_ft_face(l->face, 0);
        if (cairo_font_face_set_user_data(c->font, &key, l, free_letters) ==
            CAIRO_STATUS_SUCCESS) {
            cairo_set_font_face(c->cr, c->font);
            return CREMA_OK;
        }
        status = crema_no_memory(c->ctx, "letters");
    }
    if (l) free_letters(l);
    return status;
}

static enum crema_status set_up(struct canvas *c, const char *path,
                                double width, double height)
{
    if (!canvas_takes(path))
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "cannot draw to %s: its name must end in .png or "
                          ".svg",
                          path);
    CREMA_TRY(crema_file_create(c->ctx, path, &c->file));
    c->svg = ends_in(path, ".svg");
    c->surface =
        c->svg
            ? cairo_svg_surface_create_for_stream(write_file, c, width, height)
            : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width),
                                         (int)ceil(height));
    c->cr = cairo_create(c->surface);
    if (cairo_status(c->cr) != CAIRO_STATUS_SUCCESS)
        return crema_fail(c->ctx, CREMA_ENOMEM,
                          "cannot draw a picture of %.0f x %.0f: %s", width,
                          height, cairo_status_to_string(cairo_status(c->cr)));
    CREMA_TRY(set_font(c));
    canvas_color(c, 0xffffff, 1);
    cairo_paint(c->cr);
    canvas_color(c, 0, 1);
    return CREMA_OK;
}

/* All but the file. */
static void free_drawing(struct canvas *c)
{
    if (c->cr) cairo_destroy(c->cr);
    if (c->surface) {
        cairo_surface_finish(c->surface); /* an .svg's last words */
        cairo_surface_destroy(c->surface);
    }
    if (c->font) cairo_font_face_destroy(c->font);
    c->cr = NULL;
    c->surface = NULL;
    c->font = NULL;
}

enum crema_status canvas_open(struct crema_ctx *ctx, const char *path,
                              double width, double height, struct canvas **out)
{
    struct canvas *c = calloc(1, sizeof *c);
    enum crema_status status;

    *out = NULL;
    if (!c) return crema_no_memory(ctx, path);
    c->ctx = ctx;
    status = set_up(c, path, width, height);
    if (status != CREMA_OK) {
        free_drawing(c);
        crema_file_abandon(c->file);
        free(c);
        return status;
    }
    *out = c;
    return CREMA_OK;
}

enum crema_status canvas_close(struct canvas *c)
{
    cairo_status_t drawn = cairo_status(c->cr);
    enum crema_status status;

    if (drawn == CAIRO_STATUS_SUCCESS && !c->svg)
        drawn = cairo_surface_write_to_png_stream(c->surface, write_file, c);
    free_drawing(c);
    status = c->written;
    if (status == CREMA_OK && drawn != CAIRO_STATUS_SUCCESS)
        status = crema_fail(
            c->ctx, drawn == CAIRO_STATUS_NO_MEMORY ? CREMA_ENOMEM : CREMA_EIO,
            "cannot draw: %s", cairo_status_to_string(drawn));
    if (status == CREMA_OK)
        status = crema_file_commit(c->file);
    else
        crema_file_abandon(c->file);
    free(c);
    return status;
}

/* ---- lines and boxes ----------------------------------------------------- */

void canvas_color(struct canvas *c, uint32_t rgb, double alpha)
{
    cairo_set_source_rgba(c->cr, (rgb >> 16 & 255) / 255.0,
                          (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0, alpha);
}

void canvas_line(struct canvas *c, double x0, double y0, double x1, double y1,
                 double thickness)
{
    canvas_lines(c, 2, (double[]){ x0, x1 }, (double[]){ y0, y1 }, thickness,
                 0);
}

static void stroke(struct canvas *c, double thickness)
{
    cairo_set_line_width(c->cr, thickness);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(c->cr);
}

void canvas_lines(struct canvas *c, int n, const double *x, const double *y,
                  double thickness, double dash)
{
    if (n < 2) return;
    cairo_new_path(c->cr);
    for (int i = 0; i < n; i++) cairo_line_to(c->cr, x[i], y[i]);
    if (dash > 0) cairo_set_dash(c->cr, &dash, 1, 0);
    stroke(c, thickness);
    cairo_set_dash(c->cr, NULL, 0, 0);
}

void canvas_box(struct canvas *c, double x, double y, double w, double h)
{
    cairo_rectangle(c->cr, x, y, w, h);
    cairo_fill(c->cr);
}

void canvas_frame(struct canvas *c, double x, double y, double w, double h,
                  double thickness, double radius)
{
    const double r = radius;

    cairo_new_path(c->cr);
    cairo_arc(c->cr, x + w - r, y + r, r, -M_PI / 2, 0);
    cairo_arc(c->cr, x + w - r, y + h - r, r, 0, M_PI / 2);
    cairo_arc(c->cr, x + r, y + h - r, r, M_PI / 2, M_PI);
    cairo_arc(c->cr, x + r, y + r, r, M_PI, 3 * M_PI / 2);
    cairo_close_path(c->cr);
    stroke(c, thickness);
}

/* ---- text ---------------------------------------------------------------- */

double canvas_text_width(struct canvas *c, double size, const char *text)
{
    cairo_text_extents_t e;

    cairo_set_font_size(c->cr, size);
    cairo_text_extents(c->cr, text, &e);
    return e.x_advance;
}

/* How far left of its anchor the text begins. */
static double before(struct canvas *c, double size, enum canvas_anchor anchor,
                     const char *text)
{
    double width = canvas_text_width(c, size, text);

    return anchor == CANVAS_LEFT    ? 0
           : anchor == CANVAS_RIGHT ? width
                                    : width / 2;
}

void canvas_text(struct canvas *c, double x, double y, double size,
                 enum canvas_anchor anchor, const char *text)
{
    cairo_move_to(c->cr, x - before(c, size, anchor, text), y);
    cairo_text_path(c->cr, text);
    cairo_fill(c->cr);
}

void canvas_text_within(struct canvas *c, double x, double y, double size,
                        enum canvas_anchor anchor, const char *text,
                        double width)
{
    char cut[256];
    size_t n = strlen(text);

    if (n >= sizeof cut - 2) n = sizeof cut - 3;
    memcpy(cut, text, n);
    cut[n] = '\0';
    if (text[n]) strcpy(cut + n, "..");
    while (n > 1 && canvas_text_width(c, size, cut) > width) {
        do n--;
        while (n > 1 && ((unsigned char)cut[n] & 0xc0) == 0x80);
        strcpy(cut + n, "..");
    }
    canvas_text(c, x, y, size, anchor, cut);
}

/* From now to cairo_restore: as on a page turned left. */
static void turn(struct canvas *c, double x, double y)
{
    cairo_save(c->cr);
    cairo_translate(c->cr, x, y);
    cairo_rotate(c->cr, -M_PI / 2);
}

void canvas_text_up(struct canvas *c, double x, double y, double size,
                    enum canvas_anchor anchor, const char *text)
{
    turn(c, x, y);
    canvas_text(c, 0, 0, size, anchor, text);
    cairo_restore(c->cr);
}

void canvas_text_up_within(struct canvas *c, double x, double y, double size,
                           enum canvas_anchor anchor, const char *text,
                           double length)
{
    turn(c, x, y);
    canvas_text_within(c, 0, 0, size, anchor, text, length);
    cairo_restore(c->cr);
}

/* ---- pictures ------------------------------------------------------------ */

void canvas_picture(struct canvas *c, double x, double y, double w, double h,
                    const uint8_t *pixels, int channels, int height, int width,
                    bool smooth)
{
    cairo_surface_t *s =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    unsigned char *rows = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);

    for (int i = 0; rows && i < height; i++)
        for (int j = 0; j < width; j++) {
            const uint8_t *p =
                pixels + ((int64_t)i * width + j) * (channels == 3 ? 3 : 1);
            uint32_t b = p[0], g = p[channels == 3],
                     r = p[channels == 3 ? 2 : 0];
            uint32_t rgb = r << 16 | g << 8 | b;

            memcpy(rows + (int64_t)i * stride + 4 * j, &rgb, sizeof rgb);
        }
    cairo_surface_mark_dirty(s);
    cairo_save(c->cr);
    cairo_translate(c->cr, x, y);
    cairo_scale(c->cr, w / width, h / height);
    cairo_set_source_surface(c->cr, s, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c->cr),
                             smooth ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
    /* no blending with what lies around, which a scaled border would show */
    cairo_pattern_set_extend(cairo_get_source(c->cr), CAIRO_EXTEND_PAD);
    cairo_rectangle(c->cr, 0, 0, width, height);
    cairo_fill(c->cr);
    cairo_restore(c->cr);
    cairo_surface_destroy(s);
}
