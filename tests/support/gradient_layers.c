/* gradient_layers.c - the same for layers in prototxt, through a whole net. */
#include "support/gradient.h"

#include "net/net.h"
#include "proto/text.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trial {
    struct gradient g;
    struct crema_source *source;
    struct crema_world *world;
    struct crema_net *net;
    char text[8192];
    char names[GRADIENT_MOST][32];
};

static void good(const struct trial *t, enum crema_status status)
{
    ck_assert_msg(status == CREMA_OK, "%s: %s", t->g.title, t->g.ctx->message);
}

/* "x:2,3" -> an Input layer. */
static void write_inputs(struct trial *t, const char *inputs)
{
    char *out = t->text, *end = t->text + sizeof t->text;
    char name[32], dims[64];
    int used;

    while (sscanf(inputs, " %31[^:]:%63[0-9,]%n", name, dims, &used) == 2) {
        out += snprintf(out, (size_t)(end - out),
                        "layer { name: '%s' type: 'Input' top: '%s' "
                        "input_param { shape { dim: [%s] } } }\n",
                        name, name, dims);
        inputs += used;
    }
}

static enum gradient_values kind_of(const char *name)
{
    if (!strncmp(name, "label", 5)) return GRADIENT_LABELS;
    return strncmp(name, "positive", 8) ? GRADIENT_UNIFORM : GRADIENT_POSITIVE;
}

static struct gradient_variable *add(struct trial *t, const char *name,
                                     const struct crema_shape *shape,
                                     enum gradient_values values)
{
    struct gradient_variable *v = &t->g.var[t->g.vars];

    ck_assert_int_lt(t->g.vars, GRADIENT_MOST);
    snprintf(t->names[t->g.vars++], sizeof t->names[0], "%.31s", name);
    v->name = t->names[t->g.vars - 1];
    v->values = values;
    v->count = crema_shape_count(shape);
    v->value = malloc(sizeof *v->value * (size_t)(v->count + 1));
    ck_assert_ptr_nonnull(v->value);
    for (int64_t i = 0; i < v->count; i++)
        v->value[i] = gradient_value(values, v->name, i);
    return v;
}

static void fill_inputs(struct trial *t)
{
    for (int i = 0; i < t->net->nlayers; i++) {
        struct crema_layer *l = &t->net->layer[i];
        const char *name;
        struct crema_shape shape;
        struct gradient_variable *v;

        if (strcmp(l->type->name, "Input")) continue;
        name = l->param->top[0];
        shape = l->top[0]->shape;
        v = add(t, name, &shape, kind_of(name));
        good(t, crema_net_write_input(t->net, name, &shape, v->value));
    }
}

/* What is not learned are statistics: variances are positive. */
static void fill_weights(struct trial *t)
{
    struct crema_weight *w = t->world->weights.first;

    for (; w; w = w->next) {
        struct gradient_variable *v =
            add(t, w->value.name, &w->value.shape,
                w->lr_mult > 0 ? GRADIENT_UNIFORM : GRADIENT_POSITIVE);

        v->param = &w->value;
        good(t, crema_param_write(v->param, 0, v->count, v->value));
    }
}

static void set_diffs(struct trial *t)
{
    for (int i = 0; i < t->net->noutputs; i++) {
        const struct crema_blob *b = &t->net->blob[t->net->output[i]];
        struct gradient_output *o = &t->g.out[t->g.outs++];

        ck_assert_int_lt(t->g.outs, GRADIENT_MOST);
        o->count = crema_shape_count(crema_blob_shape(b));
        o->rate = calloc((size_t)o->count + 1, sizeof *o->rate);
        ck_assert_ptr_nonnull(o->rate);
        if (!b->last->needs_grad) continue;
        for (int64_t k = 0; k < o->count; k++)
            o->rate[k] = gradient_value(GRADIENT_POSITIVE, "rate", k);
        good(t, crema_net_set_diff(t->net, b->name, o->count, o->rate));
        for (int k = 0; k < t->net->nlosses; k++)
            if (t->net->loss[k].tensor == b->last)
                for (int64_t j = 0; j < o->count; j++)
                    o->rate[j] += t->net->loss[k].weight;
    }
}

/* The tensors of the program as it is now: it will not be recorded again. */
static void find_tensors(struct trial *t)
{
    struct gradient *g = &t->g;

    g->p = t->net->program;
    for (int i = 0; i < g->vars; i++) {
        struct gradient_variable *v = &g->var[i];

        if (!v->param)
            v->t = crema_net_blob(t->net, v->name)->first;
        else
            v->t = crema_program_param(g->p, v->param, false);
        if (v->t->grad) crema_program_keep(v->t->grad);
    }
    for (int i = 0; i < g->outs; i++)
        g->out[i].t = t->net->blob[t->net->output[i]].last;
}

/* The same masks each time. */
static enum crema_status forward(struct gradient *g)
{
    struct trial *t = g->user;

    for (int i = 0; i < g->vars; i++)
        if (!g->var[i].param)
            CREMA_TRY(crema_net_write_input(
                t->net, g->var[i].name, &g->var[i].t->shape, g->var[i].value));
    t->net->passes = 3;
    return crema_net_forward(t->net);
}

static void build(struct trial *t, const char *inputs, const char *layers,
                  bool train)
{
    const struct crema_net_options options = { .train = train,
                                               .backward = true,
                                               .force_backward = true };
    ProtobufCMessage *message;

    write_inputs(t, inputs);
    ck_assert_uint_lt(strlen(t->text) + strlen(layers), sizeof t->text);
    strcat(t->text, layers);
    good(t, crema_text_read(t->g.ctx, t->g.title, t->text, strlen(t->text),
                            &crema__net_parameter__descriptor,
                            CREMA_TEXT_STRICT, &message, &t->source));
    good(t, crema_world_open(t->g.ctx, t->g.dev, 1, &t->world));
    good(t, crema_net_build(t->world, (Crema__NetParameter *)message, t->source,
                            &options, &t->net));
}

static void close_all(struct trial *t)
{
    for (int i = 0; i < t->g.vars; i++) {
        free(t->g.var[i].value);
        free(t->g.var[i].grad);
    }
    for (int i = 0; i < t->g.outs; i++) {
        free(t->g.out[i].rate);
        free(t->g.out[i].y);
    }
    crema_net_free(t->net);
    crema_world_free(t->world);
    crema_source_free(t->source);
    crema_device_free(t->g.dev);
    crema_ctx_free(t->g.ctx);
    free(t);
}

void gradient_check_layers(const char *title, const char *inputs,
                           const char *layers, bool train)
{
    gradient_check_plugin(title, NULL, inputs, layers, train);
}

void gradient_check_plugin(const char *title, const char *plugin,
                           const char *inputs, const char *layers, bool train)
{
    struct trial *t = calloc(1, sizeof *t);
    char message[GRADIENT_MESSAGE];
    bool holds;

    ck_assert_ptr_nonnull(t);
    t->g.title = title;
    t->g.ctx = crema_ctx_new(NULL, NULL);
    ck_assert_ptr_nonnull(t->g.ctx);
    if (plugin) good(t, crema_plugin_load(t->g.ctx, plugin));
    good(t, crema_device_open(t->g.ctx, "ref", 1, &t->g.dev));
    build(t, inputs, layers, train);
    fill_inputs(t);
    fill_weights(t);
    set_diffs(t);
    find_tensors(t);
    t->g.forward = forward;
    t->g.user = t;
    good(t, forward(&t->g));
    good(t, crema_net_backward(t->net));
    holds = gradient_holds(&t->g, message);
    close_all(t);
    ck_assert_msg(holds, "%s", message);
}
