/* debug.c - debug_info: how large values, gradients and changes of weights are
 * on average, in Caffe's words.
 *
 * Nothing is fused then, and each number is read as it is written.  A blob that
 * several layers read shows its whole gradient at each of them.
 */
#include "base/number.h"
#include "solver/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A tensor that is looked at: the mean of its magnitudes, when last written,
 * and the sums of magnitudes and of squares. */
struct look {
    const struct crema_tensor *tensor;
    double mean, sum, squares;
};

struct crema_solver__debug {
    struct crema_solver *s;
    struct crema_net *net;
    struct look *look;
    int count, capacity;
    float *values; /* as large as the largest so far */
    size_t nvalues;
    float **before; /* weights before the update; [nweights], or NULL */
};

static void measure(struct look *l, const float *values, size_t n)
{
    l->sum = l->squares = 0;
    for (size_t i = 0; i < n; i++) {
        l->sum += fabs((double)values[i]);
        l->squares += (double)values[i] * (double)values[i];
    }
    l->mean = n ? l->sum / (double)n : 0;
}

static enum crema_status make_room(struct crema_solver__debug *d, size_t n)
{
    float *more;

    if (n <= d->nvalues) return CREMA_OK;
    more = realloc(d->values, n * sizeof *more);
    if (!more) return crema_no_memory(d->s->ctx, "debug_info");
    d->values = more;
    d->nvalues = n;
    return CREMA_OK;
}

static enum crema_status read_tensor(struct crema_solver__debug *d,
                                     struct look *l)
{
    size_t n = (size_t)crema_shape_count(&l->tensor->shape);

    CREMA_TRY(make_room(d, n + 1));
    CREMA_TRY(crema_tensor_read(d->s->world->dev, l->tensor, d->values));
    measure(l, d->values, n);
    return CREMA_OK;
}

/* ---- what is looked at --------------------------------------------------- */

static struct look *find(const struct crema_solver__debug *d,
                         const struct crema_tensor *t)
{
    for (int i = 0; t && i < d->count; i++)
        if (d->look[i].tensor == t) return &d->look[i];
    return NULL;
}

static enum crema_status add(struct crema_solver__debug *d,
                             const struct crema_tensor *t)
{
    struct look *more;

    if (!t || find(d, t)) return CREMA_OK;
    if (d->count == d->capacity) {
        d->capacity = 2 * d->capacity + 64;
        more = realloc(d->look, (size_t)d->capacity * sizeof *more);
        if (!more) return crema_no_memory(d->s->ctx, "debug_info");
        d->look = more;
    }
    d->look[d->count++] = (struct look){ .tensor = t };
    return crema_program_watch(d->net->program, t);
}

static const struct crema_tensor *param_of(const struct crema_net *net,
                                           const struct crema_param *p)
{
    const struct crema_tensor *t = net->program->tensors;

    while (t && t->param != p) t = t->next;
    return t;
}

static enum crema_status recorded(void *debug, struct crema_net *net)
{
    struct crema_solver__debug *d = debug;

    d->count = 0;
    for (int i = 0; i < net->nlayers; i++) {
        const struct crema_layer *l = &net->layer[i];

        for (int k = 0; k < l->ntops; k++) CREMA_TRY(add(d, l->top[k]));
        for (int k = 0; k < l->nbottoms; k++)
            CREMA_TRY(add(d, l->bottom[k]->grad));
    }
    for (struct crema_slot *s = d->s->world->weights.slots; s; s = s->next) {
        const struct crema_tensor *t = param_of(net, &s->weight->value);

        if (t) CREMA_TRY(add(d, t->grad));
    }
    return CREMA_OK;
}

static enum crema_status look(void *debug, const struct crema_tensor *t)
{
    struct look *l = find(debug, t);

    return l ? read_tensor(debug, l) : CREMA_OK;
}

/* ---- lines --------------------------------------------------------------- */

static const char *layer_name(const struct crema_layer *l)
{
    return l->param->name ? l->param->name : "";
}

