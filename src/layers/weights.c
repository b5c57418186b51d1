/* weights.c - weights by layer and index, and by the names that share them. */
#include "layers/weights.h"

#include "base/philox.h"
#include "layers/filler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements filled at a time. */
enum { STRIP = 1 << 16 };

void crema_weights_free(struct crema_weights *ws)
{
    for (struct crema_weight *w = ws->first; w; w = w->next) {
        crema_param_release(&w->value);
        crema_param_release(&w->sum);
        crema_param_release(&w->correlation);
        for (int i = 0; i < CREMA_MAX_HISTORIES; i++)
            crema_param_release(&w->history[i]);
    }
    crema_arena_free(&ws->arena);
    ws->first = ws->last = NULL;
    ws->slots = ws->last_slot = NULL;
}

struct crema_slot *crema_weights_find(const struct crema_weights *ws,
                                      const char *layer, int index)
{
    struct crema_slot *s = ws->slots;

    while (s && (s->index != index || strcmp(s->layer, layer))) s = s->next;
    return s;
}

/* What one layer asks of one weight. */
struct request {
    int index;
    const struct crema_shape *shape;
    const Crema__FillerParameter *filler;
    bool statistic;
    const struct crema_shape *stored; /* in files; NULL: shape */
    const Crema__ParamSpec *spec;     /* NULL: none in the prototxt */
};

static const struct crema_shape *stored_shape(const struct request *r)
{
    return r->stored ? r->stored : r->shape;
}

static const char *layer_name(const struct crema_layer *l)
{
    return l->param->name ? l->param->name : "";
}

/* Who asked for the weight first. */
static const struct crema_slot *owner(const struct crema_weights *ws,
                                      const struct crema_weight *w)
{
    const struct crema_slot *s = ws->slots;

    while (s && s->weight != w) s = s->next;
    return s;
}

/* ---- values -------------------------------------------------------------- */

static enum crema_status fill(struct crema_layer *l, const struct request *r,
                              struct crema_param *value, float *strip)
{
    struct crema_stream stream = { l->lender->seed, crema_hash(layer_name(l)),
                                   (uint32_t)r->index, 0 };
    int64_t total = crema_shape_count(r->shape);

    for (int64_t i = 0; i < total; i += STRIP) {
        int64_t n = total - i < STRIP ? total - i : STRIP;

        CREMA_TRY(
            crema_layer_blame(l, &r->filler->type,
                              crema_filler_values(l->ctx, r->filler, r->shape,
                                                  stream, i, n, strip)));
        CREMA_TRY(crema_param_write(value, i, n, strip));
    }
    return CREMA_OK;
}

static bool is_zero(const Crema__FillerParameter *f)
{
    return !f || (!strcmp(f->type, "constant") && f->value == 0);
}

static enum crema_status first_values(struct crema_layer *l,
                                      const struct request *r,
                                      struct crema_param *value)
{
    enum crema_status status;
    float *strip;

    if (is_zero(r->filler)) return CREMA_OK; /* as it is without data */
    if (l->lender->no_values) /* but the filler must be a possible one */
        return crema_layer_blame(
            l, &r->filler->type,
            crema_filler_values(l->ctx, r->filler, r->shape,
                                (struct crema_stream){ 0 }, 0, 0, NULL));
    strip = malloc(sizeof *strip * STRIP);
    if (!strip) return crema_no_memory(l->ctx, value->name);
    status = fill(l, r, value, strip);
    free(strip);
    if (status != CREMA_OK) crema_param_release(value);
    return status;
}

/* ---- sharing ------------------------------------------------------------- */

/* One of the two multipliers: what a later layer says must agree. */
static enum crema_status agree(const struct crema_layer *l, const char *what,
                               const struct crema_weight *w, float value,
                               const float *field, float *have, bool *given)
{
    const struct crema_slot *first = owner(l->lender->weights, w);

    if (*given && *have != value)
        return crema_layer_fail(l, field,
                                "%s %g of the shared param \"%s\" is not the "
                                "%g that layer \"%s\" gives it",
                                what, (double)value, w->shared, (double)*have,
                                first ? first->layer : "");
    *have = value;
    *given = true;
    return CREMA_OK;
}

static enum crema_status take_multipliers(const struct crema_layer *l,
                                          const struct request *r,
                                          struct crema_weight *w)
{
    const Crema__ParamSpec *spec = r->spec;

    if (r->statistic && !r->stored && spec && spec->has_lr_mult &&
        spec->lr_mult != 0)
        return crema_layer_fail(l, &spec->lr_mult,
                                "lr_mult must be 0, got %g: statistics are "
                                "gathered, not learned",
                                (double)spec->lr_mult);
    if (spec && spec->has_lr_mult)
        CREMA_TRY(agree(l, "lr_mult", w, spec->lr_mult, &spec->lr_mult,
                        &w->lr_mult, &w->lr_given));
    if (spec && spec->has_decay_mult)
        CREMA_TRY(agree(l, "decay_mult", w, spec->decay_mult, &spec->decay_mult,
                        &w->decay_mult, &w->decay_given));
    if (r->statistic) w->lr_mult = 0;
    return CREMA_OK;
}

static struct crema_weight *find_shared(const struct crema_weights *ws,
                                        const char *name)
{
    struct crema_weight *w = name ? ws->first : NULL;

    while (w && (!w->shared || strcmp(w->shared, name))) w = w->next;
    return w;
}

