/* crops.c - a net measured on ten cuts of each picture. */
#include "crops.h"

#include "data/transform.h"
#include "net/model.h"
#include "proto/upgrade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 }; /* blobs that go from one part to the other */

struct crops {
    struct job *job;
    struct crema_source *source; /* of the measuring part */
    Crema__NetParameter *param;
    Crema__LayerParameter **layer; /* of param, without inputs */
    size_t nlayers;
    struct crema_net *net;
    int64_t rows;            /* that go into a batch of it */
    const char *label[MOST]; /* tops of data layers but the first */
    int nlabels;
    const char *between[MOST]; /* blobs that both parts have */
    int nbetween;
};

/* ---- parting ------------------------------------------------------------- */

static bool among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

static bool reads_data(const Crema__LayerParameter *l)
{
    const struct crema_layer_type *type =
        crema_layer_find(l->type ? l->type : "");

    return type && type->next && l->n_bottom == 0;
}

static enum crema_status add(struct crops *c, const char **names, int *n,
                             const char *name)
{
    if (among(name, names, (size_t)*n)) return CREMA_OK;
    if (*n == MOST)
        return crema_fail(c->job->ctx, CREMA_EUNSUPPORTED,
                          "too many blobs between scores and measures");
    names[(*n)++] = name;
    return CREMA_OK;
}

/* Which layers measure, by what they read.  measures: room for all layers. */
static enum crema_status find_measures(struct crops *c, bool *measures)
{
    const Crema__NetParameter *p = c->param;
    size_t ntops = 0, n = 0;
    const char **made;

    for (size_t i = 0; i < p->n_layer; i++) ntops += p->layer[i]->n_top;
    made = calloc(ntops + 1, sizeof *made); /* of labels */
    if (!made) return crema_no_memory(c->job->ctx, "layers");
    for (size_t i = 0; i < p->n_layer; i++) {
        const Crema__LayerParameter *l = p->layer[i];
        bool data = reads_data(l);

        for (size_t k = 0; k < l->n_bottom; k++)
            measures[i] |= among(l->bottom[k], (const char *const *)made, n);
        for (size_t k = data ? 1 : 0; k < l->n_top; k++)
            if (data || measures[i]) made[n++] = l->top[k];
    }
    free(made);
    return CREMA_OK;
}

/* What the measuring layers read and do not make. */
static enum crema_status find_between(struct crops *c, const bool *measures)
{
    const Crema__NetParameter *p = c->param;

    for (size_t i = 0; i < p->n_layer; i++)
        for (size_t k = 1; k < p->layer[i]->n_top && reads_data(p->layer[i]);
             k++)
            CREMA_TRY(add(c, c->label, &c->nlabels, p->layer[i]->top[k]));
    for (size_t i = 0; i < p->n_layer; i++)
        for (size_t k = 0; measures[i] && k < p->layer[i]->n_bottom; k++) {
            const char *name = p->layer[i]->bottom[k];
            bool made = false;

            for (size_t j = 0; j < i; j++)
                made |= measures[j] &&
                        among(name, (const char *const *)p->layer[j]->top,
                              p->layer[j]->n_top);
            if (!made) CREMA_TRY(add(c, c->between, &c->nbetween, name));
        }
    if (c->nbetween > 0) return CREMA_OK;
    return crema_fail(c->job->ctx, CREMA_EINVAL,
                      "no layer of the net uses labels: there is nothing to "
                      "measure");
}

/* Keeps the layers that do, or do not, measure. */
static void keep(Crema__NetParameter *p, const bool *measures, bool which)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_layer; i++)
        if (measures[i] == which) p->layer[n++] = p->layer[i];
    p->n_layer = n;
}

void crops_set_batch(Crema__LayerParameter *layer, uint32_t records)
{
    if (layer->data_param) layer->data_param->batch_size = records;
    if (layer->image_data_param) layer->image_data_param->batch_size = records;
    if (layer->hdf5_data_param) layer->hdf5_data_param->batch_size = records;
}

