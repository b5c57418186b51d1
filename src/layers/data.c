/* data.c - batches of records from an LMDB database; top 1, if there is one:
 * their labels. */
#include "layers/feeder.h"

CREMA_LAYER_PARAM(Crema__DataParameter, CREMA__DATA_PARAMETER__INIT, data_param)

static enum crema_status check_mixture(const struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);

    if (p->n_more_source >= CREMA_MIX_PARTS)
        return crema_layer_fail(l, &p->more_source[CREMA_MIX_PARTS - 1],
                                "at most %d databases can be mixed",
                                CREMA_MIX_PARTS);
    if (p->n_source_weight && p->n_source_weight != p->n_more_source + 1)
        return crema_layer_fail(l, &p->source_weight[0],
                                "%zu source_weight for %zu databases: give "
                                "one for source and each more_source, or none",
                                p->n_source_weight, p->n_more_source + 1);
    for (size_t i = 0; i < p->n_source_weight; i++)
        if (!(p->source_weight[i] > 0 && p->source_weight[i] < 1e30f))
            return crema_layer_fail(l, &p->source_weight[i],
                                    "source_weight must be positive, got %g",
                                    (double)p->source_weight[i]);
    return CREMA_OK;
}

static enum crema_status check_blocks(const struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);

    if (p->shuffle_block && !p->shuffle)
        return crema_layer_fail(l, &p->shuffle_block,
                                "shuffle_block says how to shuffle: shuffle: "
                                "true is missing");
    if (p->shuffle_window == 0)
        return crema_layer_fail(l, &p->shuffle_window,
                                "shuffle_window must be positive, got 0");
    return CREMA_OK;
}

static enum crema_status check(const struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);

    CREMA_TRY(crema_feeder_check(l, &p->source, p->source, "an LMDB database"));
    if (p->batch_size == 0)
        return crema_layer_fail(l, &p->batch_size,
                                "batch_size must be positive, got 0");
    if (p->prefetch == 0)
        return crema_layer_fail(l, &p->prefetch,
                                "prefetch must be positive, got 0");
    CREMA_TRY(check_blocks(l));
    CREMA_TRY(crema_feeder_check_transform(l, false));
    CREMA_TRY(crema_feeder_check_labels(l, &p->label_size, p->label_size));
    CREMA_TRY(check_mixture(l));
    if (p->has_force_encoded_color)
        crema_log(l->ctx, CREMA_WARNING,
                  "layer \"%s\": data_param.force_encoded_color has no effect, "
                  "as in Caffe: say force_color in transform_param",
                  l->param->name ? l->param->name : "");
    return CREMA_OK;
}

/* field: the text that is the path. */
static enum crema_status open_one(struct crema_layer *l, char *const *field,
                                  struct crema_records **out)
{
    const Crema__DataParameter *p = param(l);
    const struct crema_lmdb_options how = {
        .mode = crema_transform_mode(l->param->transform_param),
        .shuffle = p->shuffle,
        .block = p->shuffle_block,
        .window = p->shuffle_window,
        .seed = l->lender->seed,
        .labels = (int)p->label_size,
    };
    struct crema_database *database;
    enum crema_status status;

    status =
        crema_database_open(l->ctx, l->lender->databases, *field, &database);
    if (status != CREMA_OK)
        return crema_feeder_missing(l, field, *field, status);
    return crema_layer_blame(l, field,
                             crema_records_lmdb(l->ctx, database, &how, out));
}

static enum crema_status open_parts(struct crema_layer *l,
                                    struct crema_records **parts,
                                    struct crema_records **out)
{
    const Crema__DataParameter *p = param(l);
    double weights[CREMA_MIX_PARTS];
    int n = (int)p->n_more_source + 1;

    for (int i = 0; i < n; i++) {
        CREMA_TRY(
            open_one(l, i ? &p->more_source[i - 1] : &p->source, &parts[i]));
        weights[i] = p->n_source_weight ? (double)p->source_weight[i]
                                        : (double)parts[i]->count;
    }
    return crema_records_mix(l->ctx, n, parts, weights, l->lender->seed, out);
}

static enum crema_status open_records(struct crema_layer *l,
                                      struct crema_records **out)
{
    const Crema__DataParameter *p = param(l);
    struct crema_records *parts[CREMA_MIX_PARTS] = { NULL };
    enum crema_status status;

    if (p->n_more_source == 0) return open_one(l, &p->source, out);
    status = open_parts(l, parts, out);
    for (int i = 0; status != CREMA_OK && i < CREMA_MIX_PARTS; i++)
        crema_records_free(parts[i]);
    return status;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__DataParameter *p = param(l);
    const struct crema_feeder_options options = {
        .source = &p->source,
        .batch_size = p->batch_size,
        .ahead = p->prefetch,
        .rand_skip = p->rand_skip,
        .transform = l->param->transform_param,
    };
    struct crema_records *records;

    CREMA_TRY(check(l));
    if (!l->lender->opens_data) {
        crema_feeder_assume(l, p->batch_size);
        return CREMA_OK;
    }
    CREMA_TRY(open_records(l, &records));
    return crema_feeder_open(l, records, &options);
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
            { "shuffle", "another order in each epoch, else that of the keys" },
            { "shuffle_block", "with shuffle, for databases that memory does "
                               "not hold: cuts them into blocks of that many "
                               "records, 256 for instance, which come in "
                               "another order in each epoch and are read in "
                               "one go each; 0: every record by itself" },
            { "shuffle_window", "so many blocks are mixed record by record; "
                                "memory should hold twice as many" },
            { "label_size", "labels of each record: float_data beside its "
                            "bytes, or labels that repeat; 0: the one that "
                            "records of Caffe have" },
            { "more_source", "databases whose records are mixed with the "
                             "first one's" },
            { "source_weight", "of source and each more_source: its share of "
                               "the records; none: as many as it has" },
            { 0 },
        },
    .ignored = "scale mean_file crop_size mirror force_encoded_color cache "
               "precache threads parser_threads",
    .refused = "side",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "records of an LMDB database, decoded and transformed",
    .text =
        "Each pass takes the next batch_size records in the order of their "
        "keys, or shuffled, and begins anew at the end, within a batch too. "
        "Records hold raw pixels, floats, or whole image files. Decoding and "
        "transform_param "
        "run beside the net; crema summary and check open no data.",
    .tops = { { "data", "batch_size x C x H x W" },
              { "label",
                "may be left out; batch_size, or batch_size x label_size" } },
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
    .state_size = sizeof(struct crema_feeder),
    .setup = setup,
    .record = crema_feeder_record,
    .free = crema_feeder_free,
    .next = crema_feeder_next,
    .item = crema_feeder_item,
    .position = crema_feeder_position,
    .seek = crema_feeder_seek,
    .records = crema_feeder_records,
    .waited = crema_feeder_waited,
    .left_out = crema_feeder_left_out,
    .doc = &doc,
};