static enum crema_status shapes_fit(const struct crema_layer *l,
                                    const struct request *r,
                                    const struct crema_weight *w)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];
    const struct crema_shape *have = &w->value.shape;
    const struct crema_slot *first = owner(l->lender->weights, w);
    bool loose =
        r->spec->has_share_mode &&
        r->spec->share_mode == CREMA__PARAM_SPEC__DIM_CHECK_MODE__PERMISSIVE;

    if (loose ? crema_shape_count(have) == crema_shape_count(r->shape)
              : crema_shape_equal(have, r->shape))
        return CREMA_OK;
    return crema_layer_fail(
        l, &r->spec->name,
        "shared param \"%s\" is %s in layer \"%s\" and %s "
        "here%s",
        w->shared, crema_shape_text(have, a), first ? first->layer : "",
        crema_shape_text(r->shape, b),
        loose ? ": not even the counts agree"
              : "; share_mode: PERMISSIVE asks for equal counts only");
}

/* ---- making ------------------------------------------------------------- */

static enum crema_status new_weight(struct crema_layer *l,
                                    const struct request *r, const char *shared,
                                    struct crema_weight **out)
{
    struct crema_weights *ws = l->lender->weights;
    struct crema_weight *w = crema_arena_alloc(&ws->arena, sizeof *w);
    char name[256];

    snprintf(name, sizeof name, "%s[%d]", layer_name(l), r->index);
    if (!w) return crema_no_memory(l->ctx, name);
    w->value.name = crema_arena_strdup(&ws->arena, name);
    w->shared = shared ? crema_arena_strdup(&ws->arena, shared) : NULL;
    if (!w->value.name || (shared && !w->shared))
        return crema_no_memory(l->ctx, name);
    w->value.shape = *r->shape;
    w->value.dev = ws->dev;
    w->lr_mult = w->decay_mult = 1;
    CREMA_TRY(take_multipliers(l, r, w));
    CREMA_TRY(first_values(l, r, &w->value));
    if (ws->last)
        ws->last->next = w;
    else
        ws->first = w;
    *out = ws->last = w;
    return CREMA_OK;
}

static enum crema_status new_slot(struct crema_layer *l,
                                  const struct request *r,
                                  struct crema_slot **out)
{
    struct crema_weights *ws = l->lender->weights;
    struct crema_slot *s = crema_arena_alloc(&ws->arena, sizeof *s);
    const char *shared =
        r->spec && r->spec->name && r->spec->name[0] ? r->spec->name : NULL;
    char text[CREMA_SHAPE_TEXT];

    if (!crema_shape_valid(r->shape))
        return crema_layer_fail(l, NULL, "weights of %s are too large",
                                crema_shape_text(r->shape, text));
    if (!s) return crema_no_memory(l->ctx, layer_name(l));
    s->layer = crema_arena_strdup(&ws->arena, layer_name(l));
    if (!s->layer) return crema_no_memory(l->ctx, layer_name(l));
    s->index = r->index;
    s->shape = *stored_shape(r);
    s->weight = find_shared(ws, shared);
    if (!s->weight) {
        CREMA_TRY(new_weight(l, r, shared, &s->weight));
    } else {
        CREMA_TRY(shapes_fit(l, r, s->weight));
        CREMA_TRY(take_multipliers(l, r, s->weight));
    }
    if (ws->last_slot)
        ws->last_slot->next = s;
    else
        ws->slots = s;
    *out = ws->last_slot = s;
    return CREMA_OK;
}

/* The slot the layer has already, from before or from the training net. */
static enum crema_status known_slot(const struct crema_layer *l,
                                    const struct request *r,
                                    const struct crema_slot *s)
{
    char a[CREMA_SHAPE_TEXT], b[CREMA_SHAPE_TEXT];
    const struct crema_shape *shape = stored_shape(r);

    if (crema_shape_equal(&s->shape, shape)) return CREMA_OK;
    return crema_layer_fail(
        l, NULL, "weights %d are %s, but the blobs here ask for %s", r->index,
        crema_shape_text(&s->shape, a), crema_shape_text(shape, b));
}

static struct crema_tensor *get(struct crema_layer *l, struct request r)
{
    struct crema_slot *s =
        crema_weights_find(l->lender->weights, layer_name(l), r.index);
    struct crema_program *p = l->program;
    enum crema_status status;

    if (p->failed) return NULL;
    if (l->nweights <= r.index) l->nweights = r.index + 1;
    if ((size_t)r.index < l->param->n_param) r.spec = l->param->param[r.index];
    status = s ? known_slot(l, &r, s) : new_slot(l, &r, &s);
    if (status != CREMA_OK) {
        p->failed = true; /* with its place already */
        return NULL;
    }
    return crema_view(
        p, r.shape,
        crema_program_param(p, &s->weight->value, s->weight->lr_mult != 0));
}

struct crema_tensor *crema_layer_weight(struct crema_layer *l, int i,
                                        const struct crema_shape *shape,
                                        const Crema__FillerParameter *filler)
{
    return get(l, (struct request){ i, shape, filler, false, NULL, NULL });
}

struct crema_tensor *crema_layer_statistic(struct crema_layer *l, int i,
                                           const struct crema_shape *shape)
{
    return get(l, (struct request){ i, shape, NULL, true, NULL, NULL });
}

struct crema_tensor *crema_layer_channels(struct crema_layer *l, int i,
                                          int64_t channels, bool statistic,
                                          const Crema__FillerParameter *filler)
{
    return get(l,
               (struct request){ i, &CREMA_SHAPE(channels), filler, statistic,
                                 &CREMA_SHAPE(1, channels, 1, 1), NULL });
}
