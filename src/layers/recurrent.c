/* recurrent.c - bottoms cut into steps, states carried from pass to pass. */
#include "layers/recurrent.h"

#include "device/learn.h"

#include <string.h>

static const Crema__RecurrentParameter *param(const struct crema_layer *l)
{
    return l->param->recurrent_param;
}

const struct crema_param_doc crema_recurrent_param_doc = {
    .message = "recurrent_param",
    .fields =
        (const struct crema_field_doc[]){
            { "num_output", "H, the numbers of a state; must be given" },
            { "weight_filler", "first values of all matrices" },
            { "bias_filler", "first values of all biases" },
            { "expose_hidden",
              "states before the first step are bottoms, those after the last "
              "tops, instead of being carried from pass to pass" },
            { 0 },
        },
    .ignored = "debug_info",
};

enum crema_status crema_recurrent_setup(struct crema_layer *l)
{
    if (param(l) && param(l)->num_output > 0) return CREMA_OK;
    return crema_layer_fail(l, param(l) ? &param(l)->num_output : NULL,
                            "num_output must be positive");
}

void crema_recurrent_free(struct crema_layer *l)
{
    struct crema_recurrent *r = l->state;

    for (int k = 0; k < CREMA_MAX_CARRIED; k++)
        if (r->carried[k].dev) crema_param_release(&r->carried[k]);
}

struct crema_param *crema_recurrent_carried(const struct crema_layer *l, int k)
{
    struct crema_recurrent *r = l->state;

    return k < CREMA_MAX_CARRIED && r->carried[k].dev ? &r->carried[k] : NULL;
}

/* ---- apart and together along time -------------------------------------- */

/* x[n, ..] -> y[n], each without the first axis; any n. */
static void unstack(struct crema_program *p, struct crema_tensor *x, int64_t n,
                    struct crema_tensor **y)
{
    int64_t parts = (n + CREMA_MAX_PORTS - 1) / CREMA_MAX_PORTS, at = 0;
    int64_t size[CREMA_MAX_PORTS];
    struct crema_tensor *part[CREMA_MAX_PORTS] = { x };
    struct crema_shape one;

    for (int64_t i = 0; i < parts; i++) size[i] = n / parts + (i < n % parts);
    if (parts > 1) crema_slice(p, 0, x, (int)parts, size, part);
    for (int64_t i = 0; i < parts; i++) {
        int64_t ones[CREMA_MAX_PORTS], k = n / parts + (i < n % parts);

        for (int64_t j = 0; j < k; j++) ones[j] = 1;
        if (k > 1)
            crema_slice(p, 0, part[i], (int)k, ones, y + at);
        else
            y[at] = part[i];
        at += k;
    }
    if (p->failed || !x) return;
    one = x->shape;
    memmove(one.dim, one.dim + 1, sizeof one.dim - sizeof *one.dim);
    one.ndims--;
    for (int64_t i = 0; i < n; i++) y[i] = crema_view(p, &one, y[i]);
}

/* y[n], each [N,H] -> [n,N,H]; any n. */
static struct crema_tensor *stack(struct crema_program *p,
                                  const struct crema_walk *w,
                                  struct crema_tensor **y)
{
    struct crema_shape one = CREMA_SHAPE(1, w->batch, w->hidden);
    int64_t n = w->steps;

    for (int64_t i = 0; i < n; i++) y[i] = crema_view(p, &one, y[i]);
    while (n > 1) {
        int64_t made = 0;

        for (int64_t i = 0; i < n; i += CREMA_MAX_PORTS) {
            int64_t k = n - i < CREMA_MAX_PORTS ? n - i : CREMA_MAX_PORTS;

            y[made++] = crema_concat(p, 0, (int)k, y + i);
        }
        n = made;
    }
    return y[0];
}

/* ---- bottoms ------------------------------------------------------------- */

