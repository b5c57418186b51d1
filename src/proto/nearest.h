/* nearest.h - the known name that a mistyped one was meant to be.  Floor 1. */
#ifndef CREMA_PROTO_NEAREST_H
#define CREMA_PROTO_NEAREST_H

#include <stddef.h>

/* Shown each candidate in turn, keeps the nearest.  Begin with { name, n }. */
struct crema_nearest {
    const char *name;
    size_t length;
    const char *best; /* NULL while nothing is near enough */
    size_t best_length, distance;
};

void crema_nearest_try(struct crema_nearest *, const char *candidate,
                       size_t length);

#endif
