/* mean.h - mean pictures, in Caffe's .binaryproto files.  Floor 2. */
#ifndef CREMA_DATA_MEAN_H
#define CREMA_DATA_MEAN_H

#include "base/error.h"

/* [channels][height][width] into a new piece of memory, free() it. */
enum crema_status crema_mean_read(struct crema_ctx *, const char *path,
                                  float **values, int shape[3]) CREMA_MUST_USE;
/* With the legacy num, channels, height and width, as Caffe's own. */
enum crema_status crema_mean_write(struct crema_ctx *, const char *path,
                                   const float *values,
                                   const int shape[3]) CREMA_MUST_USE;

#endif