static void shrink_batches(Crema__NetParameter *p)
{
    for (size_t i = 0; i < p->n_layer; i++) {
        const Crema__LayerParameter *l = p->layer[i];
        uint32_t batch = l->data_param         ? l->data_param->batch_size
                         : l->image_data_param ? l->image_data_param->batch_size
                                               : 0;

        if (batch)
            crops_set_batch(p->layer[i],
                            (batch + CREMA_CROPS - 1) / CREMA_CROPS);
    }
}

static enum crema_status part(struct crops *c, const char *path)
{
    struct job *job = c->job;
    bool *measures;
    enum crema_status status;

    CREMA_TRY(crema_net_file_read(job->ctx, path, CREMA_TEXT_STRICT,
                                  &job->param, &job->source));
    CREMA_TRY(crema_net_file_read(job->ctx, path, CREMA_TEXT_STRICT, &c->param,
                                  &c->source));
    measures = calloc(c->param->n_layer + 1, sizeof *measures);
    if (!measures) return crema_no_memory(job->ctx, "layers");
    status = find_measures(c, measures);
    if (status == CREMA_OK) status = find_between(c, measures);
    keep(job->param, measures, false);
    keep(c->param, measures, true);
    c->layer = c->param->layer;
    c->nlayers = c->param->n_layer;
    free(measures);
    shrink_batches(job->param);
    return status;
}

enum crema_status crops_open(struct job *job, const struct model_flags *model,
                             const struct net_wishes *wishes,
                             struct crops **out)
{
    struct crops *c = calloc(1, sizeof *c);

    if (!c) return crema_no_memory(job->ctx, "a net");
    *out = c;
    c->job = job;
    CREMA_TRY(part(c, model->model));
    CREMA_TRY(crema_world_open(job->ctx, job->dev, 0, &job->world));
    job->world->lender.opens_data = true;
    job->world->lender.oversample = true;
    job->world->lender.skip_bad = wishes->skip_bad;
    CREMA_TRY(job_build(job, model, wishes));
    return crema_net_load_list(job->net, model->weights);
}

void crops_free(struct crops *c)
{
    if (!c) return;
    crema_net_free(c->net);
    crema_source_free(c->source);
    free(c);
}

struct crema_net *crops_net(const struct crops *c)
{
    return c->net;
}

/* ---- measuring ----------------------------------------------------------- */

/* An Input layer for each blob between, before the layers that measure. */
static enum crema_status open_measures(struct crops *c, int n,
                                       const struct crema_blob *const *blobs)
{
    struct crema_arena *arena = &c->job->world->arena;
    Crema__NetParameter *p = c->param;
    size_t all = c->nlayers + (size_t)n;
    Crema__LayerParameter **layers =
        crema_arena_alloc(arena, all * sizeof *layers);
    static char input[] = "Input";

    if (!layers) return crema_no_memory(c->job->ctx, "a net");
    for (int i = 0; i < n; i++) {
        struct input {
            Crema__LayerParameter layer;
            Crema__InputParameter param;
            Crema__BlobShape shape, *shapes;
            char *top;
            int64_t dim[CREMA_MAX_DIMS];
        } *in = crema_arena_alloc(arena, sizeof *in);
        const struct crema_shape *s = crema_blob_shape(blobs[i]);

        if (!in) return crema_no_memory(c->job->ctx, "a net");
        crema__layer_parameter__init(&in->layer);
        crema__input_parameter__init(&in->param);
        crema__blob_shape__init(&in->shape);
        in->top = crema_arena_strdup(arena, blobs[i]->name);
        if (!in->top) return crema_no_memory(c->job->ctx, "a net");
        memcpy(in->dim, s->dim, sizeof in->dim);
        in->dim[0] /= CREMA_CROPS;
        in->shape.dim = in->dim;
        in->shape.n_dim = (size_t)s->ndims;
        in->shapes = &in->shape;
        in->param.shape = &in->shapes;
        in->param.n_shape = 1;
        in->layer.type = input;
        in->layer.name = in->top;
        in->layer.top = &in->top;
        in->layer.n_top = 1;
        in->layer.input_param = &in->param;
        layers[i] = &in->layer;
    }
    memcpy(layers + n, c->layer, c->nlayers * sizeof *layers);
    p->layer = layers;
    p->n_layer = all;
    return crema_net_build(c->job->world, p, c->source, &c->job->net->options,
                           &c->net);
}

