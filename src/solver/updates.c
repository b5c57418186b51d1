/* updates.c - what is recorded behind the gradients of the training net.
 *
 *   iter_size > 1   sum += dW in the backward stage; it stands in for dW
 *   clip            min(1, clip_gradients / norm of all dW together)
 *   update          W, histories = rule(W, clip dW / iter_size + decay W)
 *
 * So clipping acts on the sum over iter_size, before decay, as in Caffe.  All
 * dW are global_grad_scale times too large; clipping and updates know it.  With
 * a scale that adapts, one factor for all updates clips, divides by the scale,
 * and leaves a step out whose gradients are not finite.
 */
#include "solver/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what outlives the program ------------------------------------------ */

static bool be_like(struct crema_solver *s, struct crema_param *p,
                    const struct crema_param *weight, const char *what)
{
    size_t n = strlen(weight->name) + strlen(what) + 2;
    char *name;

    if (p->name) return true;
    name = crema_arena_alloc(&s->arena, n);
    if (!name) return false;
    snprintf(name, n, "%s %s", weight->name, what);
    p->name = name;
    p->shape = weight->shape;
    p->dev = weight->dev;
    return true;
}

static enum crema_status name_all(struct crema_solver *s,
                                  struct crema_weight *w)
{
    bool good = be_like(s, &w->sum, &w->value, "sum of gradients");

    for (int k = 0; k < crema_rule_histories(s->type->rule); k++)
        good &= be_like(s, &w->history[k], &w->value, "history");
    good &= be_like(s, &w->correlation, &w->value, "correlation");
    w->correlation.shape = CREMA_SHAPE(1);
    return good ? CREMA_OK : crema_no_memory(s->ctx, w->value.name);
}

int crema_solver__histories(const struct crema_solver *s)
{
    return s->nweights * crema_rule_histories(s->type->rule);
}

/* All first ones, then all second ones, as Caffe stores them. */
struct crema_param *crema_solver__history(const struct crema_solver *s, int i)
{
    struct crema_weight *w = s->world->weights.first;

    for (int k = i % s->nweights; k > 0; k--) w = w->next;
    return &w->history[i / s->nweights];
}

/* ---- recording ---------------------------------------------------------- */

/* One weight that learns. */
struct learner {
    struct crema_weight *weight;
    struct crema_tensor *w, *dw;
    struct crema_tensor *local; /* of its own rate; or NULL */
};

static bool decays(const struct crema_solver *s, const struct crema_weight *w)
{
    return (s->param->weight_decay != 0 || !s->decay_fixed) &&
           w->decay_mult != 0;
}

/* Weights that learn; those to which no gradient flows back still decay. */
static int collect(struct crema_solver *s, struct crema_program *p,
                   struct learner *list)
{
    struct crema_weight *w = s->world->weights.first;
    int n = 0;

    for (int i = 0; i < s->nweights; i++, w = w->next) {
        struct crema_tensor *t = crema_program_param(p, &w->value, false);

        if (!t || w->lr_mult == 0) continue;
        if (t->grad)
            list[n++] = (struct learner){ w, t, t->grad, NULL };
        else if (decays(s, w))
            list[n++] =
                (struct learner){ w, t, crema_fill(p, &w->value.shape, 0),
                                  NULL };
    }
    return n;
}

static void accumulate(struct crema_program *p, struct learner *list, int n)
{
    for (int i = 0; i < n; i++) {
        struct crema_tensor *sum =
            crema_program_param(p, &list[i].weight->sum, false);

        crema_accumulate(p, sum, list[i].dw);
        list[i].dw = sum;
    }
    crema_program_end(p, CREMA_BACKWARD);
}

static float grad_scale(const struct crema_solver *s)
{
    return s->net->adapts ? 1 : s->net->param->global_grad_scale;
}

/* Good steps before the scale is tried twice as large. */
enum { STEPS_TO_DOUBLE = 1000 };

static struct crema_tensor *scale_factor(struct crema_solver *s,
                                         struct crema_program *p, int n,
                                         struct crema_tensor *const *all)
{
    const struct crema_loss_scaling scaling = { s->param->clip_gradients,
                                                STEPS_TO_DOUBLE };

    return crema_loss_scale(
        p, &scaling, crema_square_sum(p, n, all),
        crema_program_param(p, &s->world->loss_scale, false));
}

