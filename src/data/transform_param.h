/* transform_param.h - a transform as its parameters say; private to this
 * folder. */
#ifndef CREMA_DATA_TRANSFORM_PARAM_H
#define CREMA_DATA_TRANSFORM_PARAM_H

#include "data/transform.h"

struct crema_transform {
    int crop_height, crop_width; /* 0: not cropped */
    bool mirror, train;
    float scale;
    uint32_t seed;
    size_t nmeans; /* 0, 1 or one for each channel */
    float *means;
    char *mean_file;
    float *mean_image; /* [channels][height][width], or NULL */
    int mean_shape[3];
};

#endif
