/* feeder.h - what layers share whose tops are batches of records: their
 * numbers, and labels where there is a second top.  Floor 3.
 *
 * The state of such a layer begins with a crema_feeder.  Its setup opens the
 * records and hands them over; its table names the functions below.
 */
#ifndef CREMA_LAYERS_FEEDER_H
#define CREMA_LAYERS_FEEDER_H

#include "data/pipeline.h"
#include "layers/layer.h"

struct crema_feeder {
    const void *source; /* the field that names the records, for messages */
    struct crema_records *records;
    struct crema_transform *transform;
    struct crema_pipeline *pipeline;        /* NULL: no data is to be opened */
    const struct crema_filled_batch *batch; /* handed over last, or NULL */
    struct crema_shape shape;               /* of top 0; ndims 0: not known */
    struct crema_tensor *bytes, *places; /* of which top 0 is made, or NULL */
    struct crema_param mean;             /* what goes off it, if anything */
    char item[CREMA_RECORD_NAME];
};

struct crema_feeder_options {
    const void *source;
    uint32_t batch_size, ahead, rand_skip;
    const Crema__TransformationParameter *transform; /* NULL: nothing is done */
};

/* Which databases and files a layer reads is said by `path`, a text that
 * `field` points to; "what" is missing where it is empty. */
enum crema_status crema_feeder_check(const struct crema_layer *,
                                     const void *field, const char *path,
                                     const char *what) CREMA_MUST_USE;
/* How many labels a record has. */
enum crema_status crema_feeder_check_labels(const struct crema_layer *,
                                            const void *field,
                                            uint32_t labels) CREMA_MUST_USE;
/* What the layer's transform_param asks for; plain: Caffe's fields alone are
 * taken. */
enum crema_status crema_feeder_check_transform(const struct crema_layer *,
                                               bool plain) CREMA_MUST_USE;
/* A failure to open it, with a hint where it lies beside the prototxt: paths
 * are relative to where the program runs. */
enum crema_status crema_feeder_missing(const struct crema_layer *,
                                       const void *field, const char *path,
                                       enum crema_status) CREMA_MUST_USE;
/* Begins to feed; the records are the state's, and go with it. */
enum crema_status
crema_feeder_open(struct crema_layer *, struct crema_records *,
                  const struct crema_feeder_options *) CREMA_MUST_USE;

/* In place of it where no data is to be opened: top 0 has the shape that the
 * lender assumes, if it does. */
void crema_feeder_assume(struct crema_layer *, uint32_t batch_size);

/* For the layer's table. */
enum crema_status crema_feeder_record(struct crema_layer *) CREMA_MUST_USE;
enum crema_status crema_feeder_next(struct crema_layer *,
                                    struct crema_batch *tops) CREMA_MUST_USE;
const char *crema_feeder_item(const struct crema_layer *, int64_t i);
uint64_t crema_feeder_position(const struct crema_layer *);
enum crema_status crema_feeder_seek(struct crema_layer *,
                                    uint64_t to) CREMA_MUST_USE;
uint64_t crema_feeder_records(const struct crema_layer *);
double crema_feeder_waited(const struct crema_layer *);
uint64_t crema_feeder_left_out(const struct crema_layer *);
void crema_feeder_free(struct crema_layer *);

#endif
