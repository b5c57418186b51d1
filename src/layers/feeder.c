/* feeder.c - layers whose tops are batches of records. */
#include "layers/feeder.h"

#include "device/device.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- setup -------------------------------------------------------------- */

enum crema_status crema_feeder_check(const struct crema_layer *l,
                                     const void *field, const char *path,
                                     const char *what)
{
    if (path && path[0]) return CREMA_OK;
    return crema_layer_fail(l, field, "no source is given: name %s", what);
}

enum crema_status crema_feeder_check_labels(const struct crema_layer *l,
                                            const void *field, uint32_t labels)
{
    enum { MOST = 1 << 20 };

    if (labels <= MOST) return CREMA_OK;
    return crema_layer_fail(l, field, "label_size %u: at most %d is possible",
                            labels, MOST);
}

enum crema_status crema_feeder_check_transform(const struct crema_layer *l,
                                               bool plain)
{
    const struct crema_transform_options o = {
        .param = l->param->transform_param,
        .source = l->source,
        .train = l->train,
        .plain = plain,
    };

    return crema_transform_check(l->ctx, &o);
}

enum crema_status crema_feeder_missing(const struct crema_layer *l,
                                       const void *field, const char *path,
                                       enum crema_status status)
{
    const char *file = l->source ? l->source->path : "";
    const char *slash = strrchr(file, '/');
    char beside[1024], reason[1024];

    snprintf(beside, sizeof beside, "%.*s%s",
             slash ? (int)(slash - file) + 1 : 0, file, path);
    if (!slash || path[0] == '/' || access(path, F_OK) == 0 ||
        access(beside, F_OK) != 0)
        return crema_layer_blame(l, field, status);
    snprintf(reason, sizeof reason, "%s", l->ctx->message);
    status =
        crema_fail(l->ctx, status, "%s; there is one at %s", reason, beside);
    return crema_layer_blame(l, field, status);
}

static int workers(const struct crema_layer *l)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (l->lender->data_threads > 0) return l->lender->data_threads;
    return cores > 1 ? (int)cores : 1;
}

static void take_shape(struct crema_feeder *s, const int shape[4])
{
    s->shape = CREMA_SHAPE(shape[0], shape[1], shape[2], shape[3]);
}

/* What is trained on is what a resumed run must see again. */
static bool device_decodes(void *layer)
{
    const struct crema_layer *l = layer;
    const char *decoder = crema_device_decoder(l->lender->dev, l->train);

    if (decoder && l->train) l->lender->decoder = decoder;
    return decoder != NULL;
}

enum crema_status crema_feeder_open(struct crema_layer *l,
                                    struct crema_records *records,
                                    const struct crema_feeder_options *o)
{
    struct crema_feeder *s = l->state;
    const struct crema_transform_options how = {
        .param = o->transform,
        .source = l->source,
        .train = l->train,
        .seed = l->lender->seed,
        .unscaled = l->lender->unscaled,
        .oversample = l->lender->oversample,
    };
    const struct crema_pipeline_options options = {
        .batch_size = (int)o->batch_size,
        .ahead = (int)o->ahead,
        .workers = workers(l),
        .seed = l->lender->seed,
        .rand_skip = o->rand_skip,
        .rank = l->train ? l->lender->rank : 0,
        .ranks = l->train ? l->lender->ranks : 0,
        .skip_bad = l->lender->skip_bad,
        .bytes = l->lender->takes_bytes,
        .decodes = device_decodes,
        .decodes_user = l,
        .held = l->lender->holds,
        .memory = l->lender->memory,
    };

    s->source = o->source;
    s->records = records;
    CREMA_TRY(crema_transform_new(l->ctx, &how, &s->transform));
    CREMA_TRY(
        crema_layer_blame(l, s->source,
                          crema_pipeline_open(l->ctx, s->records, s->transform,
                                              &options, &s->pipeline)));
    take_shape(s, crema_pipeline_shape(s->pipeline));
    return CREMA_OK;
}

void crema_feeder_assume(struct crema_layer *l, uint32_t batch_size)
{
    const struct crema_shape *one = &l->lender->assumed;
    struct crema_feeder *s = l->state;

    if (one->ndims == 3)
        s->shape =
            CREMA_SHAPE(batch_size, one->dim[0], one->dim[1], one->dim[2]);
}

/* ---- the program -------------------------------------------------------- */

/* One for each item, or more where records have more. */
static struct crema_shape label_shape(const struct crema_feeder *s)
{
    int64_t n = s->shape.dim[0];

    return s->records && s->records->labels > 1
               ? CREMA_SHAPE(n, s->records->labels)
               : CREMA_SHAPE(n);
}

/* NULL without one; it does not learn. */
static enum crema_status record_mean(struct crema_layer *l,
                                     struct crema_tensor **mean)
{
    struct crema_feeder *s = l->state;
    struct crema_shape shape;
    const float *values = crema_transform_mean(s->transform, &shape);

