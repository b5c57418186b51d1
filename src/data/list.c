/* list.c - lists of pictures: a name and labels on each line. */
#include "data/list.h"

#include "base/file.h"
#include "base/philox.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void crema_list_free(struct crema_list *list)
{
    free(list->text);
    free(list->items);
    free(list->labels);
    *list = (struct crema_list){ 0 };
}

/* Cuts the last word off; NULL where there is only one. */
static char *cut_word(char *line)
{
    char *end = line + strlen(line);

    while (end > line && strchr(" \t\r", end[-1])) *--end = '\0';
    while (end > line && end[-1] != ' ' && end[-1] != '\t') end--;
    if (end == line) return NULL;
    end[-1] = '\0';
    return end;
}

static const char *read_whole(const char *word, int *label)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(word, &end, 10);
    if (end == word || *end || errno || value < INT_MIN || value > INT_MAX)
        return "the label is no whole number";
    *label = (int)value;
    return NULL;
}

static const char *read_any(const char *word, float *label)
{
    char *end;

    *label = strtof(word, &end);
    return end == word || *end || !isfinite(*label) ? "a label is no number"
                                                    : NULL;
}

/* NULL, or what is wrong.  labels: room for `n` of them; NULL: the one label is
 * a whole number, of the item. */
static const char *read_line(char *line, struct crema_list_item *item,
                             float *labels, int n)
{
    const char *fault = NULL;

    item->name = line;
    if (line[strspn(line, " \t\r")] == '\0') {
        *line = '\0';
        return NULL;
    }
    for (int i = n; i-- > 0 && !fault;) {
        const char *word = cut_word(line);

        if (!word)
            return n > 1 ? "too few labels behind the name"
                         : "no label behind the name";
        fault = labels ? read_any(word, &labels[i])
                       : read_whole(word, &item->label);
    }
    return fault;
}

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = 0;

    for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
    return lines + (length && text[length - 1] != '\n');
}

static enum crema_status read_lines(struct crema_ctx *ctx, const char *path,
                                    size_t lines, int labels,
                                    struct crema_list *list)
{
    char *next = list->text;

    for (list->count = 0; list->count < lines; list->count++) {
        char *line = next;
        size_t i = list->count;
        struct crema_place at = { path, (int)i + 1, 1, NULL, 0 };
        float *values = list->labels ? list->labels + i * (size_t)labels : NULL;
        const char *fault;

        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        fault = read_line(line, &list->items[i], values, labels ? labels : 1);
        if (fault) return crema_fail_at(ctx, CREMA_EINVAL, &at, "%s", fault);
    }
    return CREMA_OK;
}

/* Without the mark that some editors put before text in UTF-8. */
static enum crema_status read_text(struct crema_ctx *ctx, const char *path,
                                   char **text, size_t *length)
{
    static const char mark[3] = "\xef\xbb\xbf";

    CREMA_TRY(crema_file_read(ctx, path, text, length));
    if (memchr(*text, '\0', *length)) {
        size_t line = count_lines(*text, strlen(*text) + 1);
        struct crema_place at = { path, (int)line, 1, NULL, 0 };

        free(*text);
        *text = NULL;
        return crema_fail_at(ctx, CREMA_EINVAL, &at,
                             "a zero byte: the list is no plain text");
    }
    if (*length >= sizeof mark && memcmp(*text, mark, sizeof mark) == 0) {
        *length -= sizeof mark;
        memmove(*text, *text + sizeof mark, *length + 1);
    }
    return CREMA_OK;
}

/* labels 0: one, which is a whole number. */
static enum crema_status read_list(struct crema_ctx *ctx, const char *path,
                                   int labels, struct crema_list *out)
{
    struct crema_list list = { 0 };
    enum crema_status status = CREMA_OK;
    size_t length, lines;

    CREMA_TRY(read_text(ctx, path, &list.text, &length));
    lines = count_lines(list.text, length);
    list.items = calloc(lines + 1, sizeof *list.items);
    if (labels)
        list.labels = calloc(lines + 1, (size_t)labels * sizeof *list.labels);
    if (!list.items || (labels && !list.labels))
        status = crema_no_memory(ctx, path);
    if (status == CREMA_OK)
        status = read_lines(ctx, path, lines, labels, &list);
    if (status == CREMA_OK)
        *out = list;
    else
        crema_list_free(&list);
    return status;
}

enum crema_status crema_list_read(struct crema_ctx *ctx, const char *path,
                                  struct crema_list *out)
{
    return read_list(ctx, path, 0, out);
}

enum crema_status crema_list_read_labels(struct crema_ctx *ctx,
                                         const char *path, int labels,
                                         struct crema_list *out)
{
    return read_list(ctx, path, labels, out);
}

/* 0 to i - 1: what the i-th place, counted from 1, is swapped with. */
static size_t partner(size_t i, uint32_t seed)
{
    struct crema_philox random =
        crema_philox((uint32_t)i, (uint32_t)((uint64_t)i >> 32), 0,
                     crema_hash("shuffle"), seed, 0);
    uint64_t bits = (uint64_t)random.v[0] << 32 | random.v[1];

    return (size_t)(bits % i);
}

void crema_list_shuffle(struct crema_list *list, uint32_t seed)
{
    for (size_t i = list->count; i > 1; i--) {
        size_t j = partner(i, seed);
        struct crema_list_item item = list->items[i - 1];

        list->items[i - 1] = list->items[j];
        list->items[j] = item;
    }
}
