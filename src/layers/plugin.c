/* plugin.c - shared objects with layers, kept by the ctx. */
#include "layers/plugin.h"

#include "layers/layer.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plugin {
    struct crema_attached attached;
    void *library;
    const struct crema_layer_type *const *layers;
};

static void unload(struct crema_attached *attached)
{
    struct plugin *p = (struct plugin *)attached;

    dlclose(p->library);
    free(p);
}

/* The next of the ctx's plugins; NULL: none. */
static const struct plugin *next_plugin(const struct crema_attached *a)
{
    while (a && a->free != unload) a = a->next;
    return (const struct plugin *)a;
}

/* ---- looking up -----------------------------------------------------------
 */

const struct crema_layer_type *
crema_layer_known_nth(const struct crema_ctx *ctx, int i)
{
    const struct plugin *p = next_plugin(ctx->attached);
    int own = 0;

    while (crema_layer_nth(own)) own++;
    if (i < own) return crema_layer_nth(i);
    for (i -= own; p; p = next_plugin(p->attached.next))
        for (int k = 0; p->layers[k]; k++)
            if (i-- == 0) return p->layers[k];
    return NULL;
}

const struct crema_layer_type *crema_layer_known(const struct crema_ctx *ctx,
                                                 const char *name)
{
    const struct plugin *p = next_plugin(ctx->attached);
    const struct crema_layer_type *own = crema_layer_find(name);

    if (own) return own;
    for (; p; p = next_plugin(p->attached.next))
        for (int k = 0; p->layers[k]; k++)
            if (!strcmp(p->layers[k]->name, name)) return p->layers[k];
    return NULL;
}

/* ---- loading --------------------------------------------------------------
 */

static CREMA_MUST_USE enum crema_status
check_layer(struct crema_ctx *ctx, const char *path,
            const struct crema_layer_type *t)
{
    if (!t->name || !t->record || !t->doc || !t->doc->line || !t->doc->text)
        return crema_fail(
            ctx, CREMA_EINVAL,
            "plugin %s: its layer \"%s\" wants a name, record and "
            "a doc with line and text",
            path, t->name ? t->name : "");
    if ((unsigned)t->doc->kind >= CREMA_LAYER_KINDS)
        return crema_fail(ctx, CREMA_EINVAL,
                          "plugin %s: its layer \"%s\" is of no kind", path,
                          t->name);
    if (crema_layer_known(ctx, t->name))
        return crema_fail(ctx, CREMA_EINVAL,
                          "plugin %s: there is a layer \"%s\" already", path,
                          t->name);
    return CREMA_OK;
}

static CREMA_MUST_USE enum crema_status
read_table(struct crema_ctx *ctx, const char *path, struct plugin *p)
{
    typedef const struct crema_plugin *entry(void);
    entry *get = (entry *)dlsym(p->library, "crema_plugin");
    const struct crema_plugin *table = get ? get() : NULL;

    if (!table)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is no plugin: it has no function crema_plugin",
                          path);
    if (table->abi != CREMA_PLUGIN_ABI || table->layout != CREMA_PLUGIN_LAYOUT)
        return crema_fail(ctx, CREMA_EINVAL,
                          "plugin %s was built for another crema (ABI %u, "
                          "layout %u; here %u, %u): build it again with this "
                          "one's headers",
                          path, table->abi, table->layout,
                          (unsigned)CREMA_PLUGIN_ABI, CREMA_PLUGIN_LAYOUT);
    for (int i = 0; table->layers[i]; i++)
        CREMA_TRY(check_layer(ctx, path, table->layers[i]));
    p->layers = table->layers;
    return CREMA_OK;
}

static void tell(struct crema_ctx *ctx, const char *path,
                 const struct plugin *p)
{
    char names[512] = "";
    size_t n = 0;

    for (int i = 0; p->layers[i] && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s",
                              i ? ", " : "", p->layers[i]->name);
    crema_log(ctx, CREMA_INFO, "Plugin %s: %s", path, names);
}

enum crema_status crema_plugin_load(struct crema_ctx *ctx, const char *path)
{
    struct plugin *p = calloc(1, sizeof *p);
    enum crema_status status;
    char here[PATH_MAX];

    if (!p) return crema_no_memory(ctx, path);
    /* Without a '/' the loader would look in the system's folders only. */
    snprintf(here, sizeof here, "%s%s", strchr(path, '/') ? "" : "./", path);
    p->library = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (!p->library) {
        status = crema_fail(ctx, CREMA_EINVAL, "plugin: %s", dlerror());
        free(p);
        return status;
    }
    p->attached.free = unload;
    status = read_table(ctx, path, p);
    if (status != CREMA_OK) {
        unload(&p->attached);
        return status;
    }
    p->attached.next = ctx->attached;
    ctx->attached = &p->attached;
    tell(ctx, path, p);
    return CREMA_OK;
}
