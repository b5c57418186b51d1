/* data.c - batches of records from an LMDB database; top 1, if there is one:
 * their labels. */
#include "data/pipeline.h"
#include "layers/layer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

CREMA_LAYER_PARAM(Crema__DataParameter, CREMA__DATA_PARAMETER__INIT, data_param)

struct data {
    struct crema_records *records;
    struct crema_transform *transform;
    struct crema_pipeline *pipeline;        /* NULL: no data is to be opened */
    const struct crema_filled_batch *batch; /* handed over last, or NULL */
    struct crema_shape shape;               /* of top 0 */
    struct crema_tensor *bytes, *places; /* of which top 0 is made, or NULL */
    struct crema_param mean;             /* what goes off it, if anything */
    char item[CREMA_RECORD_NAME];
};

/* ---- setup -------------------------------------------------------------- */

static void warn(const struct crema_layer *l, bool given, const char *field)
{
    if (given)
        crema_log(l->ctx, CREMA_WARNING,
                  "layer \"%s\": data_param.%s has no effect, as in Caffe: say "
                  "it in transform_param",
                  l->param->name ? l->param->name : "", field);
}

static enum crema_status check(const struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);

    if (!p->source || !p->source[0])
        return crema_layer_fail(l, &p->source,
                                "no source is given: name an "
                                "LMDB database");
    if (p->batch_size == 0)
        return crema_layer_fail(l, &p->batch_size,
                                "batch_size must be positive, got 0");
    if (p->prefetch == 0)
        return crema_layer_fail(l, &p->prefetch,
                                "prefetch must be positive, got 0");
    warn(l, p->has_scale, "scale");
    warn(l, p->mean_file && p->mean_file[0], "mean_file");
    warn(l, p->has_crop_size, "crop_size");
    warn(l, p->has_mirror, "mirror");
    warn(l, p->has_force_encoded_color, "force_encoded_color");
    return crema_layer_forks(l, p, 10, "cache precache threads parser_threads");
}

/* Paths are relative to where the program runs; a database that lies beside
 * the prototxt instead is worth a hint. */
static enum crema_status missing(const struct crema_layer *l,
                                 enum crema_status status)
{
    const Crema__DataParameter *p = param(l);
    const char *file = l->source ? l->source->path : "";
    const char *slash = strrchr(file, '/');
    char beside[1024], reason[1024];

    snprintf(beside, sizeof beside, "%.*s%s",
             slash ? (int)(slash - file) + 1 : 0, file, p->source);
    if (!slash || p->source[0] == '/' || access(beside, F_OK) != 0)
        return crema_layer_blame(l, &p->source, status);
    snprintf(reason, sizeof reason, "%s", l->ctx->message);
    return crema_layer_fail(l, &p->source, "%s; there is one at %s", reason,
                            beside);
}

static enum crema_status open_records(struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);
    struct data *s = l->state;
    struct crema_database *database;
    enum crema_status status;

    status =
        crema_database_open(l->ctx, l->lender->databases, p->source, &database);
    if (status != CREMA_OK) return missing(l, status);
    return crema_layer_blame(
        l, &p->source,
        crema_records_lmdb(l->ctx, database,
                           crema_transform_mode(l->param->transform_param),
                           &s->records));
}

static int workers(const struct crema_layer *l)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (l->lender->data_threads > 0) return l->lender->data_threads;
    return cores > 1 ? (int)cores : 1;
}

static void take_shape(struct data *s, const int shape[4])
{
    s->shape = CREMA_SHAPE(shape[0], shape[1], shape[2], shape[3]);
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);
    struct data *s = l->state;
    const struct crema_transform_options how = {
        .param = l->param->transform_param,
        .source = l->source,
        .train = l->train,
        .seed = l->lender->seed,
    };
    const struct crema_pipeline_options options = {
        .batch_size = (int)p->batch_size,
        .ahead = (int)p->prefetch,
        .workers = workers(l),
        .seed = l->lender->seed,
        .rand_skip = p->rand_skip,
        .skip_bad = l->lender->skip_bad,
        .bytes = l->lender->takes_bytes,
        .held = l->lender->holds,
        .memory = l->lender->memory,
    };

    CREMA_TRY(check(l));
    if (!l->lender->opens_data) return CREMA_OK;
    CREMA_TRY(open_records(l));
    CREMA_TRY(crema_transform_new(l->ctx, &how, &s->transform));
    CREMA_TRY(
        crema_layer_blame(l, &p->source,
                          crema_pipeline_open(l->ctx, s->records, s->transform,
                                              &options, &s->pipeline)));
    take_shape(s, crema_pipeline_shape(s->pipeline));
    return CREMA_OK;
}

/* ---- the source --------------------------------------------------------- */

/* NULL without one; it does not learn. */
static enum crema_status record_mean(struct crema_layer *l,
                                     struct crema_tensor **mean)
{
    struct data *s = l->state;
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
    struct data *s = l->state;
    int64_t n = s->shape.dim[0], each = crema_shape_product(&s->shape, 1, 4);
    struct crema_tensor *mean;

