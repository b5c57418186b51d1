/* source.c - the text a message came from: back from a field to its line. */
#include "proto/source.h"

#include <stdlib.h>
#include <string.h>

enum crema_status crema_source_new(struct crema_ctx *ctx, const char *path,
                                   const char *text, size_t length,
                                   struct crema_source **out)
{
    struct crema_source *source = calloc(1, sizeof *source);

    if (!source) return crema_no_memory(ctx, path);
    source->path = crema_arena_strdup(&source->arena, path);
    source->text = crema_arena_strndup(&source->arena, text, length);
    source->length = length;
    if (!source->path || !source->text) {
        crema_source_free(source);
        return crema_no_memory(ctx, path);
    }
    *out = source;
    return CREMA_OK;
}

void crema_source_free(struct crema_source *source)
{
    if (!source) return;
    crema_arena_free(&source->arena);
    free(source->marks);
    free(source);
}

/* The slot of `field`, or the free one where it belongs. */
static struct crema_mark *slot_of(struct crema_mark *marks, size_t capacity,
                                  const void *field)
{
    uint64_t hash = (uint64_t)(uintptr_t)field * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(hash >> 20) & (capacity - 1);

    while (marks[i].field && marks[i].field != field)
        i = (i + 1) & (capacity - 1);
    return &marks[i];
}

static bool grow(struct crema_source *source)
{
    size_t capacity = source->capacity ? 2 * source->capacity : 256;
    struct crema_mark *marks = calloc(capacity, sizeof *marks);

    if (!marks) return false;
    for (size_t i = 0; i < source->capacity; i++) {
        const struct crema_mark *old = &source->marks[i];

        if (old->field) *slot_of(marks, capacity, old->field) = *old;
    }
    free(source->marks);
    source->marks = marks;
    source->capacity = capacity;
    return true;
}

bool crema_source_mark(struct crema_source *source, const void *field,
                       size_t offset)
{
    struct crema_mark *mark;

    if (2 * source->count >= source->capacity && !grow(source)) return false;
    mark = slot_of(source->marks, source->capacity, field);
    source->count += mark->field == NULL;
    *mark = (struct crema_mark){ field, offset };
    return true;
}

/* False when `field` has no place of its own. */
static bool find(const struct crema_source *source, const void *field,
                 size_t *offset)
{
    const struct crema_mark *mark;

    if (!field || !source->capacity) return false;
    mark = slot_of(source->marks, source->capacity, field);
    if (!mark->field || mark->offset == CREMA_SOURCE_ELSEWHERE) return false;
    *offset = mark->offset;
    return true;
}

bool crema_source_copy_mark(struct crema_source *source, const void *to,
                            const void *from)
{
    size_t offset;

    if (!find(source, from, &offset)) return true;
    return crema_source_mark(source, to, offset);
}

struct crema_place crema_source_at(const struct crema_source *source,
                                   size_t offset)
{
    const char *text = source->text, *end = text + source->length;
    const char *line = text, *at = text + offset, *newline;
    struct crema_place place = { .file = source->path, .line = 1 };

    while (line < at && (newline = memchr(line, '\n', (size_t)(at - line)))) {
        line = newline + 1;
        place.line++;
    }
    newline = memchr(line, '\n', (size_t)(end - line));
    if (newline) end = newline;
    while (end > line && end > at && end[-1] == '\r') end--;
    place.column = (int)(at - line) + 1;
    place.text = line;
    place.length = (size_t)(end - line);
    return place;
}

struct crema_place crema_source_place(const struct crema_source *source,
                                      const void *field, const void *enclosing)
{
    size_t offset;

    if (find(source, field, &offset) || find(source, enclosing, &offset))
        return crema_source_at(source, offset);
    return (struct crema_place){ .file = source->path };
}