    *mean = NULL;
    if (!values) return CREMA_OK;
    if (!s->mean.name) {
        s->mean.name = l->param->name;
        s->mean.shape = shape;
        s->mean.dev = l->program->dev;
        CREMA_TRY(
            crema_param_write(&s->mean, 0, crema_shape_count(&shape), values));
    }
    *mean = crema_program_param(l->program, &s->mean, false);
    return CREMA_OK;
}

/* Each step has another one. */
static struct crema_tensor *stream(struct crema_layer *l,
                                   const struct crema_shape *shape,
                                   enum crema_type type)
{
    struct crema_tensor *t = crema_program_input(l->program, shape, type);

    if (t) t->streamed = true;
    return t;
}

/* The device makes the top of cuts of pictures. */
static enum crema_status record_bytes(struct crema_layer *l)
{
    struct crema_feeder *s = l->state;
    int64_t n = s->shape.dim[0], each = crema_shape_product(&s->shape, 1, 4);
    struct crema_tensor *mean;

    CREMA_TRY(record_mean(l, &mean));
    s->bytes = stream(l, &CREMA_SHAPE(n, each), CREMA_U8);
    if (s->bytes) s->bytes->decoded = crema_pipeline_encoded(s->pipeline);
    s->places = stream(l, &CREMA_SHAPE(n, CREMA_PLACE_NUMBERS), CREMA_I32);
    l->top[0] = crema_pictures(l->program, &s->shape,
                               crema_transform_scale(s->transform), s->bytes,
                               s->places, mean);
    if (l->top[0]) crema_program_keep(l->top[0]);
    return CREMA_OK;
}

enum crema_status crema_feeder_record(struct crema_layer *l)
{
    const struct crema_feeder *s = l->state;

    if (s->shape.ndims == 0) return CREMA_OK;
    if (s->batch ? s->batch->bytes != NULL
                 : s->pipeline && crema_pipeline_bytes(s->pipeline))
        CREMA_TRY(record_bytes(l));
    else
        l->top[0] = stream(l, &s->shape, CREMA_F32);
    if (l->ntops > 1) {
        struct crema_shape labels = label_shape(s);

        l->top[1] = stream(l, &labels, CREMA_F32);
    }
    return CREMA_OK;
}

enum crema_status crema_feeder_next(struct crema_layer *l,
                                    struct crema_batch *tops)
{
    struct crema_feeder *s = l->state;

    CREMA_TRY(crema_layer_blame(
        l, s->source, crema_pipeline_next(l->ctx, s->pipeline, &s->batch)));
    take_shape(s, s->batch->shape);
    tops[0] = (struct crema_batch){ .shape = s->shape, .data = s->batch->data };
    if (s->batch->bytes) {
        const struct crema_cuts *cuts = &s->batch->cuts;

        tops[0].part[0] = (struct crema_part){ &s->bytes, s->batch->bytes,
                                               cuts->encoded ? cuts : NULL };
        tops[0].part[1] =
            (struct crema_part){ &s->places, s->batch->places, NULL };
    }
    if (l->ntops > 1)
        tops[1] = (struct crema_batch){ .shape = label_shape(s),
                                        .data = s->batch->labels };
    return CREMA_OK;
}

const char *crema_feeder_item(const struct crema_layer *l, int64_t i)
{
    struct crema_feeder *s = l->state;

    if (!s->batch || i < 0 || i >= s->batch->shape[0]) return NULL;
    snprintf(s->item, sizeof s->item, "%.*s", (int)s->batch->keys[i].length,
             (const char *)s->batch->keys[i].data);
    return s->item;
}

uint64_t crema_feeder_position(const struct crema_layer *l)
{
    const struct crema_feeder *s = l->state;

    return s->pipeline ? crema_pipeline_position(s->pipeline) : 0;
}

enum crema_status crema_feeder_seek(struct crema_layer *l, uint64_t to)
{
    struct crema_feeder *s = l->state;

    if (s->pipeline) crema_pipeline_seek(s->pipeline, to);
    if (s->pipeline && l->train && !l->lender->decoder)
        crema_pipeline_decode_all(s->pipeline);
    s->batch = NULL;
    return CREMA_OK;
}

uint64_t crema_feeder_records(const struct crema_layer *l)
{
    const struct crema_feeder *s = l->state;

    return s->records ? s->records->count : 0;
}

double crema_feeder_waited(const struct crema_layer *l)
{
    const struct crema_feeder *s = l->state;

    return s->pipeline ? crema_pipeline_stats(s->pipeline).waited : 0;
}

uint64_t crema_feeder_left_out(const struct crema_layer *l)
{
    const struct crema_feeder *s = l->state;

    return s->pipeline ? crema_pipeline_stats(s->pipeline).bad : 0;
}

void crema_feeder_free(struct crema_layer *l)
{
    struct crema_feeder *s = l->state;

    if (s->mean.name) crema_param_release(&s->mean);
    crema_pipeline_free(s->pipeline);
    crema_transform_free(s->transform);
    crema_records_free(s->records);
}