/* Rows of classes scores: their softmax. */
static void to_probabilities(double *row, int64_t classes)
{
    double most = row[0], sum = 0;

    for (int64_t i = 1; i < classes; i++) most = fmax(most, row[i]);
    for (int64_t i = 0; i < classes; i++) sum += row[i] = exp(row[i] - most);
    for (int64_t i = 0; i < classes; i++) row[i] /= sum;
}

/* values: CREMA_CROPS rows for each record become the first one, densely. */
static enum crema_status average(struct crops *c, const struct crema_blob *b,
                                 float *values, double *row)
{
    const struct crema_shape *s = crema_blob_shape(b);
    const struct crema_layer_type *type = c->job->net->layer[b->producer].type;
    bool probabilities = !strcmp(type->name, "Softmax");
    int64_t each = crema_shape_count(s) / s->dim[0];
    int64_t records = s->dim[0] / CREMA_CROPS;

    if (s->ndims < 2 || s->dim[1] != each)
        return crema_fail(c->job->ctx, CREMA_EUNSUPPORTED,
                          "blob \"%s\" has more than one row of scores for a "
                          "picture: those are not averaged over cuts",
                          b->name);
    for (int64_t r = 0; r < records; r++) {
        double *sum = row + each;

        memset(sum, 0, (size_t)each * sizeof *sum);
        for (int k = 0; k < CREMA_CROPS; k++) {
            for (int64_t i = 0; i < each; i++)
                row[i] = (double)values[(r * CREMA_CROPS + k) * each + i];
            if (!probabilities) to_probabilities(row, each);
            for (int64_t i = 0; i < each; i++) sum[i] += row[i] / CREMA_CROPS;
        }
        for (int64_t i = 0; i < each; i++)
            values[r * each + i] =
                (float)(probabilities ? sum[i] : log(fmax(sum[i], 1e-38)));
    }
    return CREMA_OK;
}

/* All rows of a record have its labels. */
static void thin(const struct crema_shape *s, float *values)
{
    int64_t each = crema_shape_count(s) / s->dim[0];

    for (int64_t r = 1; r < s->dim[0] / CREMA_CROPS; r++)
        memcpy(values + r * each, values + r * CREMA_CROPS * each,
               (size_t)each * sizeof *values);
}

static enum crema_status hand_over(struct crops *c, const struct crema_blob *b)
{
    struct crema_shape s = *crema_blob_shape(b);
    size_t n = (size_t)crema_shape_count(&s);
    float *values = malloc(n * sizeof *values + 1);
    double *row = malloc(2 * n * sizeof *row + 1);
    enum crema_status status = CREMA_OK;

    if (!values || !row) status = crema_no_memory(c->job->ctx, b->name);
    if (status == CREMA_OK)
        status = crema_net_read_blob(c->job->net, b, values);
    if (status == CREMA_OK && among(b->name, c->label, (size_t)c->nlabels))
        thin(&s, values);
    else if (status == CREMA_OK)
        status = average(c, b, values, row);
    s.dim[0] /= CREMA_CROPS;
    if (status == CREMA_OK)
        status = crema_net_write_input(c->net, b->name, &s, values);
    free(values);
    free(row);
    return status;
}

enum crema_status crops_measure(struct crops *c)
{
    const struct crema_net *net = c->job->net;
    const struct crema_blob *blobs[MOST];
    int n = 0;

    for (int i = 0; i < net->nblobs; i++)
        if (among(net->blob[i].name, c->between, (size_t)c->nbetween))
            blobs[n++] = &net->blob[i];
    if (n > 0 && crema_blob_shape(blobs[0])->dim[0] != c->rows) {
        crema_net_free(c->net); /* another size of batches */
        c->net = NULL;
        c->rows = crema_blob_shape(blobs[0])->dim[0];
        CREMA_TRY(open_measures(c, n, blobs));
    }
    for (int i = 0; i < n; i++) CREMA_TRY(hand_over(c, blobs[i]));
    return crema_net_forward(c->net);
}
