/* mistakes.c - the surest mistakes, in order, and their sheet. */
#include "mistakes.h"

#include "sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 120, WORDS = 2 * 128 };

enum crema_status mistakes_open(struct crema_ctx *ctx, int most, int channels,
                                int height, int width, struct mistakes *m)
{
    *m = (struct mistakes){ ctx,
                            most,
                            0,
                            channels,
                            height,
                            width,
                            calloc((size_t)most, sizeof *m->item) };
    return m->item ? CREMA_OK : crema_no_memory(ctx, "mistakes");
}

void mistakes_free(struct mistakes *m)
{
    for (int i = 0; i < m->n; i++) free(m->item[i].pixels);
    free(m->item);
    *m = (struct mistakes){ 0 };
}

static void shade(const struct mistakes *m, const float *values, uint8_t *out)
{
    int64_t area = (int64_t)m->height * m->width, n = m->channels * area;
    float least = INFINITY, most = -INFINITY, span;

    for (int64_t i = 0; i < n; i++) {
        if (values[i] < least) least = values[i];
        if (values[i] > most) most = values[i];
    }
    span = most > least ? most - least : 1;
    for (int64_t i = 0; i < area; i++)
        for (int c = 0; c < m->channels; c++) {
            float x = (values[c * area + i] - least) / span;

            *out++ = x > 0 ? (uint8_t)(255 * fminf(x, 1) + 0.5f) : 0;
        }
}

enum crema_status mistakes_offer(struct mistakes *m, const struct mistake *new,
                                 const float *values)
{
    size_t size =
        (size_t)m->channels * (size_t)m->height * (size_t)m->width + 1;
    uint8_t *pixels;
    int at = m->n;

    while (at > 0 && m->item[at - 1].score < new->score) at--;
    if (at == m->most) return CREMA_OK;
    if (m->n == m->most) {
        pixels = m->item[--m->n].pixels;
    } else {
        pixels = malloc(size);
        if (!pixels) return crema_no_memory(m->ctx, "a picture");
    }
    memmove(&m->item[at + 1], &m->item[at],
            (size_t)(m->n - at) * sizeof *m->item);
    m->item[at] = *new;
    m->item[at].pixels = pixels;
    m->n++;
    shade(m, values, pixels);
    return CREMA_OK;
}

static void word(const struct mistake *i, const struct matrix *matrix,
                 char text[WORDS])
{
    char truth[MATRIX_NAME], guess[MATRIX_NAME];

    snprintf(text, WORDS, "true: %.100s\nguessed: %.100s\n%.3f, record %llu",
             matrix_name(matrix, i->truth, truth),
             matrix_name(matrix, i->guess, guess), (double)i->score,
             (unsigned long long)i->record);
}

static enum crema_status draw(const struct mistakes *m,
                              const struct matrix *matrix, const char *path,
                              struct sheet_picture *picture,
                              char (*text)[WORDS])
{
    char title[80];

    for (int i = 0; i < m->n; i++) {
        word(&m->item[i], matrix, text[i]);
        picture[i] = (struct sheet_picture){
            .pixels = m->item[i].pixels,
            .channels = m->channels,
            .height = m->height,
            .width = m->width,
            .label = text[i],
        };
    }
    snprintf(title, sizeof title, "the %d surest mistakes", m->n);
    return sheet_write(m->ctx, path, title, m->n, picture, 0, CELL);
}

enum crema_status mistakes_draw(const struct mistakes *m,
                                const struct matrix *matrix, const char *path)
{
    struct sheet_picture *picture = calloc((size_t)m->n + 1, sizeof *picture);
    char(*text)[WORDS] = calloc((size_t)m->n + 1, sizeof *text);
    enum crema_status status = picture && text
                                   ? draw(m, matrix, path, picture, text)
                                   : crema_no_memory(m->ctx, path);

    free(picture);
    free(text);
    return status;
}
