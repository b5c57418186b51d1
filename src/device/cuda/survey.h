/* survey.h - what cuDNN would do on a GPU that is described, not there.
 *
 * For tests on machines without a GPU: nothing of a vendor's is in this header,
 * the function is found in the module by its name.
 */
#ifndef CREMA_DEVICE_CUDA_SURVEY_H
#define CREMA_DEVICE_CUDA_SURVEY_H

#include "device/op.h"

struct crema_survey {
    const char *device; /* JSON, as cuDNN describes devices */
    size_t workspace;   /* bytes at most */
    bool channels_last, fused;
};

struct crema_surveyed {
    int engine;
    long long workspace;
    unsigned notes, behaviour;
};

/* Which engine would run a convolution op; CREMA_EUNSUPPORTED when none. */
typedef enum crema_status crema_survey_fn(struct crema_ctx *,
                                          const struct crema_survey *,
                                          const struct crema_op *,
                                          struct crema_surveyed *);
#define CREMA_SURVEY_SYMBOL "crema_cuda_survey"
crema_survey_fn crema_cuda_survey;

#endif