static struct crema_tensor *clip_factor(struct crema_solver *s,
                                        struct crema_program *p,
                                        const struct learner *list, int n)
{
    float threshold = s->param->clip_gradients * grad_scale(s);
    struct crema_tensor **all, *factor = NULL;

    if ((s->param->clip_gradients < 0 && !s->net->adapts) || n == 0)
        return NULL;
    all =
        crema_arena_alloc(&p->arena, (size_t)n * sizeof(struct crema_tensor *));
    for (int i = 0; all && i < n; i++) all[i] = list[i].dw;
    if (all)
        factor = s->net->adapts ? scale_factor(s, p, n, all)
                                : crema_clip_factor(p, threshold, n, all);
    if (!factor) p->failed = true;
    return factor;
}

/* A course gives the value itself, a fixed one a factor of 1. */
static float share(bool fixed, float value)
{
    return fixed ? value : 1;
}

static float scale_of(const struct crema_solver *s)
{
    return 1.0f / ((float)s->param->iter_size * grad_scale(s));
}

/* NULL where the rate is the common one. */
static struct crema_tensor *local_rate(struct crema_solver *s,
                                       struct crema_program *p,
                                       const struct learner *l,
                                       struct crema_tensor *clip)
{
    const Crema__SolverParameter *q = s->param;
    struct crema_local_rate r = { .eta =
                                      q->larc ? q->larc_eta : q->local_gw_ratio,
                                  .scale = scale_of(s) };
    struct crema_tensor *h = NULL, *correlation = NULL;

    if (!q->larc && !q->local_lr_auto) return NULL;
    if (q->larc) {
        r.clips = !strcmp(q->larc_policy, "clip");
        r.momentum = share(s->momentum_fixed, q->momentum);
    } else {
        r.decay = q->weight_decay;
    }
    if (q->larc && q->larc_turbo) {
        h = crema_program_param(p, &l->weight->history[0], false);
        correlation = crema_program_param(p, &l->weight->correlation, false);
    }
    return crema_local_rate(p, &r, l->w, l->dw, h, correlation, clip);
}

static void update(struct crema_solver *s, struct crema_program *p,
                   const struct learner *l, struct crema_tensor *clip)
{
    const Crema__SolverParameter *q = s->param;
    struct crema_tensor *h[CREMA_MAX_HISTORIES] = { NULL };
    const struct crema_update u = {
        .rule = s->type->rule,
        .lr_mult = l->local ? 1 : l->weight->lr_mult,
        .scale = scale_of(s),
        .decay = share(s->decay_fixed, q->weight_decay) * l->weight->decay_mult,
        .l1 = !strcmp(q->regularization_type, "L1"),
        .decouples = s->type->decouples,
        .momentum = share(s->momentum_fixed, q->momentum),
        .momentum2 = q->momentum2,
        .delta = q->delta,
        .rms_decay = q->rms_decay,
    };

    for (int k = 0; k < crema_rule_histories(u.rule); k++)
        h[k] = crema_program_param(p, &l->weight->history[k], false);
    crema_update(p, &u, l->w, l->dw, h[0], h[1], clip, l->local);
}

enum crema_status crema_solver__updates(void *solver, struct crema_net *net)
{
    struct crema_solver *s = solver;
    struct crema_program *p = net->program;
    struct crema_weight *w = s->world->weights.first;
    struct crema_tensor *clip;
    struct learner *list;
    int n;

    p->layer = "update";
    for (int i = 0; i < s->nweights; i++, w = w->next)
        CREMA_TRY(name_all(s, w));
    list = calloc((size_t)s->nweights + 1, sizeof *list);
    if (!list) return crema_no_memory(s->ctx, "updates");
    n = collect(s, p, list);
    if (s->param->iter_size > 1) accumulate(p, list, n);
    clip = clip_factor(s, p, list, n);
    for (int i = 0; i < n; i++)
        list[i].local = local_rate(s, p, &list[i], clip);
    for (int i = 0; i < n; i++) update(s, p, &list[i], clip);
    for (int i = 0; i < n && s->param->iter_size > 1; i++)
        crema_clear(p, list[i].dw);
    free(list);
    return p->failed ? s->ctx->status : CREMA_OK;
}