static enum crema_status misfit(const struct crema_layer *l, int k,
                                const char *wanted)
{
    char text[CREMA_SHAPE_TEXT];

    return crema_layer_fail(
        l, &l->param->bottom[k], "bottom %d of %s is not what is wanted, %s", k,
        crema_shape_text(&l->bottom[k]->shape, text), wanted);
}

static enum crema_status measure(struct crema_walk *w)
{
    const struct crema_layer *l = w->layer;
    const struct crema_shape *x = &l->bottom[0]->shape;
    const struct crema_shape *cont = &l->bottom[1]->shape;
    int exposed = param(l)->expose_hidden ? w->nstates : 0;
    bool still = l->nbottoms > 2 + exposed;

    if (l->nbottoms < 2 + exposed || l->nbottoms > 3 + exposed)
        return crema_layer_fail(l, NULL, "%d bottoms; %d or %d are wanted",
                                l->nbottoms, 2 + exposed, 3 + exposed);
    if (x->ndims < 2 || x->dim[0] < 1 || x->dim[0] > 4096)
        return misfit(l, 0, "steps x images x .., of 1 to 4096 steps");
    w->steps = x->dim[0];
    w->batch = x->dim[1];
    w->inputs = crema_shape_product(x, 2, x->ndims);
    w->hidden = (int64_t)param(l)->num_output;
    if (cont->ndims != 2 || cont->dim[0] != w->steps ||
        cont->dim[1] != w->batch)
        return misfit(l, 1, "steps x images as bottom 0 has them");
    if (!still) return CREMA_OK;
    if (l->bottom[2]->shape.ndims < 1 || l->bottom[2]->shape.dim[0] != w->batch)
        return misfit(l, 2, "images x ..");
    w->static_inputs =
        crema_shape_product(&l->bottom[2]->shape, 1, l->bottom[2]->shape.ndims);
    return CREMA_OK;
}

/* ---- states -------------------------------------------------------------- */

/* Zero at first, and again when the batch has another size. */
static struct crema_tensor *carried(struct crema_walk *w, int k)
{
    struct crema_recurrent *r = w->layer->state;
    struct crema_param *c = &r->carried[k];
    const float same[CREMA_FORMULA_NUMBERS] = { 1, 1, 0 };
    struct crema_shape shape = CREMA_SHAPE(w->batch, w->hidden);

    if (c->dev && !crema_shape_equal(&c->shape, &shape)) {
        crema_param_release(c);
        c->dev = NULL;
    }
    if (!c->dev)
        *c = (struct crema_param){ .name = w->layer->param->name,
                                   .shape = shape,
                                   .dev = w->layer->program->dev };
    /* A copy: what is carried changes at the end of forward. */
    return crema_unary(w->layer->program, CREMA_UNARY_power, same,
                       crema_program_param(w->layer->program, c, false));
}

static enum crema_status begin_states(struct crema_walk *w)
{
    struct crema_layer *l = w->layer;
    struct crema_shape shape = CREMA_SHAPE(w->batch, w->hidden);
    int first = l->nbottoms - w->nstates;

    for (int k = 0; k < w->nstates; k++) {
        if (!param(l)->expose_hidden) {
            w->state[k] = carried(w, k);
            continue;
        }
        if (crema_shape_count(&l->bottom[first + k]->shape) !=
            w->batch * w->hidden)
            return misfit(l, first + k, "1 x images x num_output");
        w->state[k] = crema_view(
            l->program, &shape, crema_detach(l->program, l->bottom[first + k]));
    }
    return CREMA_OK;
}

static void carry_on(struct crema_walk *w, int k, struct crema_tensor *last)
{
    struct crema_recurrent *r = w->layer->state;
    struct crema_program *p = w->layer->program;
    struct crema_tensor *to = crema_program_param(p, &r->carried[k], false);

    crema_clear(p, to);
    crema_accumulate(p, to, last);
}

/* ---- the walk ------------------------------------------------------------ */

