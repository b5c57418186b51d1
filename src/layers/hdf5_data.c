/* hdf5_data.c - batches of rows out of HDF5 files; each top is the array of its
 * name. */
#include "data/h5_rows.h"
#include "layers/feeder.h"
#include "layers/layer.h"

#include <limits.h>

CREMA_LAYER_PARAM(Crema__HDF5DataParameter, CREMA__HDF5_DATA_PARAMETER__INIT,
                  hdf5_data_param)

struct hdf5_data {
    struct crema_h5_rows *rows; /* NULL: no data is to be opened */
};

static enum crema_status check(const struct crema_layer *l)
{
    const Crema__HDF5DataParameter *p = param(l);

    if (!p->source || !p->source[0])
        return crema_layer_fail(l, &p->source,
                                "no source is given: name a text file that "
                                "lists HDF5 files");
    if (p->batch_size == 0 || p->batch_size > INT_MAX)
        return crema_layer_fail(l, &p->batch_size,
                                "batch_size must be positive, got %u",
                                p->batch_size);
    if (l->param->transform_param)
        return crema_layer_fail(l, l->param->transform_param,
                                "HDF5Data takes numbers as they are: leave "
                                "transform_param out");
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__HDF5DataParameter *p = param(l);
    struct hdf5_data *s = l->state;
    enum crema_status status;

    CREMA_TRY(check(l));
    if (!l->lender->opens_data) return CREMA_OK;
    status =
        crema_h5_rows_open(l->ctx,
                           &(struct crema_h5_rows_options){
                               .list = p->source,
                               .narrays = l->ntops,
                               .arrays = (const char *const *)l->param->top,
                               .batch_size = (int)p->batch_size,
                               .shuffle = p->shuffle,
                               .seed = l->lender->seed,
                               .rank = l->train ? l->lender->rank : 0,
                               .ranks = l->train ? l->lender->ranks : 0,
                               .held = l->lender->holds,
                               .memory = l->lender->memory,
                           },
                           &s->rows);
    return status == CREMA_OK
               ? CREMA_OK
               : crema_feeder_missing(l, &p->source, p->source, status);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct hdf5_data *s = l->state;

    for (int k = 0; s->rows && k < l->ntops; k++) {
        l->top[k] = crema_program_input(
            l->program, crema_h5_rows_shape(s->rows, k), CREMA_F32);
        if (l->top[k]) l->top[k]->streamed = true;
    }
    return CREMA_OK;
}

static enum crema_status next(struct crema_layer *l, struct crema_batch *tops)
{
    struct hdf5_data *s = l->state;
    float *const *batch;

    CREMA_TRY(crema_layer_blame(l, &param(l)->source,
                                crema_h5_rows_next(l->ctx, s->rows, &batch)));
    for (int k = 0; k < l->ntops; k++)
        tops[k] =
            (struct crema_batch){ .shape = *crema_h5_rows_shape(s->rows, k),
                                  .data = batch[k] };
    return CREMA_OK;
}

static uint64_t position(const struct crema_layer *l)
{
    const struct hdf5_data *s = l->state;

    return s->rows ? crema_h5_rows_position(s->rows) : 0;
}

static enum crema_status seek(struct crema_layer *l, uint64_t to)
{
    struct hdf5_data *s = l->state;

    if (s->rows) crema_h5_rows_seek(s->rows, to);
    return CREMA_OK;
}

static uint64_t records(const struct crema_layer *l)
{
    const struct hdf5_data *s = l->state;

    return s->rows ? crema_h5_rows_count(s->rows) : 0;
}

static void release(struct crema_layer *l)
{
    crema_h5_rows_free(((struct hdf5_data *)l->state)->rows);
}

static const struct crema_param_doc hdf5_data_param = {
    .message = "hdf5_data_param",
    .fields =
        (const struct crema_field_doc[]){
            { "source", "text file that names HDF5 files, divided by blanks or "
                        "ends of lines, relative to where the program runs; "
                        "must be given" },
            { "batch_size", "rows of a batch; must be given" },
            { "shuffle", "another order of files, and of rows within each, in "
                         "every pass over all of them" },
            { 0 },
        },
    .ignored = "image",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "rows of arrays in HDF5 files",
    .text =
        "A top is the array of its name: of N x D1 x .. numbers it gets "
        "batch_size x D1 x .., rows one after the other, from file to file and "
        "from the last to the first, within a batch too. Floats of 64 bits and "
        "integers become floats of 32. One file at a time is held in memory.",
    .tops = { { "data", "batch_size x D1 x .., any number of axes" },
              { "label", "optional: as many tops as arrays are wanted" } },
    .params = { &hdf5_data_param },
    .quirks =
        "transform_param is refused, as in Caffe. All files are looked at when "
        "the net is set up: rows must be of one shape. A resumed run goes on "
        "where it stopped, shuffled or not; Caffe's begins at the first row.",
    .example = "hdf5_data_param { source: \"train_h5.txt\" batch_size: 64 }",
};

const struct crema_layer_type crema_layer_HDF5Data = {
    .name = "HDF5Data",
    .max_bottoms = 0,
    .min_tops = 1,
    .max_tops = -1,
    .state_size = sizeof(struct hdf5_data),
    .setup = setup,
    .record = record,
    .free = release,
    .next = next,
    .position = position,
    .seek = seek,
    .records = records,
    .doc = &doc,
};
