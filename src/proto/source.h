/* source.h - the text a message came from: back from a field to its line.
 * Floor 1.
 *
 * Messages have no room for positions, so the reader keeps a table beside
 * them, keyed by the address of the field itself.  A layer that dislikes
 * p->num_output says so with &p->num_output and knows nothing of lines:
 *
 *   struct crema_place at = crema_source_place(source, &p->num_output, p);
 *
 * The address of an entry of a repeated field is that of its slot in the
 * array; a message is also known by its own address.
 */
#ifndef CREMA_PROTO_SOURCE_H
#define CREMA_PROTO_SOURCE_H

#include "base/arena.h"
#include "base/error.h"

struct crema_mark {
    const void *field; /* NULL: a free slot */
    size_t offset;     /* of the field's name in the text */
};

/* Something odd in the text that did not stop the reading. */
struct crema_note {
    struct crema_note *next;
    size_t offset;
    const char *text;
};

/* Owns the text and every message read from it: all die together. */
struct crema_source {
    const char *path, *text; /* text ends with '\0' */
    size_t length;
    struct crema_arena arena; /* of the messages */
    struct crema_mark *marks; /* a hash table, open addressing */
    size_t capacity, count;   /* capacity is 0 or a power of two */
    struct crema_note *notes; /* in the order of the text */
};

/* Copies path and text. */
enum crema_status crema_source_new(struct crema_ctx *, const char *path,
                                   const char *text, size_t length,
                                   struct crema_source **out) CREMA_MUST_USE;
/* Frees the messages too; accepts NULL. */
void crema_source_free(struct crema_source *);

/* As an offset: said, but not in this text. */
#define CREMA_SOURCE_ELSEWHERE SIZE_MAX

/* Notes that `field` was named at `offset`; false when out of memory. */
bool crema_source_mark(struct crema_source *, const void *field,
                       size_t offset) CREMA_MUST_USE;
/* `to` takes the place of `from`, for what an upgrade moves; true when `from`
 * has none. */
bool crema_source_copy_mark(struct crema_source *, const void *to,
                            const void *from) CREMA_MUST_USE;
/* The place of `field`; else of `enclosing`, as a field left at its default
 * has none; else line 0.  Borrows from the source. */
struct crema_place crema_source_place(const struct crema_source *,
                                      const void *field, const void *enclosing);
/* The place of a byte of the text. */
struct crema_place crema_source_at(const struct crema_source *, size_t offset);

#endif
