/* filter.c - which layers a net has: include and exclude rules.
 *
 * The stages of the net's own `state` count beside those asked for; its phase
 * and level give way to them.
 */
#include "net/build.h"

#include <string.h>

static bool has_stage(const struct crema_net *net, const char *stage)
{
    const struct crema_net_options *o = &net->options;
    const Crema__NetState *own = net->param->state;

    for (int i = 0; i < o->nstages; i++)
        if (!strcmp(o->stages[i], stage)) return true;
    for (size_t i = 0; own && i < own->n_stage; i++)
        if (!strcmp(own->stage[i], stage)) return true;
    return false;
}

static bool rule_met(const struct crema_net *net,
                     const Crema__NetStateRule *rule)
{
    const struct crema_net_options *o = &net->options;
    bool train = rule->phase == CREMA__PHASE__TRAIN;

    if (rule->has_phase && train != o->train) return false;
    if (rule->has_min_level && o->level < rule->min_level) return false;
    if (rule->has_max_level && o->level > rule->max_level) return false;
    for (size_t i = 0; i < rule->n_stage; i++)
        if (!has_stage(net, rule->stage[i])) return false;
    for (size_t i = 0; i < rule->n_not_stage; i++)
        if (has_stage(net, rule->not_stage[i])) return false;
    return true;
}

enum crema_status crema_net_includes(struct crema_net *net,
                                     const Crema__LayerParameter *layer,
                                     bool *included)
{
    struct crema_place at;

    if (layer->n_include && layer->n_exclude) {
        at = crema_source_place(net->source, layer->exclude[0], layer);
        return crema_fail_at(net->ctx, CREMA_EINVAL, &at,
                             "layer \"%s\": give either include or exclude "
                             "rules, not both",
                             layer->name);
    }
    *included = layer->n_include == 0;
    for (size_t i = 0; i < layer->n_include; i++)
        *included |= rule_met(net, layer->include[i]);
    for (size_t i = 0; i < layer->n_exclude; i++)
        *included &= !rule_met(net, layer->exclude[i]);
    return CREMA_OK;
}
