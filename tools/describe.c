/* describe.c - crema describe: what layers and solvers say of themselves. */
#include "job.h"
#include "page.h"
#include "proto/nearest.h"
#include "solver/solver.h"
#include "verbs.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const struct crema_page_doc *const shared[] = { &crema_layer_page,
                                                       &crema_solver_page };
enum { SHARED = sizeof shared / sizeof *shared };
static const char forks[] = "forks";

/* ---- the list -------------------------------------------------------------
 */

static void list_all(const struct crema_ctx *ctx, const struct page *p)
{
    const struct crema_layer_type *t;

    if (p->markdown)
        fprintf(p->out,
                "# Layers\n\nWritten by `crema describe --markdown`.\n");
    for (int kind = 0; kind < CREMA_LAYER_KINDS; kind++) {
        bool any = false;

        for (int i = 0; (t = crema_layer_known_nth(ctx, i)); i++) {
            if ((int)t->doc->kind != kind) continue;
            if (!any && p->markdown) page_section(p, page_kind(kind));
            if (!any && p->markdown) page_table(p, false);
            if (!any && !p->markdown) fprintf(p->out, "%s\n", page_kind(kind));
            any = true;
            page_entry(p, t->name, t->doc->line);
        }
        if (any && !p->markdown) fputc('\n', p->out);
    }
    if (p->markdown) page_section(p, "Besides");
    if (p->markdown) page_table(p, false);
    if (!p->markdown) fprintf(p->out, "Besides\n");
    for (int i = 0; i < SHARED; i++)
        page_entry(p, shared[i]->name, shared[i]->line);
    page_entry(p, forks, "fields of forks that are read, without effect");
}

/* ---- one page --------------------------------------------------------------
 */

static const struct crema_layer_type *find_layer(const struct crema_ctx *ctx,
                                                 const char *name)
{
    const struct crema_layer_type *t;

    for (int i = 0; (t = crema_layer_known_nth(ctx, i)); i++)
        if (!strcasecmp(t->name, name)) return t;
    return NULL;
}

static int unknown(const struct crema_ctx *ctx, const char *name)
{
    struct crema_nearest near = { name, strlen(name), NULL, 0, 0 };
    const struct crema_layer_type *t;

    for (int i = 0; (t = crema_layer_known_nth(ctx, i)); i++)
        crema_nearest_try(&near, t->name, strlen(t->name));
    for (int i = 0; i < SHARED; i++)
        crema_nearest_try(&near, shared[i]->name, strlen(shared[i]->name));
    crema_nearest_try(&near, forks, strlen(forks));
    fprintf(stderr, "crema describe: no layer is called \"%s\"", name);
    if (near.best)
        fprintf(stderr, ", did you mean \"%.*s\"?", (int)near.best_length,
                near.best);
    fprintf(stderr, " (crema describe lists all)\n");
    return 1;
}

static int describe(const struct crema_ctx *ctx, const struct page *p,
                    const char *name)
{
    const struct crema_layer_type *t = find_layer(ctx, name);

    if (t) {
        page_layer(p, t);
        return 0;
    }
    for (int i = 0; i < SHARED; i++)
        if (!strcasecmp(shared[i]->name, name)) {
            page_shared(p, shared[i]);
            return 0;
        }
    if (!strcasecmp(forks, name)) {
        page_forks(p);
        return 0;
    }
    return unknown(ctx, name);
}

/* ---- a folder of pages ------------------------------------------------------
 */

/* NULL, after saying why, when DIR/NAME.md cannot be written. */
static FILE *open_page(const char *dir, const char *name)
{
    char path[4096];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s.md", dir, name);
    out = fopen(path, "w");
    if (!out)
        fprintf(stderr, "crema describe: %s: %s\n", path, strerror(errno));
    return out;
}

static bool close_page(const char *dir, const char *name, FILE *out)
{
    bool bad = ferror(out);

    if (fclose(out) == 0 && !bad) return true;
    fprintf(stderr, "crema describe: %s/%s.md cannot be written\n", dir, name);
    return false;
}

static bool write_page(const struct crema_ctx *ctx, const char *dir,
                       const char *name)
{
    struct page p = { open_page(dir, name), true };

    if (!p.out) return false;
    if (!strcmp(name, "index"))
        list_all(ctx, &p);
    else
        (void)describe(ctx, &p, name);
    return close_page(dir, name, p.out);
}

static int write_all(const struct crema_ctx *ctx, const char *dir)
{
    const struct crema_layer_type *t;
    bool good;

    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "crema describe: %s: %s\n", dir, strerror(errno));
        return 1;
    }
    good = write_page(ctx, dir, "index");
    for (int i = 0; good && (t = crema_layer_known_nth(ctx, i)); i++)
        good = write_page(ctx, dir, t->name);
    for (int i = 0; good && i < SHARED; i++)
        good = write_page(ctx, dir, shared[i]->name);
    return !(good && write_page(ctx, dir, forks));
}

static int describe_all(const struct crema_ctx *ctx, int n, char **names)
{
    const struct page page = { stdout, false };
    int status = 0;

    if (n == 0) list_all(ctx, &page);
    for (int i = 0; i < n && status == 0; i++) {
        if (i > 0) printf("\n\n");
        status = describe(ctx, &page, names[i]);
    }
    return status;
}

int verb_describe(int argc, char **argv)
{
    const char *markdown = NULL;
    struct flag_list plugins = { 0 };
    const struct flag table[] = {
        { "markdown", FLAG_TEXT, &markdown, "DIR",
          "write all pages there instead, and an index" },
        PLUGIN_FLAG(&plugins),
    };
    const struct flags flags = {
        "crema describe",
        "[NAME..]",
        "Says what a layer computes and what its fields mean; without a NAME, "
        "lists all layers. \"common\" is what all have, \"solver\" a solver's "
        "fields.",
        table,
        sizeof table / sizeof *table,
        0,
        -1,
    };
    int status = flags_parse(&flags, &argc, argv);
    struct crema_ctx *ctx;

    if (status >= 0) return status;
    if (markdown && argc > 1)
        return flags_wrong(&flags, "--markdown writes all pages: no NAME");
    ctx = crema_ctx_new(NULL, NULL);
    if (!ctx || load_plugins(ctx, &plugins) != CREMA_OK) {
        fprintf(stderr, "crema describe: %s\n",
                ctx ? crema_ctx_message(ctx) : "out of memory");
        status = 1;
    } else if (markdown) {
        status = write_all(ctx, markdown);
    } else {
        status = describe_all(ctx, argc - 1, argv + 1);
    }
    crema_ctx_free(ctx);
    return status;
}
