/* boxes.h - boxes on a picture: how much two overlap, how a box is said
 * relative to another, and which of many are kept.
 *
 * Coordinates have any unit; those of SSD are parts of the picture's width and
 * height.  A box whose right is left of its left, or that has a NaN, has area 0
 * and overlaps nothing.
 */
#ifndef CREMA_LAYERS_BOXES_H
#define CREMA_LAYERS_BOXES_H

#include <stdbool.h>
#include <stdint.h>

/* In the order of blobs: x and y of one corner, x and y of the other. */
struct crema_box {
    float left, top, right, bottom;
};

/* Box i of a blob whose last axis has 4 numbers a box. */
struct crema_box crema_box_at(const float *data, int64_t i);
float crema_box_area(const struct crema_box *);
/* What both cover of what either covers: 0 to 1. */
float crema_box_overlap(const struct crema_box *, const struct crema_box *);

/* What four numbers say of a box, given a prior (Caffe's numbers). */
enum crema_box_code {
    CREMA_BOX_CORNER = 1,  /* how far each side is from the prior's */
    CREMA_BOX_CENTER_SIZE, /* how far the centre, in sizes of the prior, and
                              the logarithm of the ratio of the sizes */
    CREMA_BOX_CORNER_SIZE, /* how far each side, in sizes of the prior */
};
/* The box; each of the four numbers counts `variance` times (NULL: once). */
struct crema_box crema_box_decode(enum crema_box_code,
                                  const struct crema_box *prior,
                                  const float variance[4], const float code[4]);
/* The way back. */
void crema_box_encode(enum crema_box_code, const struct crema_box *prior,
                      const float variance[4], const struct crema_box *,
                      float code[4]);

/* A box by its number, and how much it is worth. */
struct crema_scored {
    float score;
    int32_t box;
};
/* The best first, equal ones by their numbers, NaNs last. */
void crema_scored_sort(int64_t n, struct crema_scored *);

/* Greedy suppression of what is not a maximum. */
struct crema_suppression {
    float threshold; /* two boxes that are kept overlap at most as much */
    float eta;       /* below 1: a threshold above 0.5 falls by this factor
                        with each box that is kept */
    int64_t top_k;   /* of the candidates that many are looked at; -1: all */
    float least;     /* boxes of a smaller area are left out */
};
/* Sorts `n` candidates and moves those that stay, the best first, to the
 * front; returns how many.  Takes time with those that stay times top_k. */
int64_t crema_box_suppress(const struct crema_suppression *,
                           const struct crema_box *boxes, int64_t n,
                           struct crema_scored *candidates);

#endif