static enum crema_status begin(struct crema_walk *w, struct crema_layer *l,
                               int nstates)
{
    struct crema_program *p = l->program;

    *w = (struct crema_walk){ .layer = l, .nstates = nstates };
    CREMA_TRY(measure(w));
    w->x = crema_view(p, &CREMA_SHAPE(w->steps * w->batch, w->inputs),
                      l->bottom[0]);
    if (w->static_inputs)
        w->still = crema_view(p, &CREMA_SHAPE(w->batch, w->static_inputs),
                              l->bottom[2]);
    w->cont = crema_arena_alloc(&w->arena, sizeof *w->cont * (size_t)w->steps);
    if (!w->cont) return crema_no_memory(l->ctx, l->param->name);
    unstack(p, crema_detach(p, l->bottom[1]), w->steps, w->cont);
    return begin_states(w);
}

struct crema_tensor *crema_walk_weight(struct crema_walk *w, int64_t rows,
                                       int64_t columns)
{
    return crema_layer_weight(w->layer, w->nweights++,
                              &CREMA_SHAPE(rows, columns),
                              param(w->layer)->weight_filler);
}

struct crema_tensor *crema_walk_bias(struct crema_walk *w, int64_t rows)
{
    return crema_layer_weight(w->layer, w->nweights++, &CREMA_SHAPE(rows),
                              param(w->layer)->bias_filler);
}

struct crema_tensor **crema_walk_inputs(struct crema_walk *w, int64_t rows)
{
    struct crema_program *p = w->layer->program;
    struct crema_tensor **y = crema_arena_alloc(
        &w->arena, sizeof *y * (size_t)(w->steps + CREMA_MAX_PORTS));
    struct crema_tensor *weight = crema_walk_weight(w, rows, w->inputs);
    struct crema_tensor *bias = crema_walk_bias(w, rows), *still = NULL;
    struct crema_shape shape = CREMA_SHAPE(w->steps, w->batch, rows);

    if (!y) return NULL;
    unstack(p,
            crema_view(p, &shape,
                       crema_inner_product(p, false, w->x, weight, bias)),
            w->steps, y);
    if (!w->still) return y;
    still = crema_inner_product(
        p, false, w->still, crema_walk_weight(w, rows, w->static_inputs), NULL);
    for (int64_t t = 0; t < w->steps; t++) {
        struct crema_tensor *pair[2] = { y[t], still };

        y[t] = crema_sum(p, 2, pair, NULL);
    }
    return y;
}

struct crema_tensor *crema_walk_continue(struct crema_walk *w, int64_t step,
                                         struct crema_tensor *state)
{
    return crema_scale(w->layer->program, 0, state, w->cont[step], NULL);
}

static void end(struct crema_walk *w, struct crema_tensor **y)
{
    struct crema_layer *l = w->layer;
    struct crema_shape one = CREMA_SHAPE(1, w->batch, w->hidden);

    for (int k = 0; k < w->nstates; k++) {
        if (!param(l)->expose_hidden)
            carry_on(w, k, w->state[k]);
        else if (1 + k < l->ntops)
            l->top[1 + k] = crema_view(l->program, &one,
                                       crema_detach(l->program, w->state[k]));
    }
    l->top[0] = stack(l->program, w, y);
}

static enum crema_status run(struct crema_walk *w, struct crema_layer *l,
                             int nstates, crema_walk_fn *walk)
{
    struct crema_tensor **y;

    CREMA_TRY(begin(w, l, nstates));
    y = crema_arena_alloc(&w->arena, sizeof *y * (size_t)w->steps);
    if (!y) return crema_no_memory(l->ctx, l->param->name);
    CREMA_TRY(walk(w, y));
    end(w, y);
    return CREMA_OK;
}

enum crema_status crema_recurrent_record(struct crema_layer *l, int nstates,
                                         crema_walk_fn *walk)
{
    struct crema_walk w;
    enum crema_status status = run(&w, l, nstates, walk);

    crema_arena_free(&w.arena);
    return status;
}
