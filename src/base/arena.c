/* arena.c - many small allocations that die together. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16, ALIGN = 16 };

struct crema_arena_block {
    struct crema_arena_block *next;
    size_t size, used; /* of the bytes behind this header */
};

static char *bytes_of(struct crema_arena_block *block)
{
    return (char *)block + (sizeof *block + ALIGN - 1) / ALIGN * ALIGN;
}

void *crema_arena_alloc(struct crema_arena *arena, size_t bytes)
{
    struct crema_arena_block *block = arena->blocks;
    size_t size;

    if (bytes > SIZE_MAX / 2) return NULL;
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (!block || block->size - block->used < bytes) {
        size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        block = calloc(1, sizeof *block + ALIGN + size);
        if (!block) return NULL;
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    block->used += bytes;
    return bytes_of(block) + block->used - bytes;
}

char *crema_arena_strndup(struct crema_arena *arena, const char *text,
                          size_t length)
{
    char *copy = crema_arena_alloc(arena, length + 1);

    return copy ? memcpy(copy, text, length) : NULL;
}

char *crema_arena_strdup(struct crema_arena *arena, const char *text)
{
    return crema_arena_strndup(arena, text, strlen(text));
}

void crema_arena_free(struct crema_arena *arena)
{
    for (struct crema_arena_block *b = arena->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena->blocks = NULL;
}
