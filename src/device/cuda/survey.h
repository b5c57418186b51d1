/* survey.h - what cuDNN would do on a GPU that is described, not there.
 *
 * For tests on machines without a GPU: nothing of a vendor's is in this header,
 * the function is found in the module by its name.
 */
#ifndef CREMA_DEVICE_CUDA_SURVEY_H
#define CREMA_DEVICE_CUDA_SURVEY_H

#include "device/cuda/choice.h"

struct crema_survey {
    const char *device; /* JSON, as cuDNN describes devices */
    size_t workspace;   /* bytes at most */
    bool deterministic;
    bool compile; /* engines too that compile their kernel first */
    bool rebuild; /* build all that are listed, not just the first */
};

struct crema_surveyed {
    struct cudnn_choice first; /* of those that can be built */
    int listed, built;
    int odd; /* built, but not with the workspace that was listed; or lost in
                text */
};

/* Which engines would run a convolution in this form; CREMA_EUNSUPPORTED when
 * none. */
typedef enum crema_status crema_survey_fn(struct crema_ctx *,
                                          const struct crema_survey *,
                                          const struct conv_case *,
                                          enum conv_form,
                                          struct crema_surveyed *);
#define CREMA_SURVEY_SYMBOL "crema_cuda_survey"
crema_survey_fn crema_cuda_survey;

#endif
