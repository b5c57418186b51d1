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
    char first[800]; /* blob and layer; "" while all was finite */
    bool given;      /* it came in like that */
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

/* *item: the first whose values are not all finite; -1: none. */
static enum crema_status find_item(struct crema_solver *s,
                                   const struct crema_tensor *t, int64_t *item)
{
    int64_t n = crema_shape_count(&t->shape);
    float *values = malloc((size_t)n * sizeof *values + 1);
    enum crema_status status;

    *item = -1;
    if (!values) return crema_no_memory(s->ctx, "looking for the fault");
    status = crema_tensor_read(s->world->dev, t, values);
    for (int64_t i = 0; i < n && status == CREMA_OK && *item < 0; i++)
        if (!isfinite(values[i]))
            *item = t->shape.ndims ? i / (n / t->shape.dim[0]) : 0;
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
    int64_t item;

    if (f->first[0]) return CREMA_OK;
    CREMA_TRY(find_item(f->s, t, &item));
    if (item < 0) return CREMA_OK;
    layer = layer_of(f->s->net->program, t);
    snprintf(f->first, sizeof f->first, "blob \"%s\" of layer \"%s\"", t->name,
             layer ? layer : "");
    return CREMA_OK;
}

/* What came in counts before all that was made of it. */
static enum crema_status look_at_inputs(struct finder *f)
{
    struct crema_net *net = f->s->net;

    for (int i = 0; i < net->nblobs; i++) {
        const struct crema_tensor *t = net->blob[i].first;
        const struct crema_layer *l = &net->layer[net->blob[i].producer];
        const char *record = NULL;
        int64_t item;

        if (!t || t->role != CREMA_INPUT) continue;
        CREMA_TRY(find_item(f->s, t, &item));
        if (item < 0) continue;
        if (l->type->item) record = l->type->item(l, item);
        snprintf(f->first, sizeof f->first, "blob \"%s\" of layer \"%s\"%s%s",
                 net->blob[i].name, l->param->name, record ? ", record " : "",
                 record ? record : "");
        f->given = true;
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
                      "finite is %s; weights and snapshots stay as they were%s",
                      s->iter, crema_number_text(loss, text),
                      f.first[0] ? f.first : "the loss itself",
                      f.given ? ""
                              : "; a smaller base_lr or clip_gradients may "
                                "help");
}
