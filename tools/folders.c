/* folders.c - a folder of folders, one for each class, as a list of pictures.
 */
#include "folders.h"

#include "base/file.h"
#include "data/image.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 16 };

/* A list that grows; a name is kept as where it stands in the text. */
struct growing {
    struct crema_ctx *ctx;
    const char *root;
    char *text;
    size_t used, room;
    size_t *names;
    int *labels;
    size_t count, capacity, others;
};

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void free_entries(struct dirent **entries, int n)
{
    for (int i = 0; i < n; i++) free(entries[i]);
    if (n >= 0) free(entries);
}

static bool is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && crema_image_format_named(dot) != CREMA_IMAGE_UNKNOWN;
}

static bool grow(void **memory, size_t *capacity, size_t need, size_t each)
{
    size_t wanted = 2 * need + 1024;
    void *more;

    if (need <= *capacity) return true;
    more = realloc(*memory, wanted * each);
    if (!more) return false;
    *memory = more;
    *capacity = wanted;
    return true;
}

static enum crema_status add(struct growing *g, const char *name, int label)
{
    size_t length = strlen(name) + 1, capacity = g->capacity;
    void *text = g->text, *names = g->names, *labels = g->labels;
    bool grown = grow(&text, &g->room, g->used + length, 1);

    g->text = text;
    grown = grown && grow(&names, &capacity, g->count + 1, sizeof *g->names);
    g->names = names;
    capacity = g->capacity;
    grown = grown && grow(&labels, &capacity, g->count + 1, sizeof *g->labels);
    g->labels = labels;
    if (!grown) return crema_no_memory(g->ctx, g->root);
    g->capacity = capacity;
    memcpy(g->text + g->used, name, length);
    g->names[g->count] = g->used;
    g->labels[g->count++] = label;
    g->used += length;
    return CREMA_OK;
}

static enum crema_status walk(struct growing *, const char *folder, int label,
                              int depth);

static enum crema_status visit(struct growing *g, const char *name, int label,
                               int depth)
{
    char path[PATH_MAX];
    struct stat st;

    if (snprintf(path, sizeof path, "%s%s", g->root, name) >=
            (int)sizeof path ||
        stat(path, &st) != 0)
        return crema_fail(g->ctx, CREMA_EIO, "cannot open %s%s: %s", g->root,
                          name, strerror(errno));
    if (S_ISDIR(st.st_mode)) return walk(g, name, label, depth + 1);
    if (is_picture(name)) return add(g, name, label);
    g->others++;
    return CREMA_OK;
}

/* All pictures of a folder below the root, and of those below it. */
static enum crema_status walk(struct growing *g, const char *folder, int label,
                              int depth)
{
    enum crema_status status = CREMA_OK;
    struct dirent **entries;
    char path[PATH_MAX];
    int n;

    snprintf(path, sizeof path, "%s%s", g->root, folder);
    if (depth > DEEPEST)
        return crema_fail(g->ctx, CREMA_EINVAL,
                          "%s: folders lie in folders, %d deep: does one link "
                          "to itself?",
                          path, DEEPEST);
    n = scandir(path, &entries, visible, by_bytes);
    if (n < 0)
        return crema_fail(g->ctx, CREMA_EIO, "cannot read folder %s: %s", path,
                          strerror(errno));
    for (int i = 0; i < n && status == CREMA_OK; i++) {
        char name[PATH_MAX];

        if (snprintf(name, sizeof name, "%s/%s", folder, entries[i]->d_name) >=
            (int)sizeof name)
            status =
                crema_fail(g->ctx, CREMA_EINVAL, "path too long: %s", path);
        else
            status = visit(g, name, label, depth);
    }
    free_entries(entries, n);
    return status;
}

static bool is_folder(const char *root, const char *name)
{
    char path[PATH_MAX];
    struct stat st;

    if (snprintf(path, sizeof path, "%s%s", root, name) >= (int)sizeof path)
        return false;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum crema_status find_classes(struct crema_ctx *ctx, const char *root,
                                      struct folders *f)
{
    struct dirent **entries;
    int n = scandir(root, &entries, visible, by_bytes);
    enum crema_status status = CREMA_OK;

    if (n < 0)
        return crema_fail(ctx, CREMA_EIO, "cannot read folder %s: %s", root,
                          strerror(errno));
    f->classes = calloc((size_t)n + 1, sizeof *f->classes);
    if (!f->classes) status = crema_no_memory(ctx, root);
    for (int i = 0; i < n && status == CREMA_OK; i++) {
        if (!is_folder(root, entries[i]->d_name)) continue;
        f->classes[f->nclasses] = strdup(entries[i]->d_name);
        if (f->classes[f->nclasses++]) continue;
        status = crema_no_memory(ctx, root);
    }
    free_entries(entries, n);
    if (status == CREMA_OK && f->nclasses == 0)
        status = crema_fail(ctx, CREMA_EINVAL,
                            "%s has no sub-folders: without a list each class "
                            "has one with its pictures",
                            root);
    return status;
}

/* The list as others have it; takes the text over. */
static enum crema_status make_list(struct growing *g, struct crema_list *out)
{
    struct crema_list list = { .text = g->text, .count = g->count };

    list.items = calloc(g->count + 1, sizeof *list.items);
    if (!list.items) return crema_no_memory(g->ctx, g->root);
    for (size_t i = 0; i < g->count; i++)
        list.items[i] =
            (struct crema_list_item){ g->text + g->names[i], g->labels[i] };
    g->text = NULL;
    *out = list;
    return CREMA_OK;
}

enum crema_status folders_read(struct crema_ctx *ctx, const char *root,
                               struct folders *f, struct crema_list *out)
{
    struct growing g = { .ctx = ctx, .root = root };
    enum crema_status status = find_classes(ctx, root, f);

    for (size_t i = 0; i < f->nclasses && status == CREMA_OK; i++)
        status = walk(&g, f->classes[i], (int)i, 1);
    if (status == CREMA_OK && g.count == 0)
        status =
            crema_fail(ctx, CREMA_EINVAL,
                       "no pictures (.jpg, .png, .bmp, .ppm) below %s", root);
    if (status == CREMA_OK) status = make_list(&g, out);
    f->others = g.others;
    free(g.text);
    free(g.names);
    free(g.labels);
    return status;
}

enum crema_status folders_write_labels(struct crema_ctx *ctx,
                                       const struct folders *f,
                                       const char *path)
{
    enum crema_status status;
    struct crema_file *file;

    CREMA_TRY(crema_file_create(ctx, path, &file));
    for (size_t i = 0; i < f->nclasses; i++) {
        const char *name = f->classes[i];

        status = crema_file_write(file, name, strlen(name));
        if (status == CREMA_OK) status = crema_file_write(file, "\n", 1);
        if (status == CREMA_OK) continue;
        crema_file_abandon(file);
        return status;
    }
    return crema_file_commit(file);
}

void folders_free(struct folders *f)
{
    for (size_t i = 0; i < f->nclasses; i++) free(f->classes[i]);
    free(f->classes);
    *f = (struct folders){ 0 };
}
