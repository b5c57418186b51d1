/* finite.c - the loss is not finite: which layer began it?
 *
 * The forward pass is run once more, over the same data and with the same
 * masks, and every blob is looked at as it is written.
 */
#include "base/number.h"
#include "solver/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct finder {
    struct crema_solver *s;
    char first[300]; /* blob and layer; "" while all was finite */
};

/* Of each layer's data before that forward pass. */
static uint64_t *positions(const struct crema_solver *s, uint32_t pass)
{
    return s->before + (size_t)(pass % CREMA_RING) * (size_t)s->net->nlayers;
}

void crema_solver__remember(struct crema_solver *s)
{
    uint64_t *before = positions(s, s->net->passes);

    for (int i = 0; i < s->net->nlayers; i++) {
        const struct crema_layer *l = &s->net->layer[i];

        if (l->type->position) before[i] = l->type->position(l);
    }
}

static enum crema_status go_back(struct crema_solver *s, uint32_t pass)
{
    const uint64_t *before = positions(s, pass);

    for (int i = 0; i < s->net->nlayers; i++) {
        struct crema_layer *l = &s->net->layer[i];

        if (l->type->seek && l->type->position)
            CREMA_TRY(l->type->seek(l, before[i]));
    }
    s->net->passes = pass;
    return CREMA_OK;
}

static enum crema_status watch_all(void *finder, struct crema_net *net)
{
    (void)finder;
    for (struct crema_tensor *t = net->program->tensors; t; t = t->next)
        if (t->name && t->role == CREMA_VALUE)
            CREMA_TRY(crema_program_watch(net->program, t));
    return CREMA_OK;
}

static enum crema_status is_finite(struct crema_solver *s,
                                   const struct crema_tensor *t, bool *finite)
{
    int64_t n = crema_shape_count(&t->shape);
    float *values = malloc((size_t)n * sizeof *values + 1);
    enum crema_status status;

    *finite = true;
    if (!values) return crema_no_memory(s->ctx, "looking for the fault");
    status = crema_tensor_read(s->world->dev, t, values);
    for (int64_t i = 0; i < n && status == CREMA_OK; i++)
        *finite &= isfinite(values[i]) != 0;
    free(values);
    return status;
}

static const char *layer_of(const struct crema_program *p,
                            const struct crema_tensor *t)
{
    for (int i = 0; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nout; k++)
            if (p->op[i]->out[k] == t) return p->op[i]->layer;
    return NULL;
}

static enum crema_status look(void *user, const struct crema_tensor *t)
{
    struct finder *f = user;
    const char *layer;
    bool finite;

    if (f->first[0]) return CREMA_OK;
    CREMA_TRY(is_finite(f->s, t, &finite));
    if (finite) return CREMA_OK;
    layer = layer_of(f->s->net->program, t);
    snprintf(f->first, sizeof f->first, "blob \"%s\" of layer \"%s\"", t->name,
             layer ? layer : "");
    return CREMA_OK;
}

/* What came in counts before all that was made of it. */
static enum crema_status look_at_inputs(struct finder *f)
{
    struct crema_net *net = f->s->net;
    bool finite;

    for (int i = 0; i < net->nblobs; i++) {
        const struct crema_tensor *t = net->blob[i].first;

        if (!t || t->role != CREMA_INPUT) continue;
        CREMA_TRY(is_finite(f->s, t, &finite));
        if (finite) continue;
        snprintf(f->first, sizeof f->first, "blob \"%s\" of layer \"%s\"",
                 net->blob[i].name,
                 net->layer[net->blob[i].producer].param->name);
        return CREMA_OK;
    }
    return CREMA_OK;
}

static enum crema_status find(struct finder *f, uint32_t pass)
{
    struct crema_net *net = f->s->net;

    net->options.no_fusion = true;
    net->recorded = watch_all;
    net->recorded_user = f;
    net->watch = look;
    net->watch_user = f;
    CREMA_TRY(go_back(f->s, pass));
    CREMA_TRY(crema_net_record(net));
    CREMA_TRY(crema_net_forward(net));
    return look_at_inputs(f);
}

enum crema_status crema_solver__not_finite(struct crema_solver *s,
                                           uint32_t pass, float loss)
{
    struct finder f = { .s = s };
    char text[CREMA_NUMBER_TEXT];

    (void)!find(&f, pass);
    return crema_fail(s->ctx, CREMA_EINVAL,
                      "iteration %d: the loss is %s; the first that is not "
                      "finite is %s; weights and snapshots stay as they were; "
                      "a smaller base_lr or clip_gradients may help",
                      s->iter, crema_number_text(loss, text),
                      f.first[0] ? f.first : "the loss itself");
}