    CREMA_TRY(record_mean(l, &mean));
    s->bytes = stream(l, &CREMA_SHAPE(n, each), CREMA_U8);
    s->places = stream(l, &CREMA_SHAPE(n, CREMA_PLACE_NUMBERS), CREMA_I32);
    l->top[0] = crema_pictures(l->program, &s->shape,
                               crema_transform_scale(s->transform), s->bytes,
                               s->places, mean);
    if (l->top[0]) crema_program_keep(l->top[0]);
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct data *s = l->state;

    if (!s->pipeline) return CREMA_OK; /* the shapes are not known */
    if (s->batch ? s->batch->bytes != NULL : crema_pipeline_bytes(s->pipeline))
        CREMA_TRY(record_bytes(l));
    else
        l->top[0] = stream(l, &s->shape, CREMA_F32);
    if (l->ntops > 1)
        l->top[1] = stream(l, &CREMA_SHAPE(s->shape.dim[0]), CREMA_F32);
    return CREMA_OK;
}

static enum crema_status next(struct crema_layer *l, struct crema_batch *tops)
{
    struct data *s = l->state;

    CREMA_TRY(
        crema_layer_blame(l, &param(l)->source,
                          crema_pipeline_next(l->ctx, s->pipeline, &s->batch)));
    take_shape(s, s->batch->shape);
    tops[0] = (struct crema_batch){ .shape = s->shape, .data = s->batch->data };
    if (s->batch->bytes) {
        tops[0].part[0] = (struct crema_part){ &s->bytes, s->batch->bytes };
        tops[0].part[1] = (struct crema_part){ &s->places, s->batch->places };
    }
    if (l->ntops > 1)
        tops[1] = (struct crema_batch){ .shape = CREMA_SHAPE(s->shape.dim[0]),
                                        .data = s->batch->labels };
    return CREMA_OK;
}

static const char *item(const struct crema_layer *l, int64_t i)
{
    struct data *s = l->state;

    if (!s->batch || i < 0 || i >= s->batch->shape[0]) return NULL;
    snprintf(s->item, sizeof s->item, "%.*s", (int)s->batch->keys[i].length,
             (const char *)s->batch->keys[i].data);
    return s->item;
}

static uint64_t position(const struct crema_layer *l)
{
    const struct data *s = l->state;

    return s->pipeline ? crema_pipeline_position(s->pipeline) : 0;
}

static enum crema_status seek(struct crema_layer *l, uint64_t to)
{
    struct data *s = l->state;

    if (s->pipeline) crema_pipeline_seek(s->pipeline, to);
    s->batch = NULL;
    return CREMA_OK;
}

static double waited(const struct crema_layer *l)
{
    const struct data *s = l->state;

    return s->pipeline ? crema_pipeline_stats(s->pipeline).waited : 0;
}

static uint64_t left_out(const struct crema_layer *l)
{
    const struct data *s = l->state;

    return s->pipeline ? crema_pipeline_stats(s->pipeline).bad : 0;
}

static void release(struct crema_layer *l)
{
    struct data *s = l->state;

    if (s->mean.name) crema_param_release(&s->mean);
    crema_pipeline_free(s->pipeline);
    crema_transform_free(s->transform);
    crema_records_free(s->records);
}

static const struct crema_param_doc data_param = {
    .message = "data_param",
    .fields =
        (const struct crema_field_doc[]){
            { "source", "folder of the database, relative to where the program "
                        "runs; must be given" },
            { "batch_size", "records of a batch; must be given" },
            { "rand_skip", "leaves out up to that many records at the "
                           "beginning, drawn at random" },
            { "backend", "LMDB. A LEVELDB has to be converted" },
            { "prefetch", "batches held ready, at least 1" },
            { 0 },
        },
    .ignored = "scale mean_file crop_size mirror force_encoded_color cache "
               "precache threads parser_threads",
    .refused = "shuffle side",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "records of an LMDB database, decoded and transformed",
    .text =
        "Each pass takes the next batch_size records in the order of their "
        "keys and begins anew at the end, within a batch too. Records hold raw "
        "pixels, floats, or whole image files. Decoding and transform_param "
        "run beside the net; crema summary and check open no data.",
    .tops = { { "data", "batch_size x C x H x W" },
              { "label", "may be left out; batch_size" } },
    .params = { &data_param },
    .quirks =
        "scale, mean_file, crop_size and mirror belong into transform_param; "
        "here they have no effect, as in Caffe, and are warned of. A resumed "
        "run goes on where it stopped; Caffe's begins at the first record.",
    .example =
        "include { phase: TRAIN }\n"
        "transform_param { crop_size: 227 mirror: true mean_file: "
        "\"mean.binaryproto\" }\n"
        "data_param { source: \"train_lmdb\" batch_size: 64 backend: LMDB }",
};

const struct crema_layer_type crema_layer_Data = {
    .name = "Data",
    .max_bottoms = 0,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct data),
    .setup = setup,
    .record = record,
    .free = release,
    .next = next,
    .item = item,
    .position = position,
    .seek = seek,
    .waited = waited,
    .left_out = left_out,
    .doc = &doc,
};
