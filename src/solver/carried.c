/* carried.c - what recurrent layers carry from one pass to the next, in a
 * solver's state.
 */
#include "solver/internal.h"

#include <string.h>

static struct crema_net *net_of(const struct crema_solver *s, int number)
{
    return number ? s->test[number - 1] : s->net;
}

static enum crema_status put(struct crema_solver *s, struct crema_arena *arena,
                             const struct crema_layer *l, int net, int k,
                             Crema__SolverState *state)
{
    struct crema_param *p = l->type->carried(l, k);
    size_t n = (size_t)crema_shape_count(&p->shape);
    Crema__CarriedState *c = crema_arena_alloc(arena, sizeof *c);

    if (c) crema__carried_state__init(c);
    if (c) c->values = crema_arena_alloc(arena, (n + 1) * sizeof(float));
    if (!c || !c->values) return crema_no_memory(s->ctx, "a snapshot");
    c->layer = l->param->name;
    c->has_net = net > 0;
    c->net = (uint32_t)net;
    c->has_index = k > 0;
    c->index = (uint32_t)k;
    c->n_values = n;
    state->carried[state->n_carried++] = c;
    return crema_param_read(p, 0, (int64_t)n, c->values);
}

static size_t count(const struct crema_net *net)
{
    size_t n = 0;

    for (int i = 0; i < net->nlayers; i++) {
        const struct crema_layer *l = &net->layer[i];

        for (int k = 0; l->type->carried && l->type->carried(l, k); k++) n++;
    }
    return n;
}

enum crema_status crema_solver__put_carried(struct crema_solver *s,
                                            struct crema_arena *arena,
                                            Crema__SolverState *state)
{
    size_t n = 0;

    for (int t = 0; t <= s->ntests; t++) n += count(net_of(s, t));
    state->carried = crema_arena_alloc(arena, (n + 1) * sizeof *state->carried);
    if (!state->carried) return crema_no_memory(s->ctx, "a snapshot");
    for (int t = 0; t <= s->ntests; t++)
        for (int i = 0; i < net_of(s, t)->nlayers; i++) {
            const struct crema_layer *l = &net_of(s, t)->layer[i];

            for (int k = 0; l->type->carried && l->type->carried(l, k); k++)
                CREMA_TRY(put(s, arena, l, t, k, state));
        }
    return CREMA_OK;
}

/* One that does not fit, of a batch of another size, begins at zero. */
static enum crema_status take(const struct crema_layer *l,
                              const Crema__CarriedState *c)
{
    struct crema_param *p = l->type->carried(l, (int)c->index);

    if (!p || c->n_values != (size_t)crema_shape_count(&p->shape))
        return CREMA_OK;
    return crema_param_write(p, 0, (int64_t)c->n_values, c->values);
}

enum crema_status crema_solver__take_carried(struct crema_solver *s,
                                             const Crema__SolverState *state)
{
    for (size_t n = 0; n < state->n_carried; n++) {
        const Crema__CarriedState *c = state->carried[n];
        const struct crema_net *net;

        if (c->net > (uint32_t)s->ntests || c->index > INT16_MAX || !c->layer)
            continue;
        net = net_of(s, (int)c->net);
        for (int i = 0; i < net->nlayers; i++) {
            const struct crema_layer *l = &net->layer[i];

            if (l->type->carried && l->param->name &&
                !strcmp(l->param->name, c->layer))
                CREMA_TRY(take(l, c));
        }
    }
    return CREMA_OK;
}
