/* arena.h - many small allocations that die together.  Floor 0. */
#ifndef CREMA_BASE_ARENA_H
#define CREMA_BASE_ARENA_H

#include <stddef.h>

struct crema_arena_block;

/* All zero is an empty arena. */
struct crema_arena {
    struct crema_arena_block *blocks;
};

/* Zeroed, aligned for any type; NULL when out of memory. */
void *crema_arena_alloc(struct crema_arena *, size_t bytes);
/* A copy of `text` up to `length` bytes, ended by '\0'. */
char *crema_arena_strndup(struct crema_arena *, const char *text,
                          size_t length);
char *crema_arena_strdup(struct crema_arena *, const char *text);
/* Leaves an empty arena. */
void crema_arena_free(struct crema_arena *);

#endif
