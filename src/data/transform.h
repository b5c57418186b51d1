/* transform.h - a record's numbers to a net's: pictures changed at random, then
 * crop, mirror, mean, scale.  Floor 2.
 *
 *   out[c,y,x] = (in[c, top+y, left+x'] - mean[c, top+y, left+x']) * scale
 *
 *   x' = x, or crop_width-1-x when mirrored
 *
 * As Caffe's transform_param has it: the crop is random in TRAIN and centred
 * in TEST, mirroring is random in both, the mean is a picture, a number or a
 * number for each channel, and scale comes last.  Before that the picture is
 * changed as augment.c says, where forks' fields or our own ask for it;
 * lighting adds one number to each channel of a picture, in units of its bytes:
 *
 *   + scale sum over i of std n_i component[i][c]      n_i normal
 *
 * What is random depends on the seed and the record's ordinal alone.
 */
#ifndef CREMA_DATA_TRANSFORM_H
#define CREMA_DATA_TRANSFORM_H

#include "crema.pb-c.h"
#include "data/source.h"
#include "device/formula/picture.h"
#include "device/tensor.h"
#include "proto/source.h"

struct crema_transform;

/* Centre, top left, top right, bottom left, bottom right; and these mirrored:
 * what an oversampled record becomes. */
enum { CREMA_CROPS = 10 };

struct crema_transform_options {
    const Crema__TransformationParameter *param; /* NULL: all defaults */
    const struct crema_source *source; /* of param, for messages; may be NULL */
    bool train;                        /* phase */
    uint32_t seed;
    bool plain;      /* only what Caffe has is taken */
    bool unscaled;   /* leaves mean and scale out: pixels as a net sees them */
    bool dry;        /* of crema_transform_check */
    bool oversample; /* CREMA_CROPS samples of each record */
};

/* Would it be made?  Opens no file; what has no effect is told in the log. */
enum crema_status
crema_transform_check(struct crema_ctx *,
                      const struct crema_transform_options *) CREMA_MUST_USE;
/* Reads the mean file; keeps nothing of options. */
enum crema_status
crema_transform_new(struct crema_ctx *, const struct crema_transform_options *,
                    struct crema_transform **out) CREMA_MUST_USE;
void crema_transform_free(struct crema_transform *);

/* How pictures stored in records are to be decoded: force_color, force_gray.
 */
enum crema_image_mode
crema_transform_mode(const Crema__TransformationParameter *param);

/* Changes the picture, where it is to be changed: *s then lies in the scratch.
 * Before all below. */
enum crema_status
crema_transform_picture(struct crema_ctx *, const struct crema_transform *,
                        const char *name, uint64_t ordinal,
                        struct crema_scratch *,
                        struct crema_sample *s) CREMA_MUST_USE;
/* Can a device finish what crema_transform_cut begins?  Lighting cannot be
 * finished so. */
bool crema_transform_bytes(const struct crema_transform *);

/* Is a picture only cropped, mirrored, and its values shifted and scaled; and
 * only once? */
bool crema_transform_plain(const struct crema_transform *);

/* The channels, height and width that a sample gets; fails where it is smaller
 * than the crop or does not fit the mean.  name: of the record. */
enum crema_status crema_transform_shape(struct crema_ctx *,
                                        const struct crema_transform *,
                                        const char *name,
                                        const struct crema_sample *,
                                        int shape[3]) CREMA_MUST_USE;

/* How many samples a record becomes: 1, or CREMA_CROPS.  Their ordinals are
 * that many times the record's, and those that follow. */
int crema_transform_crops(const struct crema_transform *);

/* What is done to one sample. */
struct crema_choice {
    int top, left;
    bool mirror;
};
struct crema_choice crema_transform_choose(const struct crema_transform *,
                                           const struct crema_sample *,
                                           uint64_t ordinal);

/* The part of a picture that will be seen, shape[0] x shape[1] x shape[2]
 * bytes, and what is still to be done to it (device/formula/picture.h).  Not of
 * floats. */
enum crema_status
crema_transform_cut(struct crema_ctx *, const struct crema_transform *,
                    const char *name, const struct crema_sample *,
                    uint64_t ordinal, uint8_t *to,
                    int32_t place[CREMA_PLACE_NUMBERS]) CREMA_MUST_USE;
/* The latter alone. */
void crema_transform_place(const struct crema_transform *,
                           const struct crema_sample *, uint64_t ordinal,
                           int32_t place[CREMA_PLACE_NUMBERS]);
/* What that is done with: the mean's values, crema_shape_count(*shape) of them
 * (no dimension: none), and the scale. */
const float *crema_transform_mean(const struct crema_transform *,
                                  struct crema_shape *shape);
float crema_transform_scale(const struct crema_transform *);

/* Writes shape[0] x shape[1] x shape[2] floats.  Any number of threads, each
 * with its own scratch and ctx. */
enum crema_status
crema_transform_apply(struct crema_ctx *, const struct crema_transform *,
                      const char *name, const struct crema_sample *,
                      uint64_t ordinal, struct crema_scratch *,
                      float *out) CREMA_MUST_USE;

#endif
