/* classes.h - one lane's share of softmax, its loss, and accuracy: the classes
 * first, first + step, ... of one position outside the axis.  x and dx have the
 * given type, probabilities are float32. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CLASSES_H
#define CREMA_DEVICE_CUDA_KERNELS_CLASSES_H

#include "device/cuda/kernels/values.h"

#include <float.h>
#include <math.h>

CREMA_FORMULA float crema_part_of_most(const struct crema_axis *a, int type,
                                       const void *x, int64_t position,
                                       int64_t first, int64_t step)
{
    float most = -INFINITY;

    for (int64_t c = first; c < a->length; c += step) {
        float v = crema_load(x, type, crema_offset3(a, position, c));

        if (v > most) most = v;
    }
    return most;
}

/* y = exp(x - most); returns their sum */
CREMA_FORMULA float crema_part_of_exp(const struct crema_axis *a, int type,
                                      const void *x, float most, float *y,
                                      int64_t position, int64_t first,
                                      int64_t step)
{
    float sum = 0;

    for (int64_t c = first; c < a->length; c += step) {
        int64_t i = crema_offset3(a, position, c);
        float e = expf(crema_load(x, type, i) - most);

        y[i] = e;
        sum += e;
    }
    return sum;
}

CREMA_FORMULA void crema_part_of_division(const struct crema_axis *a, float sum,
                                          float *y, int64_t position,
                                          int64_t first, int64_t step)
{
    for (int64_t c = first; c < a->length; c += step)
        y[crema_offset3(a, position, c)] /= sum;
}

/* Sum of y dy. */
CREMA_FORMULA float crema_part_of_dot(const struct crema_axis *a,
                                      const float *y, const float *dy,
                                      int64_t position, int64_t first,
                                      int64_t step)
{
    float sum = 0;

    for (int64_t c = first; c < a->length; c += step) {
        int64_t i = crema_offset3(a, position, c);

        sum += y[i] * dy[i];
    }
    return sum;
}

CREMA_FORMULA void crema_part_of_softmax_bwd(const struct crema_axis *a,
                                             int type, const float *y,
                                             const float *dy, float dot,
                                             void *dx, int64_t position,
                                             int64_t first, int64_t step)
{
    for (int64_t c = first; c < a->length; c += step) {
        int64_t i = crema_offset3(a, position, c);

        crema_store(dx, type, i, y[i] * (dy[i] - dot));
    }
}

/* ---- labels ------------------------------------------------------------ */

struct crema_labels {
    struct crema_axis axis; /* of the scores */
    bool ignores;
    int ignore_label;
    float smoothing;     /* of a loss, as is */
    const float *weight; /* of the axis's length; or NULL */
};

enum { CREMA_IGNORED = -1, CREMA_NO_CLASS = -2 };

/* The class at a position; CREMA_NO_CLASS for what the host should have
 * refused, so that nothing is ever read beyond the scores. */
CREMA_FORMULA int64_t crema_at_label(const struct crema_labels *l,
                                     const float *label, int64_t position)
{
    float v = label[position];

    if (l->ignores && v == (float)l->ignore_label) return CREMA_IGNORED;
    if (v > -1 && v < (float)l->axis.length) return (int64_t)v;
    return CREMA_NO_CLASS;
}

CREMA_FORMULA float crema_loss_log(float likely)
{
    return logf(likely < FLT_MIN ? FLT_MIN : likely);
}

/* Of class c the share of a position's target. */
CREMA_FORMULA float crema_loss_target(const struct crema_labels *l, int64_t c,
                                      int64_t label)
{
    float all = l->smoothing / (float)l->axis.length;

    return c == label ? 1.0f - l->smoothing + all : all;
}

/* -log of the true class's probability, smoothed and weighted; NaN where there
 * is no such class */
CREMA_FORMULA float crema_at_loss(const struct crema_labels *l,
                                  const float *prob, int64_t position,
                                  int64_t label)
{
    float sum = 0;

    if (label == CREMA_IGNORED) return 0.0f;
    if (label == CREMA_NO_CLASS) return NAN;
    sum = (1.0f - l->smoothing) *
          crema_loss_log(prob[crema_offset3(&l->axis, position, label)]);
    for (int64_t c = 0; l->smoothing > 0 && c < l->axis.length; c++)
        sum += l->smoothing / (float)l->axis.length *
               crema_loss_log(prob[crema_offset3(&l->axis, position, c)]);
    return -(l->weight ? l->weight[label] : 1.0f) * sum;
}

/* dX at offset i, given the rate dloss / n */
CREMA_FORMULA float crema_at_loss_bwd(const struct crema_labels *l,
                                      const float *prob, const float *label,
                                      float rate, int64_t i)
{
    const struct crema_axis *a = &l->axis;
    int64_t c = i / a->inner % a->length;
    int64_t position = i / a->inner / a->length * a->inner + i % a->inner;
    int64_t class_ = crema_at_label(l, label, position);

    if (class_ == CREMA_IGNORED) return 0.0f;
    if (class_ == CREMA_NO_CLASS) return NAN;
    if (l->weight) rate *= l->weight[class_];
    return (prob[i] - crema_loss_target(l, c, class_)) * rate;
}

/* How many of the lane's classes score at least what `label` does. */
CREMA_FORMULA int crema_part_of_better(const struct crema_axis *a, int type,
                                       const void *x, int64_t position,
                                       int64_t label, int64_t first,
                                       int64_t step)
{
    float own = crema_load(x, type, crema_offset3(a, position, label));
    int better = 0;

    for (int64_t c = first; c < a->length; c += step)
        better += crema_load(x, type, crema_offset3(a, position, c)) >= own;
    return better;
}

/* 1 or 0, -1 where the label does not count, NaN where it names no class.  The
 * class itself is among the better. */
CREMA_FORMULA float crema_at_hit(int64_t label, int better, int top_k)
{
    if (label == CREMA_IGNORED) return -1.0f;
    if (label == CREMA_NO_CLASS) return NAN;
    return better <= top_k ? 1.0f : 0.0f;
}

/* Share of hits among the positions of class c. */
CREMA_FORMULA float crema_at_class_accuracy(const struct crema_labels *l,
                                            const float *label,
                                            const float *hit, int64_t c)
{
    float hits = 0, members = 0;

    for (int64_t i = 0; i < l->axis.outer * l->axis.inner; i++) {
        if (crema_at_label(l, label, i) != c) continue;
        hits += hit[i];
        members += 1.0f;
    }
    return members > 0 ? hits / members : 0.0f;
}

#endif
