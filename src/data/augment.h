/* augment.h - what is done to a picture before it is cropped; private to this
 * folder.
 *
 * All work on bytes, so that what follows (crop, mirror, mean, scale) is the
 * same wherever it is done.  What is random depends on the seed and the
 * record's ordinal alone; the steps draw from streams of their own, so that one
 * more of them does not change what the others do.
 */
#ifndef CREMA_DATA_AUGMENT_H
#define CREMA_DATA_AUGMENT_H

#include "data/source.h"

/* Numbers of one step for one record. */
struct crema_draws {
    uint32_t ordinal[2], stream, seed;
    uint32_t next; /* how many were drawn */
};
struct crema_draws crema_draws(const char *step, uint32_t seed,
                               uint64_t ordinal);
uint32_t crema_draw_bits(struct crema_draws *);
/* [from, to); from where both are equal */
float crema_draw(struct crema_draws *, float from, float to);
/* 0 to n - 1 */
int crema_draw_below(struct crema_draws *, int n);
/* Normally distributed, mean 0, standard deviation 1. */
float crema_draw_normal(struct crema_draws *);
/* True for that share of records. */
bool crema_draw_chance(struct crema_draws *, float share);

enum { CREMA_RESIZE_INTERPS = 8, CREMA_FILL_VALUES = 4 };

/* To which size, and how. */
struct crema_resize_rule {
    int height, width; /* 0, 0: none */
    Crema__ResizeParameter__ResizeMode mode;
    Crema__ResizeParameter__PadMode pad_mode;
    int npads, ninterps; /* 0: zeros; linear */
    uint8_t pad[CREMA_FILL_VALUES];
    Crema__ResizeParameter__InterpMode interp[CREMA_RESIZE_INTERPS];
    float prob;
};

/* Brightness, contrast, saturation and hue, each for its share of records. */
struct crema_distort_rule {
    float brightness_prob, brightness_delta;
    float contrast_prob, contrast_lower, contrast_upper;
    float saturation_prob, saturation_lower, saturation_upper;
    float hue_prob, hue_delta; /* half degrees, as in OpenCV's bytes */
    float order_prob;          /* of exchanging channels */
};

struct crema_noise_rule {
    float prob;
    bool decolorize, posterize, inverse;
    float pepper; /* this share of pixels becomes: */
    int nvalues;
    uint8_t value[CREMA_FILL_VALUES];
};

/* A rectangle of random bytes: its width in widths of the crop, its height in
 * widths of its own. */
struct crema_erase_rule {
    float prob, scale_min, scale_max, aspect_min, aspect_max;
};

/* All zero does nothing. */
struct crema_augment {
    bool any; /* something is to be done in this phase */
    bool train;
    uint32_t seed;
    struct crema_distort_rule distort;
    float expand_prob, expand_most;
    bool quarters;            /* turned by 0, 90, 180 or 270 degrees */
    float degrees;            /* turned by up to so much either way */
    int short_min, short_max; /* 0: not; pixels */
    struct crema_resize_rule short_rule;
    float area_min, area_max, aspect; /* area_max 0: not; aspect at least 1 */
    int attempts;
    struct crema_resize_rule area_rule, resize;
    struct crema_noise_rule noise;
    struct crema_erase_rule erase;
    uint8_t fill[CREMA_FILL_VALUES]; /* around an expanded picture */
};

/* Takes a sample through all steps but erasing; *out lies in the scratch. */
enum crema_status
crema_augment_picture(struct crema_ctx *, const struct crema_augment *,
                      const char *name, uint64_t ordinal,
                      struct crema_scratch *, const struct crema_sample *,
                      struct crema_image **out) CREMA_MUST_USE;

/* ---- the steps ------------------------------------------------------------
 * Each takes a picture into another one, or changes it. */

enum crema_status crema_resize_apply(struct crema_ctx *,
                                     const struct crema_resize_rule *,
                                     bool train, struct crema_draws *,
                                     struct crema_scratch *,
                                     const struct crema_image *in,
                                     struct crema_image *out) CREMA_MUST_USE;
/* Resizes by any of the methods; room is for numbers in between. */
enum crema_status crema_image_resample(struct crema_ctx *,
                                       Crema__ResizeParameter__InterpMode,
                                       struct crema_room *,
                                       const struct crema_image *in, int height,
                                       int width,
                                       struct crema_image *out) CREMA_MUST_USE;

void crema_distort(const struct crema_distort_rule *, struct crema_draws *,
                   struct crema_image *);
void crema_noise(const struct crema_noise_rule *, bool train,
                 struct crema_draws *, struct crema_image *);
/* Within the rectangle of height x width at top, left. */
void crema_erase(const struct crema_erase_rule *, struct crema_draws *, int top,
                 int left, int height, int width, struct crema_image *);

/* A part of a picture; or a larger one with `in` at top, left within `fill`. */
enum crema_status crema_image_part(struct crema_ctx *,
                                   const struct crema_image *in, int top,
                                   int left, int height, int width,
                                   struct crema_image *out) CREMA_MUST_USE;
enum crema_status crema_image_frame(struct crema_ctx *,
                                    const struct crema_image *in, int top,
                                    int left, int height, int width,
                                    Crema__ResizeParameter__PadMode,
                                    const uint8_t *fill,
                                    struct crema_image *out) CREMA_MUST_USE;
/* Anticlockwise about its middle, bilinear; the picture goes on beyond its
 * edges as in a mirror. */
enum crema_status crema_image_rotate(struct crema_ctx *,
                                     const struct crema_image *in,
                                     float degrees,
                                     struct crema_image *out) CREMA_MUST_USE;

#endif
