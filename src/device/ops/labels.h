/* labels.h - class labels and softmax, for the ops of classification. */
#ifndef CREMA_DEVICE_OPS_LABELS_H
#define CREMA_DEVICE_OPS_LABELS_H

#include "device/ops/params.h"

/* Refuses unless `label` has one entry for each position of x outside axis. */
bool crema_labels_fit(struct crema_program *, int axis,
                      const struct crema_tensor *x,
                      const struct crema_tensor *label);
/* label[i] as a class in [0, classes), -1 where it is ignored.  EINVAL names
 * i and the value. */
enum crema_status crema_label_read(struct crema_ctx *, const struct crema_op *,
                                   const float *label, int64_t i,
                                   int64_t classes, const int *ignored,
                                   int64_t *out) CREMA_MUST_USE;
/* y = softmax of x; `length` elements, `step` apart. */
void crema_softmax_column(const float *x, int64_t length, int64_t step,
                          float *y);

#endif
