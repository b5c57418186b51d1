/* h5_rows.h - rows out of a list of HDF5 files, batch by batch.  Floor 2.
 *
 * Row i of each array of a file belong together.  Files follow one another and
 * begin anew at the end, within a batch too.  Shuffled, files come in another
 * order in each pass over all of them, and so do the rows of a file; which it
 * is depends on seed and pass alone.  One file at a time is held in memory.
 */
#ifndef CREMA_DATA_H5_ROWS_H
#define CREMA_DATA_H5_ROWS_H

#include "data/pipeline.h"
#include "device/tensor.h"

struct crema_h5_rows_options {
    const char *list; /* a file: names of HDF5 files, divided by blanks */
    int narrays;
    const char *const *arrays; /* their names in each file */
    int batch_size;
    bool shuffle;
    uint32_t seed;
    uint32_t rank, ranks; /* as crema_pipeline_options has them */
    int held; /* batches in the caller's hands; 0: 1 */
    struct crema_batch_memory memory;
};

struct crema_h5_rows;

/* Copies options.  Looks at the shapes in every file: they must agree but for
 * the number of rows. */
enum crema_status crema_h5_rows_open(struct crema_ctx *,
                                     const struct crema_h5_rows_options *,
                                     struct crema_h5_rows **out) CREMA_MUST_USE;
/* Accepts NULL. */
void crema_h5_rows_free(struct crema_h5_rows *);

/* Of a batch of array k: batch_size rows. */
const struct crema_shape *crema_h5_rows_shape(const struct crema_h5_rows *,
                                              int k);
/* In one pass over all files. */
uint64_t crema_h5_rows_count(const struct crema_h5_rows *);

/* The next batch: *out has one pointer for each array.  It stays the caller's
 * until `held` further calls. */
enum crema_status crema_h5_rows_next(struct crema_ctx *, struct crema_h5_rows *,
                                     float *const **out) CREMA_MUST_USE;

/* Rows handed out so far to this rank, and where the next batch begins. */
uint64_t crema_h5_rows_position(const struct crema_h5_rows *);
void crema_h5_rows_seek(struct crema_h5_rows *, uint64_t position);

#endif
