/* record_sums.h - sums over all records of a database, by all processors. */
#ifndef CREMA_TOOLS_RECORD_SUMS_H
#define CREMA_TOOLS_RECORD_SUMS_H

#include "console.h"
#include "data/source.h"

enum { SUMS_CHANNELS = 4 }; /* of pictures whose products are wanted */

struct record_sums {
    int shape[3];   /* channels, height, width, of all records */
    size_t count;   /* of numbers in one */
    double *values; /* [channels][height][width] */
    uint64_t records;
    bool products;
    /* of two channels of the same pixel, over all pixels */
    double product[SUMS_CHANNELS][SUMS_CHANNELS];
};

/* Sums of bytes are exact, so they are the same for any number of threads;
 * where records hold floats one thread adds them in their order.  threads 0:
 * one for each processor.  free() out->values. */
enum crema_status record_sums(struct crema_ctx *, struct console *,
                              struct crema_records *, int threads,
                              bool products,
                              struct record_sums *out) CREMA_MUST_USE;

/* Principal components of the colours: component[i][c], the longest first, each
 * as long as its standard deviation, its largest number positive.  mean: of
 * each channel. */
void colour_components(const struct record_sums *, double mean[SUMS_CHANNELS],
                       double component[SUMS_CHANNELS][SUMS_CHANNELS]);

#endif
