/* multibox.h - which priors MultiBoxLoss counts, and as what: matching of
 * priors and ground truth, and mining of examples. */
#ifndef CREMA_LAYERS_MULTIBOX_H
#define CREMA_LAYERS_MULTIBOX_H

#include "layers/detection.h"
#include "layers/loss.h"

/* One box of the ground truth. */
struct crema_truth {
    struct crema_box box;
    int64_t label;
};

/* A prior that has no ground truth: background, or left out by the user. */
enum { CREMA_UNMATCHED = -1, CREMA_LEFT_OUT = -2 };

struct crema_multibox {
    const struct crema_layer *layer;
    const Crema__MultiBoxLossParameter *param;
    struct crema_detection d;
    struct crema_suppression suppression; /* before examples are taken */
    bool suppresses;
    Crema__MultiBoxLossParameter__MiningType mining;
    int64_t rows; /* of bottom 3, [rows][8] */
    /* by a pass */
    struct crema_truth *truth; /* [rows], in the order of images */
    int64_t *first;            /* [images + 1]: where an image's begin */
    int32_t *match;            /* [images][places][priors]: of truth */
    bool *negative;            /* [images][priors]: taken as background */
    int64_t matches;
    /* room for one image */
    struct crema_box *box; /* [priors] */
    float *overlap;        /* [priors]: the largest with any ground truth */
    int32_t *near;         /* [priors]: whose it is */
    struct crema_scored *scored; /* [priors] */
    struct crema_scored *best;   /* [rows]: the prior nearest to a truth */
    bool *taken;                 /* [priors], or of truths [rows] */
};

/* ---- multibox_match.c */

/* Bottom 3: image, label, a number that is not read, left, top, right, bottom,
 * difficult; rows of image -1 are none. */
enum crema_status crema_multibox_read(struct crema_multibox *,
                                      const float *rows) CREMA_MUST_USE;
/* Matches of an image; x: the layer's bottoms. */
void crema_multibox_match(struct crema_multibox *, int64_t image,
                          const struct crema_host_tensor *x);

/* ---- multibox_mine.c */

/* Takes the hardest examples of an image that was just matched. */
void crema_multibox_mine(struct crema_multibox *, int64_t image,
                         const struct crema_host_tensor *x);

/* ---- multibox_part.c: what one prior adds to the loss */

static inline int32_t crema_multibox_matched(const struct crema_multibox *m,
                                             int64_t image, int64_t place,
                                             int64_t prior)
{
    return m->match[(image * m->d.places + place) * m->d.priors + prior];
}
/* The class that a prior should have; the background where none matches it. */
int64_t crema_multibox_label(const struct crema_multibox *, int64_t image,
                             int64_t prior);
/* Loss of a prior's scores [classes]; label -1: every class should be off.
 * slope: dL/dscore, or NULL. */
float crema_multibox_score_loss(const struct crema_multibox *, int64_t label,
                                const float *score, float *slope);
/* Loss of a matched prior's box; slope: dL/dcode, or NULL. */
float crema_multibox_box_loss(const struct crema_multibox *, int64_t image,
                              int64_t place, int64_t prior,
                              const struct crema_host_tensor *x,
                              float slope[4]);

#endif
