/* option.c - plugin_param: what a plugin's layer reads of the prototxt. */
#include "layers/layer.h"
#include "proto/nearest.h"

#include <string.h>

static Crema__PluginParameter *find(const struct crema_layer *l,
                                    const char *name)
{
    for (size_t i = 0; i < l->param->n_plugin_param; i++) {
        Crema__PluginParameter *p = l->param->plugin_param[i];

        if (p->name && !strcmp(p->name, name)) return p;
    }
    return NULL;
}

const void *crema_layer_option(const struct crema_layer *l, const char *name)
{
    return find(l, name);
}

enum crema_status crema_layer_number(const struct crema_layer *l,
                                     const char *name, double usual,
                                     double least, double most, double *out)
{
    const Crema__PluginParameter *p = find(l, name);

    *out = usual;
    if (!p) return CREMA_OK;
    if (p->n_number != 1)
        return crema_layer_fail(l, p, "%s wants one number, got %zu", name,
                                p->n_number);
    *out = p->number[0];
    if (*out >= least && *out <= most) return CREMA_OK;
    return crema_layer_fail(l, &p->number[0], "%s must be %g to %g, got %g",
                            name, least, most, *out);
}

size_t crema_layer_numbers(const struct crema_layer *l, const char *name,
                           const double **out)
{
    const Crema__PluginParameter *p = find(l, name);

    *out = p ? p->number : NULL;
    return p ? p->n_number : 0;
}

const char *crema_layer_text(const struct crema_layer *l, const char *name,
                             const char *usual)
{
    const Crema__PluginParameter *p = find(l, name);

    return p && p->text ? p->text : usual;
}

struct crema_tensor *crema_layer_filled(struct crema_layer *l, int i,
                                        const struct crema_shape *shape,
                                        const char *name, float usual)
{
    const Crema__PluginParameter *p = find(l, name);
    Crema__FillerParameter constant = CREMA__FILLER_PARAMETER__INIT;

    constant.value = usual;
    return crema_layer_weight(l, i, shape,
                              p && p->filler ? p->filler : &constant);
}

/* ---- names ------------------------------------------------------------------
 */

/* The fields of plugin_param in the layer's doc; NULL: it has none. */
static const struct crema_field_doc *fields_of(const struct crema_layer *l)
{
    const struct crema_layer_doc *d = l->type->doc;

    for (int i = 0; d && i < CREMA_DOC_PARAMS && d->params[i]; i++)
        if (!strcmp(d->params[i]->message, "plugin_param"))
            return d->params[i]->fields;
    return NULL;
}

static CREMA_MUST_USE enum crema_status
check_name(const struct crema_layer *l, const Crema__PluginParameter *p)
{
    const struct crema_field_doc *fields = fields_of(l);
    const char *name = p->name ? p->name : "";
    struct crema_nearest near = { .name = name, .length = strlen(name) };

    if (!fields)
        return crema_layer_fail(l, p,
                                "plugin_param is for layers of plugins "
                                "that read it, not for %s",
                                l->type->name);
    for (const struct crema_field_doc *f = fields; f->name; f++) {
        if (!strcmp(f->name, name)) return CREMA_OK;
        crema_nearest_try(&near, f->name, strlen(f->name));
    }
    return crema_layer_fail(l, p, "%s has no plugin_param \"%s\"%s%s%s",
                            l->type->name, name,
                            near.best ? "; did you mean \"" : "",
                            near.best ? near.best : "", near.best ? "\"?" : "");
}

enum crema_status crema_layer_check_options(const struct crema_layer *l)
{
    for (size_t i = 0; i < l->param->n_plugin_param; i++) {
        const Crema__PluginParameter *p = l->param->plugin_param[i];

        CREMA_TRY(check_name(l, p));
        if (find(l, p->name) != p)
            return crema_layer_fail(l, p, "plugin_param \"%s\" is given twice",
                                    p->name);
    }
    return CREMA_OK;
}