/* A param's name in the prototxt, else its number. */
static const char *param_name(const struct crema_layer *l, int k, char out[16])
{
    if ((size_t)k < l->param->n_param && l->param->param[k]->name &&
        l->param->param[k]->name[0])
        return l->param->param[k]->name;
    snprintf(out, 16, "%d", k);
    return out;
}

static struct crema_slot *slot_of(const struct crema_solver__debug *d,
                                  const struct crema_layer *l, int k)
{
    return crema_weights_find(&d->s->world->weights, layer_name(l), k);
}

static enum crema_status show_param(struct crema_solver__debug *d,
                                    const struct crema_layer *l, int k,
                                    struct crema_param *p)
{
    size_t n = (size_t)crema_shape_count(&p->shape);
    char text[CREMA_NUMBER_TEXT], name[16];
    struct look now;

    CREMA_TRY(make_room(d, n + 1));
    CREMA_TRY(crema_param_read(p, 0, (int64_t)n, d->values));
    measure(&now, d->values, n);
    crema_log(d->s->ctx, CREMA_INFO,
              "    [Forward] Layer %s, param blob %s data: %s", layer_name(l),
              param_name(l, k, name), crema_number_text((float)now.mean, text));
    return CREMA_OK;
}

enum crema_status crema_solver__debug_forward(struct crema_solver__debug *d)
{
    char text[CREMA_NUMBER_TEXT];

    for (int i = 0; d && i < d->net->nlayers; i++) {
        const struct crema_layer *l = &d->net->layer[i];
        struct crema_slot *slot;

        for (int k = 0; k < l->ntops; k++) {
            struct look *top = find(d, l->top[k]);

            if (!top) continue;
            if (top->tensor->role == CREMA_INPUT)
                CREMA_TRY(read_tensor(d, top));
            crema_log(
                d->s->ctx, CREMA_INFO,
                "    [Forward] Layer %s, top blob %s data: %s", layer_name(l),
                (size_t)k < l->param->n_top ? l->param->top[k] : "(automatic)",
                crema_number_text((float)top->mean, text));
        }
        for (int k = 0; (slot = slot_of(d, l, k)); k++)
            CREMA_TRY(show_param(d, l, k, &slot->weight->value));
    }
    return CREMA_OK;
}

static void show_layer_backward(struct crema_solver__debug *d,
                                const struct crema_layer *l)
{
    char text[CREMA_NUMBER_TEXT];
    struct crema_slot *slot;

    for (int k = 0; k < l->nbottoms; k++) {
        const struct look *g = find(d, l->bottom[k]->grad);

        if (g)
            crema_log(d->s->ctx, CREMA_INFO,
                      "    [Backward] Layer %s, bottom blob %s diff: %s",
                      layer_name(l), l->param->bottom[k],
                      crema_number_text((float)g->mean, text));
    }
    for (int k = 0; (slot = slot_of(d, l, k)); k++) {
        const struct crema_tensor *t = param_of(d->net, &slot->weight->value);
        const struct look *g = t ? find(d, t->grad) : NULL;

        if (g)
            crema_log(d->s->ctx, CREMA_INFO,
                      "    [Backward] Layer %s, param blob %d diff: %s",
                      layer_name(l), k,
                      crema_number_text((float)g->mean, text));
    }
}

/* Reads all weights, which Caffe's norms are of and updates start from. */
static enum crema_status remember(struct crema_solver__debug *d,
                                  struct look *all)
{
    struct crema_weight *w = d->s->world->weights.first;

    *all = (struct look){ 0 };
    for (int i = 0; i < d->s->nweights; i++, w = w->next) {
        int64_t n = crema_shape_count(&w->value.shape);
        struct look one;

        if (!d->before[i])
            d->before[i] =
                crema_arena_alloc(&d->s->arena, (size_t)n * sizeof(float) + 1);
        if (!d->before[i]) return crema_no_memory(d->s->ctx, "debug_info");
        CREMA_TRY(crema_param_read(&w->value, 0, n, d->before[i]));
        measure(&one, d->before[i], (size_t)n);
        all->sum += one.sum;
        all->squares += one.squares;
    }
    return CREMA_OK;
}

enum crema_status crema_solver__debug_begin(struct crema_solver__debug *d)
{
    struct look all;

    return d ? remember(d, &all) : CREMA_OK;
}

