/* detection.h - what layers that read SSD's predictions share.
 *
 * Bottoms 0 to 2 of such a layer: for each image and prior, codes of a box for
 * each place, [images][priors][places][4]; scores, [images][priors][classes];
 * and the priors, [2][priors][4]: their boxes, then the variances of their
 * codes.
 */
#ifndef CREMA_LAYERS_DETECTION_H
#define CREMA_LAYERS_DETECTION_H

#include "layers/boxes.h"
#include "layers/layer.h"

struct crema_detection {
    int64_t images, priors, classes;
    int64_t places;     /* 1: all classes have one box, else classes */
    int64_t background; /* the class that is none; -1: there is no such */
    enum crema_box_code code;
    bool with_variance; /* it is in the codes already */
};

/* Reads images and priors from the bottoms, whose shapes are checked. */
enum crema_status
crema_detection_measure(const struct crema_layer *,
                        struct crema_detection *) CREMA_MUST_USE;
/* num_classes; field: its place. */
enum crema_status
crema_detection_classes(const struct crema_layer *, bool given,
                        const uint32_t *field, bool share_location,
                        struct crema_detection *) CREMA_MUST_USE;
/* Refuses what crema does not know; message may be NULL, and then *out is
 * Caffe's default: 0.3, all candidates. */
enum crema_status
crema_detection_suppression(const struct crema_layer *,
                            const Crema__NonMaximumSuppressionParameter *,
                            struct crema_suppression *out) CREMA_MUST_USE;

/* A code of one image, as forward's bottom 0 has it. */
static inline const float *crema_detection_code(const struct crema_detection *d,
                                                const float *codes,
                                                int64_t image, int64_t prior,
                                                int64_t place)
{
    return codes + 4 * ((image * d->priors + prior) * d->places + place);
}

/* Its box; priors: bottom 2. */
struct crema_box crema_detection_box(const struct crema_detection *,
                                     const float *codes, const float *priors,
                                     int64_t image, int64_t prior,
                                     int64_t place);
/* The four variances of a prior. */
static inline const float *
crema_detection_variance(const struct crema_detection *d, const float *priors,
                         int64_t prior)
{
    return priors + 4 * (d->priors + prior);
}

#endif
