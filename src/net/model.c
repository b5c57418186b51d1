/* model.c - the public way to a net: definition, weights and memory in one. */
#include "net/model.h"

#include "device/backend.h"
#include "proto/upgrade.h"

#include <stdlib.h>
#include <string.h>

struct crema_model {
    struct crema_source *source;
    struct crema_world *world;
    struct crema_net *net;
};

/* "a,b" as an array of strings in the arena; *n of them. */
static const char **split(struct crema_arena *arena, const char *list, int *n)
{
    char *copy = crema_arena_strdup(arena, list ? list : "");
    const char **words = crema_arena_alloc(
        arena, (strlen(list ? list : "") + 1) * sizeof *words);
    char *rest = NULL;

    *n = 0;
    if (!copy || !words) return NULL;
    for (char *w = strtok_r(copy, ",", &rest); w;
         w = strtok_r(NULL, ",", &rest))
        words[(*n)++] = w;
    return words;
}

enum crema_status crema_net_load_list(struct crema_net *net, const char *list)
{
    struct crema_arena arena = { 0 };
    enum crema_status status = CREMA_OK;
    int n;
    const char **path = split(&arena, list, &n);

    if (!path)
        status = crema_no_memory(net->ctx, "a list of weights");
    else if (n == 0)
        status = crema_fail(net->ctx, CREMA_EINVAL,
                            "weights \"%s\": there is no file's name", list);
    for (int i = 0; i < n && status == CREMA_OK; i++)
        status = crema_net_load_weights(net, path[i], NULL);
    crema_arena_free(&arena);
    return status;
}

static enum crema_status open_net(struct crema_model *m,
                                  struct crema_device *dev, const char *path,
                                  const struct crema_model_options *o)
{
    struct crema_net_options options = { .train = o->train,
                                         .level = o->level,
                                         .reshape_weights =
                                             o->reshape_weights };
    Crema__NetParameter *param;

    CREMA_TRY(crema_net_file_read(dev->ctx, path, CREMA_TEXT_STRICT, &param,
                                  &m->source));
    CREMA_TRY(crema_world_open(dev->ctx, dev, o->seed, &m->world));
    options.stages = split(&m->world->arena, o->stages, &options.nstages);
    if (!options.stages) return crema_no_memory(dev->ctx, path);
    CREMA_TRY(crema_net_build(m->world, param, m->source, &options, &m->net));
    return o->weights ? crema_net_load_list(m->net, o->weights) : CREMA_OK;
}

enum crema_status crema_model_open(struct crema_device *dev, const char *path,
                                   const struct crema_model_options *options,
                                   struct crema_model **out)
{
    static const struct crema_model_options defaults = { 0 };
    struct crema_model *m = calloc(1, sizeof *m);
    enum crema_status status;

    if (!m) return crema_no_memory(dev->ctx, path);
    status = open_net(m, dev, path, options ? options : &defaults);
    if (status != CREMA_OK) {
        crema_model_free(m);
        return status;
    }
    *out = m;
    return CREMA_OK;
}

void crema_model_free(struct crema_model *m)
{
    if (!m) return;
    crema_net_free(m->net);
    crema_world_free(m->world);
    crema_source_free(m->source);
    free(m);
}

struct crema_net *crema_model_net(struct crema_model *m)
{
    return m->net;
}

const char *crema_model_input(const struct crema_model *m, int i)
{
    for (int k = 0; k < m->net->nblobs; k++) {
        const struct crema_blob *b = &m->net->blob[k];
        const struct crema_layer *l = &m->net->layer[b->producer];

        if ((l->type->reshape || l->type->deal) && i-- == 0) return b->name;
    }
    return NULL;
}

const char *crema_model_output(const struct crema_model *m, int i)
{
    if (i < 0 || i >= m->net->noutputs) return NULL;
    return m->net->blob[m->net->output[i]].name;
}

int crema_model_shape(const struct crema_model *m, const char *blob,
                      int64_t dims[CREMA_MODEL_DIMS])
{
    const struct crema_blob *b = crema_net_blob(m->net, blob);
    const struct crema_shape *shape;

    if (!b || !b->last) return -1;
    shape = crema_blob_shape(b);
    for (int i = 0; i < shape->ndims; i++) dims[i] = shape->dim[i];
    return shape->ndims;
}

enum crema_status crema_model_write(struct crema_model *m, const char *input,
                                    int ndims, const int64_t *dims,
                                    const float *values)
{
    struct crema_shape shape = { .ndims = ndims };

    if (ndims < 0 || ndims > CREMA_MAX_DIMS)
        return crema_fail(m->net->ctx, CREMA_EINVAL,
                          "blob \"%s\": %d dims; 0 to %d are possible", input,
                          ndims, CREMA_MAX_DIMS);
    for (int i = 0; i < ndims; i++) shape.dim[i] = dims[i];
    if (!crema_shape_valid(&shape))
        return crema_fail(m->net->ctx, CREMA_EINVAL,
                          "blob \"%s\": not a possible shape", input);
    return crema_net_write_input(m->net, input, &shape, values);
}

enum crema_status crema_model_forward(struct crema_model *m)
{
    return crema_net_forward(m->net);
}

enum crema_status crema_model_read(struct crema_model *m, const char *output,
                                   float *values, size_t count)
{
    const struct crema_blob *b = crema_net_blob(m->net, output);

    if (!b || !b->output)
        return crema_fail(m->net->ctx, CREMA_EINVAL,
                          "the net has no output \"%s\"", output);
    if (!m->net->prepared)
        return crema_fail(m->net->ctx, CREMA_EINVAL,
                          "blob \"%s\" is read before forward", output);
    if (crema_shape_count(crema_blob_shape(b)) != (int64_t)count)
        return crema_fail(
            m->net->ctx, CREMA_EINVAL, "blob \"%s\" has %lld elements, not %zu",
            output, (long long)crema_shape_count(crema_blob_shape(b)), count);
    return crema_net_read_blob(m->net, b, values);
}
