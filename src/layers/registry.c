/* registry.c - from a prototxt's `type:` to its table. */
#include "layers/forks.h"

#include <stdlib.h>
#include <string.h>

#define X(name) extern const struct crema_layer_type crema_layer_##name;
#include "layers/list.h"
#undef X

static const struct crema_layer_type *const types[] = {
#define X(name) &crema_layer_##name,
#include "layers/list.h"
#undef X
};

enum { TYPES = sizeof types / sizeof *types };

static int by_name(const void *name, const void *entry)
{
    return strcmp(name, (*(const struct crema_layer_type *const *)entry)->name);
}

const struct crema_layer_type *crema_layer_find(const char *name)
{
    const struct crema_fork_type *fork = crema_fork_type(name);
    const struct crema_layer_type *const *entry;

    if (fork && fork->type) name = fork->type;
    entry = bsearch(name, types, TYPES, sizeof *types, by_name);
    return entry ? *entry : NULL;
}

const struct crema_layer_type *crema_layer_nth(int i)
{
    return i >= 0 && i < TYPES ? types[i] : NULL;
}
