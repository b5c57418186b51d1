/* list.c - lists of pictures: a name and a label on each line. */
#include "data/list.h"

#include "base/file.h"
#include "base/philox.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void crema_list_free(struct crema_list *list)
{
    free(list->text);
    free(list->items);
    *list = (struct crema_list){ 0 };
}

/* Cuts `line` into name and label; NULL, or what is wrong. */
static const char *read_line(char *line, struct crema_list_item *item)
{
    size_t length = strlen(line);
    char *blank, *end;
    long label;

    while (length && strchr(" \t\r", line[length - 1])) line[--length] = '\0';
    item->name = line;
    if (length == 0) return NULL;
    blank = line + length;
    while (blank > line && blank[-1] != ' ' && blank[-1] != '\t') blank--;
    if (blank == line) return "no label behind the name";
    errno = 0;
    label = strtol(blank, &end, 10);
    if (end == blank || *end || errno || label < INT_MIN || label > INT_MAX)
        return "the label is no whole number";
    item->label = (int)label;
    blank[-1] = '\0';
    return NULL;
}

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = 0;

    for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
    return lines + (length && text[length - 1] != '\n');
}

enum crema_status crema_list_read(struct crema_ctx *ctx, const char *path,
                                  struct crema_list *out)
{
    struct crema_list list = { 0 };
    size_t length, lines;
    char *next;

    CREMA_TRY(crema_file_read(ctx, path, &list.text, &length));
    lines = count_lines(list.text, length);
    list.items = calloc(lines ? lines : 1, sizeof *list.items);
    if (!list.items) {
        crema_list_free(&list);
        return crema_no_memory(ctx, path);
    }
    next = list.text;
    for (list.count = 0; list.count < lines; list.count++) {
        char *line = next;
        struct crema_place at = { path, (int)list.count + 1, 1, NULL, 0 };
        const char *fault;

        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        fault = read_line(line, &list.items[list.count]);
        if (fault) {
            crema_list_free(&list);
            return crema_fail_at(ctx, CREMA_EINVAL, &at, "%s", fault);
        }
    }
    *out = list;
    return CREMA_OK;
}

/* 0 to i - 1: what the i-th place, counted from 1, is swapped with. */
static size_t partner(size_t i, uint32_t seed, uint64_t epoch)
{
    struct crema_philox random = crema_philox(
        (uint32_t)i, (uint32_t)((uint64_t)i >> 32), (uint32_t)epoch,
        crema_hash("shuffle"), seed, (uint32_t)(epoch >> 32));
    uint64_t bits = (uint64_t)random.v[0] << 32 | random.v[1];

    return (size_t)(bits % i);
}

void crema_list_shuffle(struct crema_list *list, uint32_t seed)
{
    for (size_t i = list->count; i > 1; i--) {
        size_t j = partner(i, seed, 0);
        struct crema_list_item item = list->items[i - 1];

        list->items[i - 1] = list->items[j];
        list->items[j] = item;
    }
}

void crema_shuffle(size_t *order, size_t count, uint32_t seed, uint64_t epoch)
{
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = partner(i, seed, epoch), kept = order[i - 1];

        order[i - 1] = order[j];
        order[j] = kept;
    }
}
