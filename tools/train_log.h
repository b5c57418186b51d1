/* train_log.h - what the log of a training says: Caffe's of any year, and
 * crema's own. */
#ifndef CREMA_TOOLS_TRAIN_LOG_H
#define CREMA_TOOLS_TRAIN_LOG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* One figure over the iterations. */
struct log_series {
    char name[64]; /* "loss", "accuracy", "lr" */
    bool test;     /* of a test net, else of training */
    size_t n, room;
    double *iteration, *value; /* n of each, iterations ascending */
};

struct train_log {
    size_t n;
    struct log_series *series;
};

/* Lines that are not about a training's figures are passed over.  A log of a
 * resumed run, whose iterations go back, goes on from there.  Fails when there
 * is no figure at all. */
enum crema_status train_log_read(struct crema_ctx *, const char *path,
                                 struct train_log *out) CREMA_MUST_USE;
void train_log_free(struct train_log *);

#endif
