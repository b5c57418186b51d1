/* memory_data.c - batches of values that the program hands over; top 0: data,
 * top 1: labels. */
#include "layers/layer.h"

#include <stdlib.h>
#include <string.h>

CREMA_LAYER_PARAM(Crema__MemoryDataParameter,
                  CREMA__MEMORY_DATA_PARAMETER__INIT, memory_data_param)

struct memory {
    struct crema_shape shape[2]; /* of a batch */
    float *values[2];            /* dense, or NULL */
    int64_t items[2];
    uint64_t position; /* items handed over */
};

static const char *const tops[] = { "data", "labels" };

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__MemoryDataParameter *p = param(l);
    struct memory *s = l->state;

    if (!p->batch_size || !p->channels || !p->height || !p->width)
        return crema_layer_fail(l, p,
                                "batch_size, channels, height and width must "
                                "be positive, got %u, %u, %u and %u",
                                p->batch_size, p->channels, p->height,
                                p->width);
    s->shape[0] = CREMA_SHAPE(p->batch_size, p->channels, p->height, p->width);
    s->shape[1] = CREMA_SHAPE(p->batch_size);
    if (!crema_shape_valid(&s->shape[0]))
        return crema_layer_fail(l, p, "an impossible shape");
    if (l->param->transform_param)
        crema_log(l->ctx, CREMA_WARNING,
                  "layer \"%s\": transform_param has no effect on values that "
                  "a program hands over",
                  l->param->name ? l->param->name : "");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct memory *s = l->state;

    for (int k = 0; k < l->ntops; k++)
        l->top[k] = crema_program_input(l->program, &s->shape[k], CREMA_F32);
    return CREMA_OK;
}

static enum crema_status deal(struct crema_layer *l, int k,
                              const struct crema_shape *shape,
                              const float *values)
{
    struct memory *s = l->state;
    int64_t count = crema_shape_count(shape);
    int64_t batch = crema_shape_count(&s->shape[k]);
    char got[CREMA_SHAPE_TEXT], want[CREMA_SHAPE_TEXT];
    float *copy;

    if (count == 0 || count % batch)
        return crema_layer_fail(l, NULL,
                                "%s of shape %s are no number of whole batches "
                                "of %s",
                                tops[k], crema_shape_text(shape, got),
                                crema_shape_text(&s->shape[k], want));
    copy = malloc((size_t)count * sizeof *copy);
    if (!copy) return crema_no_memory(l->ctx, "a MemoryData");
    memcpy(copy, values, (size_t)count * sizeof *copy);
    free(s->values[k]);
    s->values[k] = copy;
    s->items[k] = count / batch * s->shape[k].dim[0];
    s->position = 0;
    return CREMA_OK;
}

static enum crema_status next(struct crema_layer *l, struct crema_batch *out)
{
    struct memory *s = l->state;

    for (int k = 0; k < l->ntops; k++)
        if (!s->values[k])
            return crema_layer_fail(l, NULL,
                                    "no values were given to blob \"%s\"",
                                    l->param->top[k]);
    if (s->items[0] != s->items[1])
        return crema_layer_fail(l, NULL, "%lld items of data, %lld labels",
                                (long long)s->items[0], (long long)s->items[1]);
    for (int k = 0; k < l->ntops; k++) {
        int64_t each = crema_shape_count(&s->shape[k]) / s->shape[k].dim[0];
        int64_t first = (int64_t)(s->position % (uint64_t)s->items[k]);

        out[k] = (struct crema_batch){ .shape = s->shape[k],
                                       .data = s->values[k] + first * each };
    }
    s->position += (uint64_t)s->shape[0].dim[0];
    return CREMA_OK;
}

static uint64_t position(const struct crema_layer *l)
{
    return ((const struct memory *)l->state)->position;
}

/* Batches are whole, wherever a run of another program stopped. */
static enum crema_status seek(struct crema_layer *l, uint64_t to)
{
    struct memory *s = l->state;

    s->position = to - to % (uint64_t)s->shape[0].dim[0];
    return CREMA_OK;
}

static void release(struct crema_layer *l)
{
    struct memory *s = l->state;

    free(s->values[0]);
    free(s->values[1]);
}

static const struct crema_param_doc memory_data_param = {
    .message = "memory_data_param",
    .fields =
        (const struct crema_field_doc[]){
            { "batch_size", "items in a batch" },
            { "channels", "of an item" },
            { "height", "of an item" },
            { "width", "of an item" },
            { 0 },
        },
    .ignored = "share_in_parallel",
    .refused = "transpose source dataframe_column_select image_encoded "
               "dataframe_format",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "values that the program hands over",
    .text = "A program sets both tops with crema_model_write, each to the same "
            "number of items, a multiple of batch_size; `crema forward` with "
            "--input. Each forward pass takes the next batch, and begins anew "
            "behind the last.",
    .tops = { { "data", "batch_size x channels x height x width" },
              { "label", "batch_size" } },
    .params = { &memory_data_param },
    .quirks = "transform_param has no effect, as in Caffe where a program sets "
              "whole arrays.",
    .example = "memory_data_param { batch_size: 8 channels: 3 height: 32 "
               "width: 32 }",
};

const struct crema_layer_type crema_layer_MemoryData = {
    .name = "MemoryData",
    .max_bottoms = 0,
    .min_tops = 2,
    .max_tops = 2,
    .state_size = sizeof(struct memory),
    .setup = setup,
    .record = record,
    .free = release,
    .deal = deal,
    .next = next,
    .position = position,
    .seek = seek,
    .doc = &doc,
};
