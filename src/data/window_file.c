/* window_file.c - reads files of windows. */
#include "data/window_file.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct crema_ctx *ctx;
    const char *path;
    char *next;
    int line; /* of next */
    struct crema_window_file *file;
    size_t paths_room, windows_room;
};

static const char blanks[] = " \t\r\n";

void crema_window_file_free(struct crema_window_file *file)
{
    free(file->text);
    free(file->paths);
    free(file->windows);
    *file = (struct crema_window_file){ 0 };
}

static enum crema_status wrong(const struct reader *r, const char *what)
{
    struct crema_place at = { r->path, r->line, 1, NULL, 0 };

    return crema_fail_at(r->ctx, CREMA_EINVAL, &at, "%s", what);
}

static bool skip_blanks(struct reader *r)
{
    size_t n = strspn(r->next, blanks);

    for (size_t i = 0; i < n; i++) r->line += r->next[i] == '\n';
    r->next += n;
    return *r->next != '\0';
}

static enum crema_status take_word(struct reader *r, char **word, size_t *n)
{
    if (!skip_blanks(r)) return wrong(r, "ends within a picture");
    *word = r->next;
    *n = strcspn(r->next, blanks);
    r->next += *n;
    return CREMA_OK;
}

static enum crema_status take_int(struct reader *r, const char *what, int *out)
{
    char *word = NULL, *end;
    long value;
    size_t n = 0;

    CREMA_TRY(take_word(r, &word, &n));
    errno = 0;
    value = strtol(word, &end, 10);
    if (end != word + n || errno || value < INT_MIN || value > INT_MAX)
        return wrong(r, what);
    *out = (int)value;
    return CREMA_OK;
}

static enum crema_status take_float(struct reader *r, const char *what,
                                    float *out)
{
    char *word = NULL, *end;
    size_t n = 0;

    CREMA_TRY(take_word(r, &word, &n));
    *out = strtof(word, &end);
    return end == word + n && isfinite(*out) ? CREMA_OK : wrong(r, what);
}

/* Makes room for one more behind `n` of them. */
static enum crema_status grow(const struct reader *r, void **list, size_t n,
                              size_t size, size_t *room)
{
    void *more;

    if (n < *room) return CREMA_OK;
    more = realloc(*list, (2 * *room + 64) * size);
    if (!more) return crema_no_memory(r->ctx, r->path);
    *list = more;
    *room = 2 * *room + 64;
    return CREMA_OK;
}

static enum crema_status take_window(struct reader *r)
{
    struct crema_window_file *f = r->file;
    struct crema_window w = { .picture = f->npaths - 1 };
    void *list = f->windows;

    CREMA_TRY(take_int(r, "a window's label is no whole number", &w.label));
    CREMA_TRY(take_float(r, "a window's overlap is no number", &w.overlap));
    for (int i = 0; i < 4; i++)
        CREMA_TRY(take_int(r, "a window's end is no whole number", &w.end[i]));
    if (w.end[0] > w.end[2] || w.end[1] > w.end[3])
        return wrong(r, "a window ends before it begins");
    CREMA_TRY(grow(r, &list, f->nwindows, sizeof w, &r->windows_room));
    f->windows = list;
    f->windows[f->nwindows++] = w;
    return CREMA_OK;
}

static enum crema_status take_path(struct reader *r)
{
    struct crema_window_file *f = r->file;
    void *list = f->paths;
    char *word = NULL;
    size_t n = 0;

    CREMA_TRY(take_word(r, &word, &n));
    CREMA_TRY(grow(r, &list, f->npaths, sizeof *f->paths, &r->paths_room));
    f->paths = list;
    f->paths[f->npaths++] = word;
    if (!skip_blanks(r)) return wrong(r, "ends within a picture");
    word[n] = '\0';
    return CREMA_OK;
}

static enum crema_status take_picture(struct reader *r)
{
    int channels, height, width, count;
    char *word = NULL;
    size_t n = 0;

    CREMA_TRY(take_word(r, &word, &n));
    if (n != 1 || *word != '#')
        return wrong(r, "a picture begins with # and a number");
    CREMA_TRY(take_word(r, &word, &n));
    CREMA_TRY(take_path(r));
    CREMA_TRY(take_int(r, "no number of channels", &channels));
    if (channels != 3) return wrong(r, "pictures have 3 channels");
    CREMA_TRY(take_int(r, "no height", &height));
    CREMA_TRY(take_int(r, "no width", &width));
    CREMA_TRY(take_int(r, "no number of windows", &count));
    for (int i = 0; i < count; i++) CREMA_TRY(take_window(r));
    return CREMA_OK;
}

enum crema_status crema_window_file_read(struct crema_ctx *ctx,
                                         const char *path,
                                         struct crema_window_file *out)
{
    struct crema_window_file file = { 0 };
    struct reader r = { .ctx = ctx, .path = path, .line = 1, .file = &file };
    enum crema_status status;
    size_t length;

    CREMA_TRY(crema_file_read(ctx, path, &file.text, &length));
    r.next = file.text;
    status = CREMA_OK;
    while (status == CREMA_OK && skip_blanks(&r)) status = take_picture(&r);
    if (status == CREMA_OK)
        *out = file;
    else
        crema_window_file_free(&file);
    return status;
}