enum crema_status crema_solver__debug_backward(struct crema_solver__debug *d)
{
    struct crema_weight *w;
    struct look data = { 0 }, diff = { 0 };

    if (!d) return CREMA_OK;
    for (int i = d->net->nlayers - 1; i >= 0; i--)
        show_layer_backward(d, &d->net->layer[i]);
    w = d->s->world->weights.first;
    for (int i = 0; i < d->s->nweights; i++, w = w->next) {
        const struct crema_tensor *t = param_of(d->net, &w->value);
        const struct look *g = t ? find(d, t->grad) : NULL;
        struct look one;

        measure(&one, d->before[i], (size_t)crema_shape_count(&w->value.shape));
        data.sum += one.sum;
        data.squares += one.squares;
        diff.sum += g ? g->sum : 0;
        diff.squares += g ? g->squares : 0;
    }
    crema_log(d->s->ctx, CREMA_INFO,
              "    [Backward] All net params (data, diff): L1 norm = (%g, %g); "
              "L2 norm = (%g, %g)",
              data.sum, diff.sum, sqrt(data.squares), sqrt(diff.squares));
    return CREMA_OK;
}

/* The i-th weight, which layer l has as its k-th blob, has changed. */
static enum crema_status show_update(struct crema_solver__debug *d,
                                     const struct crema_layer *l, int k,
                                     struct crema_weight *w, int i)
{
    size_t n = (size_t)crema_shape_count(&w->value.shape);
    char a[CREMA_NUMBER_TEXT], b[CREMA_NUMBER_TEXT], name[16];
    struct look data, diff;

    CREMA_TRY(make_room(d, n + 1));
    CREMA_TRY(crema_param_read(&w->value, 0, (int64_t)n, d->values));
    measure(&data, d->before[i], n);
    for (size_t j = 0; j < n; j++)
        d->values[j] = d->before[i][j] - d->values[j];
    measure(&diff, d->values, n);
    crema_log(d->s->ctx, CREMA_INFO,
              "    [Update] Layer %s, param %s data: %s; diff: %s",
              layer_name(l), param_name(l, k, name),
              crema_number_text((float)data.mean, a),
              crema_number_text((float)diff.mean, b));
    return CREMA_OK;
}

static int number_of(const struct crema_solver__debug *d,
                     const struct crema_weight *weight)
{
    const struct crema_weight *w = d->s->world->weights.first;
    int i = 0;

    for (; w && w != weight; w = w->next) i++;
    return i;
}

/* Shared weights are shown where they were first asked for. */
enum crema_status crema_solver__debug_update(struct crema_solver__debug *d)
{
    int shown = 0;

    for (int i = 0; d && i < d->net->nlayers; i++) {
        const struct crema_layer *l = &d->net->layer[i];
        struct crema_slot *slot;

        for (int k = 0; (slot = slot_of(d, l, k)); k++) {
            int number = number_of(d, slot->weight);

            if (number < shown || number >= d->s->nweights) continue;
            CREMA_TRY(show_update(d, l, k, slot->weight, number));
            shown = number + 1;
        }
    }
    return CREMA_OK;
}

/* ---- from the beginning to the end --------------------------------------- */

enum crema_status crema_solver__debug_open(struct crema_solver *s,
                                           struct crema_net *net,
                                           struct crema_solver__debug **out)
{
    struct crema_solver__debug *d;

    if (!s->param->debug_info) return CREMA_OK;
    d = *out = crema_arena_alloc(&s->arena, sizeof *d);
    if (!d) return crema_no_memory(s->ctx, "debug_info");
    d->s = s;
    d->net = net;
    d->before = crema_arena_alloc(&s->arena,
                                  ((size_t)s->nweights + 1) * sizeof(float *));
    if (!d->before) return crema_no_memory(s->ctx, "debug_info");
    net->options.no_fusion = true;
    net->defers = false;
    net->recorded = recorded;
    net->watch = look;
    net->recorded_user = net->watch_user = d;
    return crema_net_record(net);
}

void crema_solver__debug_free(struct crema_solver__debug *d)
{
    if (!d) return;
    free(d->look);
    free(d->values);
}
