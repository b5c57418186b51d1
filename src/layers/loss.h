/* loss.h - what layers that compute a loss share. */
#ifndef CREMA_LAYERS_LOSS_H
#define CREMA_LAYERS_LOSS_H

#include "layers/layer.h"

extern const struct crema_param_doc crema_loss_param_doc;
/* What all losses read of loss_param, for documents. */
#define CREMA_LOSS_FIELDS                                                      \
    { "ignore_label",                                                          \
      "positions with this label are left out; when not given, none is" },     \
        { "normalization",                                                     \
          "by what the sum is divided: FULL, by all positions; VALID, by "     \
          "those that are not ignored; BATCH_SIZE, by the images; NONE, by "   \
          "1; PRE_FIXED, by pre_fixed_normalizer. What divides is at least "   \
          "1. The default depends on the layer" },                             \
        { "pre_fixed_normalizer", "see normalization" },                       \
    {                                                                          \
        "normalize", "old way of saying it: true is VALID, false "             \
                     "BATCH_SIZE; normalization goes before"                   \
    }

/* loss_param, read. */
struct crema_loss_rule {
    bool ignores;
    int ignore_label;
    enum crema_normalization normalization;
    float fixed; /* the divisor where it is FIXED */
};
/* usual: where loss_param does not say by what the sum is divided. */
struct crema_loss_rule crema_loss_rule(const struct crema_layer *,
                                       enum crema_normalization usual);
/* By what a sum is divided: valid of the `full` positions of `batch` images
 * count.  At least 1. */
double crema_loss_divisor(const struct crema_loss_rule *, int64_t full,
                          int64_t batch, int64_t valid);

/* label[i] as a class in [0, classes), -1 where rule (may be NULL) ignores it;
 * CREMA_EINVAL names the layer, i and the value. */
enum crema_status crema_loss_label(const struct crema_layer *,
                                   const struct crema_loss_rule *rule,
                                   const float *label, int64_t i,
                                   int64_t classes,
                                   int64_t *out) CREMA_MUST_USE;

/* Refuses bottoms 0 and k that have not the same number of elements. */
enum crema_status crema_loss_same_size(const struct crema_layer *,
                                       int k) CREMA_MUST_USE;

/* Records the top as coeff / N times the sum of what `of` makes of the
 * differences between the two bottoms, of which the first has N images. */
enum crema_status crema_loss_difference(struct crema_layer *,
                                        enum crema_reduction of,
                                        float coeff) CREMA_MUST_USE;
/* Records the layer's own C on all bottoms; top 0 is a scalar. */
void crema_loss_record(struct crema_layer *, const struct crema_host_op *);
/* The same where bottom 1 is a label for each image of bottom 0, which has a
 * number for each class; refuses one that is not. */
enum crema_status
crema_loss_record_labelled(struct crema_layer *,
                           const struct crema_host_op *) CREMA_MUST_USE;

#endif
