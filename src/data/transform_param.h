/* transform_param.h - a transform as its parameters say; private to this
 * folder. */
#ifndef CREMA_DATA_TRANSFORM_PARAM_H
#define CREMA_DATA_TRANSFORM_PARAM_H

#include "data/augment.h"
#include "data/transform.h"

struct crema_transform {
    struct crema_augment augment;
    int crop_height, crop_width; /* 0: not cropped */
    bool mirror, train;
    bool centred;  /* in TRAIN, too */
    bool unscaled; /* no mean, no scale */
    bool oversample;
    float scale;
    uint32_t seed;
    size_t nmeans; /* 0, 1 or one for each channel */
    float *means;
    char *mean_file;
    float *mean_image; /* [channels][height][width], or NULL */
    int mean_shape[3];
    float *lighting; /* [lights][lights], or NULL */
    int lights;
    float lighting_std;
};

/* CREMA_EINVAL, with the place of `field` of `message` where the text is
 * known. */
enum crema_status crema_transform_wrong(struct crema_ctx *,
                                        const struct crema_transform_options *,
                                        const void *field, const void *message,
                                        const char *fmt, ...)
    CREMA_PRINTF(5, 6) CREMA_MUST_USE;
/* Refuses what the message says in fields other than those in `known`, words
 * with a blank between; names those without effect in the log of a dry run. */
enum crema_status crema_transform_known(struct crema_ctx *,
                                        const struct crema_transform_options *,
                                        const ProtobufCMessage *message,
                                        const char *known) CREMA_MUST_USE;
/* t->augment; the crop is known. */
enum crema_status
crema_transform_read_augment(struct crema_ctx *,
                             const struct crema_transform_options *,
                             struct crema_transform *) CREMA_MUST_USE;

#endif
